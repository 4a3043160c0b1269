"""Documents with odd contents: of other formats, with changes, hidden sheets, stray cells, and entities."""

import io
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from chatbot.attachments import prepare
from chatbot.errors import InvalidAttachment
from chatbot.i18n import LOCALES
from tests.attachments.test_documents import LETTER, NOVEL, TALK, text_of
from tests.support.documents import excel, word, zip_of


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
