"""Text files in the encodings that people still have, and with damaged bytes."""

import re

import pytest

from chatbot.attachments.decoding import decode_text

GERMAN = "Überschrift: naïve Größe, café – “quoted” — 日本語。\n"
ENGLISH = "The quick brown fox – jumps over the lazy dog’s back. It costs 5 €.\n"
CZECH = "Toto je poměrně dlouhý český text, aby bylo snadné poznat kódování. Žluťoučký kůň, šťastná neděle.\n"
POLISH = "Dziękuję, będę jutro o ósmej rano w biurze. Proszę przynieść dokumenty, źródła i książki.\n"
HUNGARIAN = "Árvíztűrő tükörfúrógép; köszönöm szépen, holnap találkozunk.\n"
TURKISH = "Bu, kodlamanın kolayca tanınması için oldukça uzun bir Türkçe metindir; şeker ve ağaç güzel.\n"
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたか頓と見当がつかぬ。\n"
RUSSIAN = "Привет, это короткий текст.\n"
LONG_RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю.\n"
FRENCH = "L'été dernier, les élèves étaient déjà à la plage, ça va être génial. Voilà leur sœur.\n"
GREEK = "Καλημέρα κόσμε, αυτό είναι ένα αρχείο.\n"
MULTI_BYTE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")


@pytest.mark.parametrize("text", [GERMAN, ENGLISH, ENGLISH * 50, CZECH, JAPANESE, RUSSIAN])
def test_utf8_with_one_bad_byte_keeps_every_other_character(text: str) -> None:
    encoded = text.encode()
    for at in (0, len(text[: len(text) // 2].encode()), len(encoded)):
        for byte in (b"\xff", b"\x93", b"\xe9"):
            found = decode_text(encoded[:at] + byte + encoded[at:])
            assert found
            assert found.replace("\ufffd", "") == text


@pytest.mark.parametrize("text", [GERMAN, ENGLISH, CZECH, JAPANESE, "plain text, and 5 € in the end. €"])
def test_utf8_that_was_cut_inside_a_character_is_read_up_to_there(text: str) -> None:
    encoded = text.encode()
    for match in list(MULTI_BYTE.finditer(encoded))[-3:]:
        for end in range(match.start() + (1 if match.start() > 40 else 2), match.end()):
            whole = encoded[: match.start()].decode()
            assert decode_text(encoded[:end]) in (whole + "\ufffd", None if not whole.strip() else whole + "\ufffd")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((CZECH, name) for name in ("cp1250", "iso8859_2")),
        *((POLISH, name) for name in ("cp1250", "iso8859_2")),
        (HUNGARIAN, "cp1250"),
        ("Zażółć gęślą jaźń. Příliš žluťoučký kůň.\n", "cp1250"),
        *((TURKISH, name) for name in ("cp1254", "iso8859_9")),
        *((JAPANESE, name) for name in ("euc_jp", "shift_jis")),
        *((RUSSIAN, name) for name in ("cp1251", "koi8_r")),
        *((GREEK, name) for name in ("cp1253", "iso8859_7")),
        ("이것은 시험 파일입니다. 내용은 한국어입니다.\n", "euc_kr"),
        ("這是一個測試檔案，內容是中文。\n第二行寫著一些別的話。\n", "big5"),
        ("这是一个测试文件，内容是中文。\n", "gb18030"),
        ("هذا ملف اختبار باللغة العربية.\n", "cp1256"),
        ("นี่คือแฟ้มทดสอบภาษาไทย\n", "tis_620"),
        ("Größe, Straße, déjà vu\n", "latin-1"),
        ("Grüße", "cp1252"),
        ("Hyvää päivää, äiti\n", "cp1252"),
        ("Müller;5;10 €\n", "cp1252"),
        ("El niño comió piña – ¿qué pasó?\n", "cp1252"),
        *((text, name) for text in (ENGLISH, RUSSIAN * 9) for name in ("utf-16-le", "utf-16-be")),
        ("Plain ASCII text in UTF-16.\r\nLine two.\r\n", "utf-16-le"),
        *((GERMAN, name) for name in ("utf-8-sig", "utf-16", "utf-8", "utf-32")),
        *((FRENCH, name) for name in ("cp1252", "mac_roman", "iso8859_15")),
        (FRENCH.replace("œ", "oe"), "cp850"),
        *((LONG_RUSSIAN, name) for name in ("cp866", "mac_cyrillic", "cp1251", "koi8_r", "iso8859_5")),
        (POLISH, "cp852"),
        ("Sehr geehrte Frau Müller, über die Größe der Straße sprechen wir noch.\n", "cp850"),
        ("Sehr geehrte Frau Müller, über die Größe der Straße sprechen wir noch.\n", "mac_roman"),
        ("هذا نص عربي لاختبار ترميز الأحرف في الملفات القديمة. شكرا جزيلا.\n", "iso8859_6"),
        *((JAPANESE, name) for name in ("iso2022_jp", "utf-16-le", "utf-16-be")),
        *(("这是一个测试文件，内容是中文。\n", name) for name in ("utf-16-le", "utf-16-be")),
        *((text, name) for text in (ENGLISH, RUSSIAN, JAPANESE) for name in ("utf-32-le", "utf-32-be")),
        *((text, "hz") for text in ("会议明天开始。\n", "Re: 您好！\n现将合同发给您审批。\n")),
        ("您好！現將合約寄給您審批，請在星期五之前簽字。謝謝您的配合。\n", "gbk"),
        ("Dobrý deň, posielam zmluvu na schválenie. Prosím, podpíšte ju do piatku. Ďakujem, ôsmy\r\n", "iso8859_2"),
        ("会議は明日です。ﾃｽﾄ 12\n", "shift_jis"),
        ("plain\n" * 20_000 + FRENCH, "cp1252"),
        ("plain\n" * 20_000 + LONG_RUSSIAN, "cp1251"),
    ],
)
def test_the_text_itself_gives_its_encoding_away(text: str, encoding: str) -> None:
    assert decode_text(text.encode(encoding)) == text


@pytest.mark.parametrize(
    "content", [b"a\0b;c\0d\n", b"PK\3\4\x14\0\0\0\x08\0", bytes(range(256)), b"\x7fELF\2\1\1\0" * 9]
)
def test_what_is_no_text_in_any_encoding_is_not_decoded(content: bytes) -> None:
    assert decode_text(content) is None


@pytest.mark.parametrize("text", ["cp ~{a,b}/x ~/y\n", "x = ~{1} ~{}~}\n", "awk '$1~{2}~}'\n"])
def test_braces_behind_a_tilde_are_not_chinese(text: str) -> None:
    assert decode_text(text.encode()) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_characters_of_which_the_last_is_cut_are_read_up_to_there(encoding: str) -> None:
    assert decode_text(RUSSIAN.encode(encoding)[:-1]) == RUSSIAN[:-1]


def test_the_empty_blocks_that_a_crash_leaves_are_no_part_of_the_text() -> None:
    assert decode_text(GERMAN.encode() + bytes(4096)) == GERMAN


def test_the_end_mark_of_dos_is_no_part_of_the_text() -> None:
    assert decode_text(b"DOS text\r\nend\r\n\x1a") == "DOS text\r\nend\r\n"
