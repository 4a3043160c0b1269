"""Word, Excel, PowerPoint, EPUB, HTML and notebooks: their text, and what a hostile one can do."""

import io
import zipfile
from itertools import pairwise

import pytest

from chatbot.attachments import prepare
from chatbot.attachments.prompt_text import fence_text
from chatbot.errors import InvalidAttachment
from tests.support.documents import epub, excel, notebook, paragraph, powerpoint, word, zip_of

LETTER = word(
    paragraph("Dear Ada", "Heading1")
    + paragraph("the meeting is on Tuesday – 10 €.")
    + "<w:tbl><w:tr><w:tc>" + paragraph("Item") + "</w:tc><w:tc>" + paragraph("Price") + "</w:tc></w:tr>"
    "<w:tr><w:tc>" + paragraph("Pears") + "</w:tc><w:tc>" + paragraph("3") + "</w:tc></w:tr></w:tbl>"
)  # fmt: skip
BOOK = excel(Fruit=[["Name", "Price"], ["Pears", 3], ["Plums | dried", 2.5]], Empty=[], Dates=[["line\nbreak", True]])
TALK = powerpoint(("Welcome", "First point\nSecond point", "Say hello"), ("The end", "Thanks", ""))
NOVEL = epub("<h1>One</h1><p>It began.</p>", "<h1>Two</h1><p>It <b>went</b> on.</p>", "<p>It ended.</p>")
PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>T</title><style>p{}</style></head><body><script>alert(1)</script>"
    b"<h1>News</h1><p>Hi &amp; bye, snake_case and 2*3</p><ul><li>one</li></ul><img src='https://example.org/x.png'>"
    b"<a href='https://example.org'>more</a></body></html>"
)


def text_of(content: bytes, name: str = "file") -> str:
    prepared = prepare(name, content)
    assert prepared.attachment.media_type == "text/plain"
    assert prepared.file.content.decode() == prepared.file.text
    return prepared.file.text


def test_a_word_file_is_read_with_its_headings_and_tables() -> None:
    lines = text_of(LETTER, "letter.docx").splitlines()
    assert lines[0] == "# Dear Ada"
    assert "the meeting is on Tuesday – 10 €." in lines
    assert any("Pears" in line and "3" in line and line.startswith("|") for line in lines)


def test_every_sheet_is_read_as_a_table() -> None:
    text = text_of(BOOK, "book.xlsx")
    assert "## Fruit\n\n| Name | Price |\n| --- | --- |\n| Pears | 3 |\n| Plums \\| dried | 2.5 |\n" in text
    assert "## Empty\n" in text
    assert "| line break | True |" in text


def test_slides_are_read_in_their_order_with_the_notes() -> None:
    text = text_of(TALK, "talk.pptx")
    parts = [
        "## Slide 1",
        "Welcome",
        "First point\nSecond point",
        "Notes: Say hello",
        "## Slide 2",
        "The end",
        "Thanks",
    ]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)


def test_a_book_is_read_in_the_order_of_its_chapters() -> None:
    assert text_of(NOVEL, "novel.epub") == "# One\n\nIt began.\n\n# Two\n\nIt **went** on.\n\nIt ended.\n"


@pytest.mark.first_case
@pytest.mark.parametrize(
    "start", [b"", b"\xef\xbb\xbf", b"\n <!-- saved --><!-- twice -->", b'<?xml version="1.0"?>\n']
)
def test_a_page_is_read_as_what_it_shows(start: bytes) -> None:
    text = text_of(start + PAGE, "page.html")
    assert text.startswith("# News\n\nHi & bye, snake_case and 2*3\n")
    for unseen in ("alert", "p{}", "x.png", "<"):
        assert unseen not in text
    assert "[more](https://example.org)" in text


def test_a_pages_declared_encoding_counts_unless_it_is_utf8() -> None:
    page = '<html><head><meta charset="iso-8859-2"></head><body>Žluťoučký kůň</body></html>'
    for encoding in ("iso8859_2", "utf-8"):
        assert text_of(page.encode(encoding)) == "Žluťoučký kůň\n"


