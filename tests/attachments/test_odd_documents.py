"""Documents with odd contents: of other formats, with changes, hidden sheets, stray cells, and entities."""

import io
import json
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from chatbot.attachments import prepare
from chatbot.errors import InvalidAttachment
from chatbot.i18n import LOCALES
from tests.attachments.test_documents import LETTER, NOVEL, TALK, text_of
from tests.support.documents import epub, excel, word, zip_of

pytestmark = pytest.mark.tier2


def ole(*streams: str) -> bytes:
    """The beginning of a file of Office before 2007, with the names in its directory."""
    names = "".join(f"{name}\0".ljust(64, "\0") for name in ("Root Entry", *streams))
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + names.encode("utf-16-le")


def open_document(kind: str) -> bytes:
    return zip_of({"mimetype": f"application/vnd.oasis.opendocument.{kind}", "content.xml": "<x/>"})


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("a.doc", ole("WordDocument", "1Table"), ".docx"),
        ("a.doc", ole("WordDocument", "ObjectPool", "Workbook"), ".docx"),
        ("a.ppt", ole("Current User", "PowerPoint Document"), ".pptx"),
        ("a.msg", ole("__properties_version1.0"), "PDF"),
        ("a.odt", open_document("text"), ".docx"),
        ("a.odp", open_document("presentation"), ".pptx"),
        ("a.odg", open_document("graphics"), "PDF"),
        ("a.pages", zip_of({"Index/Document.iwa": b"\0\1", "preview.jpg": b"\xff"}), "PDF"),
    ],
)
def test_a_document_of_another_format_is_refused_with_the_format_to_save_it_in(
    name: str, content: bytes, wanted: str
) -> None:
    with pytest.raises(InvalidAttachment) as caught:
        prepare(name, content)
    for locale in LOCALES:
        sentence = caught.value.text.worded(locale)
        assert f" {wanted}" in sentence
        assert name in sentence
    assert caught.value.text.key == "failure.invalid_attachment.other_format"


CHANGED = word(
    '<w:p><w:r><w:t xml:space="preserve">We paid </w:t></w:r>'
    '<w:del w:id="1"><w:r><w:delText>ten</w:delText></w:r></w:del>'
    '<w:ins w:id="2"><w:r><w:t>twelve</w:t></w:r></w:ins>'
    '<w:r><w:footnoteReference w:id="4"/></w:r><w:r><w:commentReference w:id="0"/></w:r></w:p>',
    footnotes='<w:footnote w:id="4"><w:p><w:r><w:t>In cash.</w:t></w:r></w:p></w:footnote>',
    comments='<w:comment w:id="0" w:author="Ada" w:initials="A"><w:p><w:r><w:t>Really?</w:t></w:r></w:p></w:comment>',
)


def test_tracked_changes_are_read_as_accepted_with_footnotes_and_comments() -> None:
    text = text_of(CHANGED, "changed.docx")
    assert "We paid twelve" in text
    assert "ten" not in text
    for part in ("In cash.", "Really?"):
        assert part in text


def test_a_sheet_with_a_stray_cell_is_no_longer_than_what_is_in_it() -> None:
    rows: list[list[object]] = [["a", "b"], *([] for _ in range(100_000)), ["c"]]
    assert text_of(excel(S=rows), "stray.xlsx") == "## S\n\n| a | b |\n| --- | --- |\n| c |  |\n"


def test_a_hidden_sheet_is_read_and_said_to_be_hidden() -> None:
    text = text_of(excel(hidden=("Costs",), Prices=[["Pears", 3]], Costs=[["Pears", 1]]), "book.xlsx")
    assert "## Prices\n" in text
    assert "## Costs (hidden)\n\n| Pears | 1 |" in text


@pytest.mark.parametrize("kind", ["template", "slideshow"])
def test_a_template_and_a_show_are_read_as_presentations_are(kind: str) -> None:
    content = replaced(TALK, b"presentationml.presentation.main+xml", f"presentationml.{kind}.main+xml".encode())
    assert "Second point" in text_of(content, "talk.ppsx")


def test_a_word_file_whose_main_part_has_another_name_is_read() -> None:
    content = replaced(LETTER, b"word/document.xml", b"word/document2.xml")
    assert "Dear Ada" in text_of(content, "letter.docx")


def test_an_external_entity_is_not_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("keep me")
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
    for content in (
        replaced(LETTER, b"<w:document", f"{entity}<w:document".encode(), b"Dear Ada", b"&e;"),
        replaced(NOVEL, b"<html", f"{entity}<html".encode(), b"It began.", b"&e;"),
        replaced(TALK, b"<p:sld ", f"{entity}<p:sld ".encode(), b"First point", b"&e;"),
    ):
        with suppress(InvalidAttachment):
            assert "keep me" not in text_of(content)


def replaced(document: bytes, *pairs: bytes) -> bytes:
    """The zip with each text in its members, and in their names, replaced by the next."""
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        members = {name.encode(): archive.read(name) for name in archive.namelist()}
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        members = {name.replace(old, new): content.replace(old, new) for name, content in members.items()}
    return zip_of({name.decode(): content for name, content in members.items()})


MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"


def notebook_of(**cell: object) -> bytes:
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": [cell]}).encode()


def shown(**data: object) -> bytes:
    return notebook_of(cell_type="code", source="x", outputs=[{"output_type": "display_data", "data": data}])


