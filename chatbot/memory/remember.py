"""Recognises "Remember that …" at the start of a message, in six languages, without a model."""

import re
from itertools import takewhile

POLITE = r"please|pls|bitte|por\s+favor|s['’]il\s(?:te|vous)\spla[iî]t"
GREETING = rf"(?:(?:hey|hi|hello|okay|ok|hallo|hola|bonjour|also|{POLITE})[\s,.!:]+)*"
"""What may come first."""

FACT = r"(?P<fact>.+)"
MARK = r"\s*[:：,，、;–—-]\s*"
"""A mark between the command and the fact."""

ENGLISH = rf"""
    (?:(?:please|pls|(?P<asks>(?:can|could|would|will)\s+you(?:\s+please)?))[\s,]+)?
    (?:please\s+)?
    (?:remember|don['’]?t\s+forget|do\s+not\s+forget|make\s+a\s+note|take\s+note)
    (?:\s+(?:for\s+(?:me|later|the\s+future)|please))?
    (?:
        \s+that(?!\s+(?:time|day|night|one|thing|guy|when|movie|film|song|story|trip)\b(?!\s+(?:is|was|flies)\b))
            (?:{MARK}|\s+)
      | \s+(?:this|the\s+following)(?:\s+fact)?{MARK}
      | {MARK}(?:that\s+)?
      | \s+(?=(?:i|i['’](?:m|ve|d|ll)|my|we|we['’](?:re|ve|d|ll)|our)\s)
    )
"""
GERMAN = rf"""
    (?:bitte[\s,]+)?
    (?:merke?\s+dir|merken\s+sie\s+sich|merkt\s+euch|denke?\s+daran|denken\s+sie\s+daran|vergiss\s+(?:bitte\s+)?nicht
      |vergessen\s+sie\s+(?:bitte\s+)?nicht|notiere?(?:\s+dir)?|notieren\s+sie(?:\s+sich)?|erinnere?\s+dich(?:\s+daran)?
      |erinnern\s+sie\s+sich(?:\s+daran)?)
    (?:\s+bitte|\s+(?:das\s+)?folgendes)?
    (?:\s*,?\s+da(?:ss|ß)(?:{MARK}|\s+) | {MARK} | \s+(?=(?:ich|mein\w*|wir|unser\w*)\s))
"""
SPANISH = rf"""
    (?:por\s+favor[\s,]+)?
    (?:recuerd[ae](?:\s+esto)?|record[aá]|acu[eé]rd(?:ate|ese)|no\s+olvides?
      |no\s+te\s+olvides|anot[ae]|apunt[ae])
    (?:\s+por\s+favor|,\s*por\s+favor,?)?
    (?:(?:\s+de)?\s+que(?:{MARK}|\s+) | {MARK} | \s+(?=(?:mi|mis|soy|tengo|nuestr[oa]s?)\s))
"""
FRENCH = rf"""
    (?:souviens[\s-]toi|souvenez[\s-]vous|rappelle[\s-]toi|rappelez[\s-]vous|retiens|retenez|n['’]oublie(?:z)?\s+pas
      |garde(?:z)?\s+en\s+m[eé]moire|m[eé]morise(?:z)?)
    (?:,?\s+s['’]il\s+(?:te|vous)\s+pla[iî]t,?)?(?:\s+(?:ceci|cela|bien))?
    (?:\s+(?:que\s*{MARK}|que\s+|qu['’]) | {MARK} | \s+(?=(?:mon|ma|mes|je|j['’]|notre|nos)\s*))
"""
JAPANESE = r"""
    (?:次のことを|これを)?(?:覚え(?:て(?:お(?:いて|け))?|と(?:いて|け))|記憶して(?:おいて)?|メモして(?:おいて)?)
    (?:ください|下さい|ほしい(?:です)?|くれ|ね|よ)*[\s、。，,:：!！]+
"""
CHINESE = r"""
    (?:请你?|請你?|麻烦你?|帮我|请帮我|你要|你)*(?:记住|記住|记下来?|记一下|牢记|别忘了|不要忘记|记得)
    (?:这一点|一下|以下内容|哦|啊|了)?[\s，,:：、。]*(?!吗|嗎|我们(?:上次|以前))
"""

COMMANDS = [
    re.compile(GREETING + pattern + FACT, re.IGNORECASE | re.VERBOSE | re.DOTALL)
    for pattern in (ENGLISH, GERMAN, SPANISH, FRENCH, JAPANESE, CHINESE)
]
JAPANESE_END = re.compile(
    r"(?P<fact>[^?？]+?)(?:という|っていう)?(?:の|こと)?[をとは、。\s]*"
    r"(?:覚え(?:て(?:お(?:いて|け))?|と(?:いて|け))|記憶して(?:おいて)?|メモして(?:おいて)?)"
    r"(?:ください|下さい|ほしい(?:です)?|くれ|ね|よ)*[。!！\s]*\Z"
)
"""Where a Japanese sentence has its verb."""
JAPANESE_TEXT = re.compile("[\u3041-\u30ff]")

NO_FACT = re.compile(r"```|~~~|>|\s{4}|\t")
"""A quotation, or code."""
SENTENCE = re.compile(r".+?(?:[.!?。！？…]+(?=\s|\Z|(?<=[。！？]))|\Z)[\"'”’»」)]*\s*", re.DOTALL)
QUESTION = re.compile(r"(?:[?？]|[吗嗎么呢]|(?:です|ます|でした|ました)か[。]?)[\s\"'”’»」)!！]*\Z")


def remembered(message: str) -> str | None:
    """The fact that the message asks to remember, in the visitor's words; None if it asks for no such thing. A
    question, a quotation or code is no request."""
    if NO_FACT.match(message):
        return None
    text = re.split(r"\n\s*\n", message.strip(), maxsplit=1)[0]
    match = next((match for pattern in COMMANDS if (match := pattern.match(text))), None)
    if match is None and JAPANESE_TEXT.search(text):
        match = JAPANESE_END.match(text)
    if match is None or NO_FACT.match(match["fact"]):
        return None
    is_polite = "please" in (match.groupdict().get("asks") or "").lower()
    return _without_questions(match["fact"], is_polite=is_polite)


def _without_questions(fact: str, *, is_polite: bool) -> str | None:
    """The fact's sentences up to the first question; None if it starts with one that is not a polite request."""
    sentences = [each for each in SENTENCE.findall(fact) if each.strip()]
    if sentences and is_polite:
        sentences[0] = re.sub(r"[?？]+\s*\Z", "", sentences[0])
    statements = takewhile(lambda each: not QUESTION.search(each), sentences)
    line = " ".join("".join(statements).split())
    return line if any(map(str.isalnum, line)) else None
