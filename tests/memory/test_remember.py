"""“Remember that …” is recognised in six languages, and what only looks like it is not."""

import pytest

from chatbot.memory.remember import remembered


@pytest.mark.parametrize(
    ("message", "fact"),
    [
        ("Remember that my dentist is Dr. Example, on Tuesdays.", "my dentist is Dr. Example, on Tuesdays."),
        ("remember: the door code is 4411", "the door code is 4411"),
        ("Please remember that I'm vegan", "I'm vegan"),
        ("please, remember my dog is called Rex.", "my dog is called Rex."),
        ("Could you please remember that I have two cats?", "I have two cats"),
        ("Remember, I hate olives", "I hate olives"),
        ("Remember this: wifi is swordfish", "wifi is swordfish"),
        ("Hey, remember that I live in Oslo. What's the weather?", "I live in Oslo."),
        ("Don't forget that we leave on Friday!", "we leave on Friday!"),
        ("REMEMBER THAT X IS 5", "X IS 5"),
        ("Remember:\nMy dentist is Dr. X", "My dentist is Dr. X"),
        ("Merk dir, dass mein Zahnarzt Dr. Muster ist", "mein Zahnarzt Dr. Muster ist"),
        ("Merke dir: Ich wohne in Köln", "Ich wohne in Köln"),
        ("Bitte merk dir, dass ich keinen Käse mag.", "ich keinen Käse mag."),
        ("Merken Sie sich bitte, dass ich vegan lebe", "ich vegan lebe"),
        ("Vergiss nicht, dass ich am Montag Geburtstag habe", "ich am Montag Geburtstag habe"),
        ("Denk daran, dass ich Linkshänder bin", "ich Linkshänder bin"),
        ("Bitte merke dir meine Telefonnummer 123", "meine Telefonnummer 123"),
        ("Merk dir bitte: Code 4411", "Code 4411"),
        ("Recuerda que mi dentista es el Dr. Ejemplo", "mi dentista es el Dr. Ejemplo"),
        ("Por favor, recuerda que soy vegano", "soy vegano"),
        ("Recuerda: vivo en Lima", "vivo en Lima"),
        ("Acuérdate de que tengo dos gatos", "tengo dos gatos"),
        ("No olvides que mi hija se llama Ana", "mi hija se llama Ana"),
        ("Recuerde que soy alérgico", "soy alérgico"),
        ("Souviens-toi que mon dentiste est le Dr Exemple", "mon dentiste est le Dr Exemple"),
        ("Rappelle-toi que j'habite à Lyon", "j'habite à Lyon"),
        ("Retiens : je suis végane", "je suis végane"),
        ("S'il te plaît, souviens-toi que j'ai deux chats", "j'ai deux chats"),
        ("N'oublie pas que je suis gaucher", "je suis gaucher"),
        ("Souviens-toi qu’elle s'appelle Ana", "elle s'appelle Ana"),
        ("Retenez s'il vous plaît que je suis végane", "je suis végane"),
        ("覚えておいて：私の歯医者は田中先生です", "私の歯医者は田中先生です"),
        ("覚えておいてください。私は猫を二匹飼っています。", "私は猫を二匹飼っています。"),
        ("私の犬の名前はポチだと覚えておいて。", "私の犬の名前はポチだ"),
        ("私の誕生日は5月5日です。覚えておいてください。", "私の誕生日は5月5日です"),
        ("私がベジタリアンであることを覚えておいて", "私がベジタリアンである"),
        ("记住：我的牙医是王医生", "我的牙医是王医生"),
        ("请记住我对花生过敏", "我对花生过敏"),
        ("请你记住，我住在上海。", "我住在上海。"),
        ("帮我记住我的生日是五月五日", "我的生日是五月五日"),
        ("别忘了我是素食者", "我是素食者"),
    ],
)
def test_a_request_to_remember_gives_the_fact_in_the_visitors_words(message: str, fact: str) -> None:
    assert remembered(message) == fact
    assert remembered(f"  {message}\n") == fact


@pytest.mark.parametrize(
    "message",
    [
        "Do you remember that we talked about boats?",
        "Remember when we went to Paris?",
        "Remember that time we went to Paris?",
        '"Remember that you are mortal" is a quote',
        "> Remember that x",
        "`remember that x`",
        "```\nremember that x\n```",
        "    remember that x = 5",
        "I remember that it was green",
        "Remember that?",
        "Remember that",
        "Remember me?",
        "What does 'remember that' mean?",
        "Erinnerst du dich, dass wir über Boote sprachen?",
        "¿Recuerdas que hablamos?",
        "Te acuerdas de que hablamos?",
        "Tu te souviens que nous avons parlé ?",
        "私が言ったことを覚えていますか？",
        "覚えている？",
        "你记得我的生日吗？",
        "记得我们上次说的吗",
        "Remember that we met?",
        "Remember the Alamo",
        "Translate: remember that I am here",
        "Note the difference between a and b",
        "“Remember that” is nice",
        "Remembering that I was late, I ran",
        "Can you remember that my name is Bob?",
        "Remember: ```x=1```",
        "I can't remember that.",
        "Can you remember what I said?",
        "记得吗？",
        "Merkst du dir das?",
        "She said: remember that it rains",
        "ポチの名前を覚えていますか",
        "「覚えておいて」は英語で何ですか？",
        "记住这个单词用英语怎么说？",
        "Note that in Python, lists are mutable; explain why?",
    ],
)
def test_a_question_a_quotation_and_code_ask_for_nothing(message: str) -> None:
    assert remembered(message) is None