def test_a_notebook_is_read_as_its_cells() -> None:
    cells = (
        {"cell_type": "markdown", "source": ["# Title\n", "text"]},
        {
            "cell_type": "code",
            "source": "print('hi')",
            "outputs": [
                {"output_type": "stream", "text": ["hi\n"]},
                {"data": {"image/png": "iVBOR" * 9000, "text/plain": ["<Figure>"]}},
                {"output_type": "error", "traceback": ["\x1b[31mValueError\x1b[0m: no"]},
            ],
        },
        {"cell_type": "raw", "source": "as it is"},
    )
    text = text_of(notebook(*cells), "note.ipynb")
    assert text.startswith("# Title\ntext\n\n```python\nprint('hi')\n```\n\nOutput:\n\n```\nhi\n```\n")
    assert "<Figure>" in text
    assert "ValueError: no" in text
    assert text.endswith("as it is\n")
    assert "iVBOR" not in text
    assert "```julia\n" in text_of(notebook({"cell_type": "code", "source": "x"}, language="julia"))


@pytest.mark.parametrize(
    "content", [b'{"cells": 3}', b'{"cells": [{"walls": 4}]}', b'{"a": {"cells": []}, "b"', b"{ 'cells': [] }"]
)
def test_other_json_stays_as_it_is(content: bytes) -> None:
    assert text_of(content) == content.decode()


@pytest.mark.first_case
@pytest.mark.parametrize(
    "content", [b"<p>a fragment</p>\n", b"<htmlx>\n", b"how to write <html> pages\n", b"PK, she said\n"]
)
def test_what_only_looks_like_a_document_stays_as_it_is(content: bytes) -> None:
    assert text_of(content) == content.decode()


def test_the_text_of_a_document_is_fenced_without_its_extension_as_a_language() -> None:
    for name in ("a.docx", "b.XLSX", "c.pptx", "d.epub", "e.html", "f.ipynb", "g.pdf"):
        assert fence_text(name, "text").splitlines()[1] == "```"
    assert fence_text("a.py", "text").splitlines()[1] == "```py"


def bomb(**members: int) -> bytes:
    """A zip whose members unpack to so many megabytes of zeros."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, megabytes in members.items():
            with archive.open(name.replace("__", "/").replace("_xml", ".xml"), "w") as member:
                for _ in range(megabytes):
                    member.write(bytes(1_000_000))
    return file.getvalue()


LEVELS = "abcdefg"
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {after} "{30 * f"&{before};"}">' for before, after in pairwise(LEVELS)
)


@pytest.mark.first_case
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (zip_of({"word/document.xml": "<broken"}), "damaged"),
        (LETTER[:-200], "damaged"),
        (zip_of({"xl/workbook.xml": "<broken"}), "damaged"),
        (zip_of({"ppt/presentation.xml": ""}), "damaged"),
        (zip_of({"mimetype": "application/epub+zip"}), "damaged"),
        (zip_of({"a.txt": "a"}), "neither a picture"),
        (zip_of({}), "neither a picture"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (word(""), "no text"),
        (b"<html></html>", "no text"),
        (zip_of({"word/document.xml": f"{LAUGHS}]><x>&g;</x>"}), "damaged"),
        (excel(a=[["x" * 30_000] * 80]), "MB of text"),
    ],
)
def test_a_document_that_cannot_be_read_is_refused_in_a_sentence(content: bytes, reason: str) -> None:
    assert len(content) < 3_000_000
    with pytest.raises(InvalidAttachment, match=reason) as caught:
        prepare("a.docx", content)
    assert "a.docx" in str(caught.value)


@pytest.mark.tier2
@pytest.mark.parametrize(("megabytes", "reason"), [(300, "too long"), (200, "damaged")])
def test_a_small_archive_with_a_huge_document_is_refused(megabytes: int, reason: str) -> None:
    content = bomb(word__document_xml=megabytes)
    assert len(content) < 3_000_000
    with pytest.raises(InvalidAttachment, match=reason):
        prepare("a.docx", content)


@pytest.mark.tier2
def test_a_page_nested_a_thousand_times_is_read() -> None:
    assert "deep" in text_of(b"<html><body>" + b"<div>" * 3000 + b"deep" + b"</div>" * 3000 + b"</body></html>")


@pytest.mark.tier2
def test_what_was_imported_is_not_converted_again() -> None:
    source = b"<html>is how a page starts\n"
    assert prepare("a.html", source, keep_normalized=True).file.text == source.decode()
