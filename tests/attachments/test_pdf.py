"""The text of PDFs: words that a line end breaks, filled forms, and notes."""

import pytest

from chatbot.attachments import prepare
from chatbot.attachments.pdf_worker import clean
from tests.support.sample_files import pdf_of

FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"


def text_of(content: bytes) -> str:
    return prepare("a.pdf", content).file.text


def page_with(stream: bytes, *annotations: bytes) -> bytes:
    """A PDF of one page with these drawing operators, and with these annotations, which a form takes in."""
    kids = " ".join(f"{number} 0 R" for number in range(6, 6 + len(annotations))).encode()
    return pdf_of([
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[" + kids + b"]/DR<</Font<</F1 5 0 R>>>>/DA(/F1 12 Tf)>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>/Annots["
        + kids
        + b"]>>",
        b"<</Length %d>>stream\n" % len(stream) + stream + b"\nendstream",
        FONT,
        *annotations,
    ])  # fmt: skip


def widget(rest: bytes) -> bytes:
    return b"<</Type/Annot/Subtype/Widget/Rect[180 245 330 265]/P 3 0 R/DA(/F1 12 Tf)" + rest + b">>"


def test_a_word_that_a_line_end_breaks_is_one_word() -> None:
    lines = (
        b"BT /F1 12 Tf 20 TL 20 200 Td (This is an exam-) Tj T* (ple of a well-known hyphen\\255) Tj T* (ation.) Tj ET"
    )
    assert " ".join(text_of(page_with(lines)).split()) == "This is an example of a well-known hyphenation."


@pytest.mark.first_case
@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("exam\x02ple", "example"),
        ("exam\x02\r\nple", "example"),
        ("exam\ufffeple", "example"),
        ("hy\xadphen\xad\nation", "hyphenation"),
        ("well-known\r\nnext", "well-known\nnext"),
        ("twenty\x02\r\nFirst", "twenty-First"),
        ("pre\ufffe2020", "pre-2020"),
        ("tab\tand\x00 bell\x07", "tab\tand bell"),
    ],
)
def test_control_characters_of_a_page_are_removed(raw: str, expected: str) -> None:
    assert clean(raw) == expected


def test_the_values_of_a_form_are_read_under_their_names() -> None:
    form = page_with(
        b"BT /F1 14 Tf 40 250 Td (Name of applicant:) Tj ET",
        widget(b"/FT/Tx/T(applicant)/V(Ada Example)"),
        widget(b"/FT/Tx/T(f2)/TU(Date of birth)/V<FEFF0031003000200044006500630020201300201D4E>"),
        widget(b"/FT/Btn/T(agree)/V/Yes/AS/Yes"),
        widget(b"/FT/Btn/T(newsletter)/V/Off/AS/Off"),
        widget(b"/FT/Ch/Ff 131072/T(country)/Opt[(France)(Spain)]/V(Spain)"),
        widget(b"/FT/Tx/T(left empty)"),
    )
    lines = text_of(form).splitlines()
    assert lines[0] == "Name of applicant:"
    assert "applicant: Ada Example" in lines
    assert any(line.startswith("Date of birth: 10 Dec – ") for line in lines)
    assert "agree: Yes" in lines
    assert "country: Spain" in lines
    assert not any(line.startswith(("newsletter", "left empty")) for line in lines)


@pytest.mark.first_case
@pytest.mark.parametrize(
    ("field", "line"),
    [
        (b"/FT/Ch/Ff 131072/T(country)/Opt[[(fr)(France)][(es)(Spain)]]/V(es)", "country: Spain"),
        (b"/FT/Ch/Ff 2097152/T(colours)/Opt[(red)(green)(blue)]/V[(red)(blue)]/I[0 2]", "colours: red, blue"),
        (b"/FT/Ch/Ff 393216/T(city)/Opt[(Rome)]/V(Another one)", "city: Another one"),
        (b"/FT/Btn/T(agree)/V/1/AS/1/AP<</N<</1 4 0 R/Off 4 0 R>>>>", "agree: Yes"),
        (b"/FT/Btn/T(size)/V/Large/AS/Large/AP<</N<</Large 4 0 R/Off 4 0 R>>>>", "size: Large"),
        (b"/FT/Tx/Ff 4096/T(address)/V(1 High St\rLondon)", "address: 1 High St\nLondon"),
    ],
)
def test_what_is_chosen_and_ticked_is_read_as_the_form_shows_it(field: bytes, line: str) -> None:
    assert text_of(page_with(b"BT /F1 14 Tf 40 250 Td (Form) Tj ET", widget(field))).strip() == f"Form\n{line}"


def test_the_value_of_a_group_of_buttons_is_read_once() -> None:
    button = b"/FT/Btn/Ff 49152/T(size)/V/L/AP<</N<</%b 4 0 R/Off 4 0 R>>>>/AS/%b"
    form = page_with(
        b"BT /F1 14 Tf 40 250 Td (Form) Tj ET", widget(button % (b"L", b"L")), widget(button % (b"S", b"Off"))
    )
    assert text_of(form).split() == ["Form", "size:", "L"]


@pytest.mark.first_case
@pytest.mark.parametrize("kind", ["Highlight", "StrikeOut", "Underline", "FreeText", "Caret", "Square", "Stamp"])
def test_a_readers_words_on_a_mark_are_a_note(kind: str) -> None:
    mark = b"<</Type/Annot/Subtype/%b/Rect[10 10 20 20]/Contents(please check)/T(Ada)>>" % kind.encode()
    assert "Note: please check" in text_of(page_with(b"BT /F1 14 Tf 40 250 Td (Total) Tj ET", mark))


def test_notes_are_read_and_links_are_not() -> None:
    annotated = page_with(
        b"BT /F1 14 Tf 40 250 Td (Total: 12) Tj ET",
        b"<</Type/Annot/Subtype/Text/Rect[10 10 20 20]/Contents(wrong total)>>",
        b"<</Type/Annot/Subtype/Link/Rect[10 10 20 20]/Contents(not a note)>>",
    )
    assert text_of(annotated).splitlines() == ["Total: 12", "Note: wrong total"]