OLD_CELLS = [
    {"cell_type": "heading", "level": 2, "source": ["Title"]},
    {"cell_type": "code", "input": ["print(1)"], "outputs": [{"output_type": "stream", "text": ["1\n"]}]},
]
FAILED = {"output_type": "error", "traceback": ["\x1b[31mTraceback\x1b[0m", "ZeroDivisionError"]}


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (json.dumps({"nbformat": 3, "worksheets": [{"cells": OLD_CELLS}]}).encode(), "## Title\n\n```python\nprint(1)"),
        (notebook_of(cell_type="code", source="1/0", outputs=[FAILED]), "```\nTraceback\nZeroDivisionError\n```"),
        (shown(**{"text/html": ["<table><tr><th>a</th></tr><tr><td>1</td></tr></table>"]}), "| a |\n| --- |\n| 1 |"),
        (shown(**{"text/plain": "plain", "text/html": "<b>bold</b>"}), "```\nplain\n```"),
        (shown(**{"text/markdown": ["**b**"]}), "**b**"),
        (shown(**{"image/png": "iVBORw0K"}), "```python\nx\n```"),
        (notebook_of(cell_type="code", source=None, outputs=None), "```python\n\n```"),
        (b"\xef\xbb\xbf" + notebook_of(cell_type="markdown", source="\u00e9"), "\u00e9"),
        (notebook_of(cell_type="markdown", source="text").decode().encode("utf-16"), "text"),
        (notebook_of(cell_type="raw", source="r").replace(b'"metadata": {}', b'"metadata": null'), "r"),
    ],
)
def test_odd_cells_of_a_notebook_are_read(content: bytes, wanted: str) -> None:
    assert wanted in text_of(content, "a.ipynb")


@pytest.mark.parametrize("content", [b'{"cells": 5}', b'{"cells": [{"a": 1}]}', b'{"worksheets": 1, "cells": {}}'])
def test_other_json_with_cells_stays_as_it_is(content: bytes) -> None:
    assert text_of(content, "a.json") == content.decode()


def test_what_is_filled_in_on_a_page_is_read() -> None:
    page = (
        "<html><body><form>Name <input value='Ada'> <input type=hidden value=token> <input type=password value=pw>"
        "<input type=checkbox checked> agreed <input type=RADIO> later"
        "<select><option>France<option selected>Spain</select><textarea>Note</textarea></form></body></html>"
    )
    for encoding in ("utf-8", "utf-16"):
        text = text_of(page.encode(encoding), "a.html")
        assert "Name Ada [x] agreed [ ] later" in " ".join(text.split())
        assert "SpainNote" in text
        assert not any(word in text for word in ("token", "pw", "France"))


def test_a_ticked_box_and_a_soft_hyphen_of_word_are_read() -> None:
    box = (
        '<w:sdt><w:sdtPr><w14:checkbox xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml">'
        '<w14:checked w14:val="1"/></w14:checkbox></w:sdtPr><w:sdtContent><w:r><w:t>\u2612</w:t></w:r></w:sdtContent>'
        '</w:sdt><w:r><w:t xml:space="preserve"> co</w:t><w:softHyphen/><w:t>operate</w:t></w:r>'
    )
    assert text_of(word(f"<w:p>{box}</w:p>"), "a.docx") == "[x] cooperate\n"


def test_formulas_and_fields_of_word_are_read() -> None:
    def math(name: str, inner: str) -> str:
        return f"<m:{name}>{inner}</m:{name}>"

    half = math("f", math("num", math("r", math("t", "1"))) + math("den", math("r", math("t", "2"))))
    square = math("sSup", math("e", math("r", math("t", "v"))) + math("sup", math("r", math("t", "2"))))
    formula = f'<m:oMath xmlns:m="{MATH}">{{}}</m:oMath>'
    text = '<w:r><w:t xml:space="preserve">{}</w:t></w:r>'
    field = f'<w:fldSimple w:instr="DATE">{text.format("today")}</w:fldSimple>'
    paragraphs = [
        f"<w:p>{text.format('E = ')}{formula.format(half + square)}{text.format(' holds ')}{field}</w:p>",
        f'<w:p><m:oMathPara xmlns:m="{MATH}">{formula.format(math("r", math("t", "x=2")))}</m:oMathPara></w:p>',
    ]
    assert text_of(word("".join(paragraphs)), "a.docx") == "E = (1)/(2)v^(2) holds today\n\nx=2\n"


def changed(book: bytes, **members: str | bytes) -> bytes:
    """The book with some members replaced, added or, if they are empty, left out."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        old = {name: archive.read(name) for name in archive.namelist()}
    new = {name.replace("__", "/").replace("_", " "): content for name, content in members.items()}
    return zip_of({name: content for name, content in (old | new).items() if content})


def test_a_book_without_one_of_its_chapters_is_read_and_an_encrypted_one_is_locked() -> None:
    book = epub("<p>One</p>", "<p>Two</p>")
    assert text_of(changed(book, **{"OEBPS__text__01_part.xhtml": b""}), "a.epub") == "One\n"
    locks = '<encryption xmlns="urn:x"><CipherData><CipherReference URI="{}"/></CipherData></encryption>'
    fonts = locks.format("OEBPS/fonts/a.otf")
    assert "Two" in text_of(changed(book, **{"META-INF__encryption.xml": fonts}), "a.epub")
    chapter = locks.format("OEBPS/text/01%20part.xhtml")
    with pytest.raises(InvalidAttachment) as caught:
        prepare("a.epub", changed(book, **{"META-INF__encryption.xml": chapter}))
    assert caught.value.text.key == "failure.invalid_attachment.pdf_locked"
