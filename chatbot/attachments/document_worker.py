"""Reads a document from standard input and writes its text, as Markdown, to standard output: Word, Excel, OpenDocument
spreadsheets, PowerPoint, EPUB, HTML and Jupyter notebooks.

`document` runs it as a program of its own. It imports nothing of the app, and limits its own memory and processor time:
a hostile file ends this process and nothing else.
"""

import io
import json
import posixpath
import re
import sys
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

UNKNOWN, LOCKED, TOO_LARGE = 3, 4, 5
"""Exit statuses for such files; any other one but 0, and those in SAVE_AS, means a damaged document."""

SAVE_AS = {6: ".docx", 7: ".pptx", 8: "PDF"}
"""The format to save a document in that is of an older or another program, by exit status."""
TEXT, SLIDES, OTHER = SAVE_AS

MAX_SECONDS = 20
"""Processor time. The longest of ordinary documents, of a thousand pages, take a tenth of it."""
MAX_MEMORY_BYTES = 1024 * 1024 * 1024
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
"""Of all members of a zip together, as it declares them; what is more in truth meets the limit of memory."""
MAX_TEXT_BYTES = 2_100_000
"""Somewhat more than an attachment may have, so that the app can say that it is too much."""

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How files of Office before 2007 begin, and encrypted ones of today."""
OLE_STREAMS = {
    "EncryptedPackage": LOCKED,
    "WordDocument": TEXT,
    "PowerPoint Document": SLIDES,
    "Workbook": 0,
    "Book": 0,
    "Root Entry": OTHER,
}
"""What the file's directory names, and the exit status that it means; 0: a spreadsheet, which can be read. A text may
have a spreadsheet within, so texts come first."""

OPEN_DOCUMENT = b"application/vnd.oasis.opendocument."
OPEN_SHEET, EPUB = OPEN_DOCUMENT + b"spreadsheet", b"application/epub+zip"
"""The content of the member `mimetype`."""
OTHER_OPEN_DOCUMENTS = {b"text": TEXT, b"presentation": SLIDES}
APPLE_MEMBER = ".iwa"
"""How the members of Pages, Numbers and Keynote end."""

FIRST_MEMBERS = (b"[Content_Types].xml", b"mimetype")
"""What the zips of documents begin with."""

UNSEEN = ("script", "style", "noscript", "template", "head", "img", "svg", "iframe", "object")
"""Elements of a page that hold nothing to read."""
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def main() -> int:
    """Reads and writes; returns the exit status."""
    content = sys.stdin.buffer.read()
    _limit()
    written = 0
    for part in _read(content):
        encoded = part.encode("utf-8", "replace") + b"\n"
        sys.stdout.buffer.write(encoded[: MAX_TEXT_BYTES - written])
        written += len(encoded)
        if written >= MAX_TEXT_BYTES:
            break
    return 0


def _read(content: bytes) -> Iterator[str]:
    """The parts of the document's text. Ends the process for what is no document."""
    if content.startswith(OLE):
        found = (status for name, status in OLE_STREAMS.items() if name.encode("utf-16-le") in content)
        if status := next(found, 1):
            sys.exit(status)
        return _sheets(content)
    if content.startswith(b"PK"):
        return _zipped(content)
    if content.lstrip()[:1] == b"{":
        return _notebook(content)
    return iter([_markdown(content)])


def _zipped(content: bytes) -> Iterator[str]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile:
        sys.exit(1 if any(name in content for name in FIRST_MEMBERS) else UNKNOWN)
    if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED_BYTES:
        sys.exit(TOO_LARGE)
    names = set(archive.namelist())
    kind = archive.read("mimetype").strip() if "mimetype" in names else b""
    folders = {name.partition("/")[0] for name in names if name.endswith((".xml", ".bin"))}
    if "word" in folders:
        return iter([_word(content)])
    if "xl" in folders or kind == OPEN_SHEET:
        return _sheets(content)
    if "ppt" in folders:
        return _slides(content)
    if kind == EPUB:
        return _chapters(archive)
    if kind.startswith(OPEN_DOCUMENT):
        sys.exit(OTHER_OPEN_DOCUMENTS.get(kind.removeprefix(OPEN_DOCUMENT), OTHER))
    sys.exit(OTHER if any(name.endswith(APPLE_MEMBER) for name in names) else UNKNOWN)


def _word(content: bytes) -> str:
    import mammoth  # type: ignore[import-untyped]  # noqa: PLC0415 - each document needs one of the libraries

    no_image = mammoth.images.img_element(lambda image: {})
    comments = "comment-reference => sup"  # else they are left out
    return _markdown(mammoth.convert_to_html(io.BytesIO(content), convert_image=no_image, style_map=comments).value)


def _sheets(content: bytes) -> Iterator[str]:
    """Each sheet as a table."""
    import python_calamine  # noqa: PLC0415 - as above

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    except python_calamine.PasswordError:
        sys.exit(LOCKED)
    for about in book.sheets_metadata:
        try:
            rows = book.get_sheet_by_name(about.name).to_python()
        except python_calamine.WorksheetNotFound:  # a chart has a name as well
            continue
        is_shown = about.visible == python_calamine.SheetVisibleEnum.Visible
        yield f"## {about.name}{'' if is_shown else ' (hidden)'}\n"
        yield from _table([[_cell(value) for value in row] for row in rows if any(cell != "" for cell in row)])


def _cell(value: object) -> str:
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return " ".join(text.split()).replace("|", "\\|")


def _table(rows: list[list[str]]) -> Iterator[str]:
    """The rows, as wide as the last column with something in it."""
    width = max((number for row in rows for number, cell in enumerate(row, 1) if cell), default=0)
    for number, row in enumerate(each[:width] for each in rows):
        yield f"| {' | '.join(row)} |"
        if number == 0:
            yield "|" + " --- |" * len(row)
    yield ""


def _slides(content: bytes) -> Iterator[str]:
    """The text of each slide, in the order of its shapes, its tables, and the speaker's notes."""
    from pptx.package import Package  # noqa: PLC0415 - as above

    # Not by `pptx.Presentation`, which refuses templates and shows.
    presentation = Package.open(io.BytesIO(content)).main_document_part.presentation
    for number, slide in enumerate(presentation.slides, 1):
        yield f"## Slide {number}\n"
        yield from _shapes(slide.shapes)
        if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) and frame.text.strip():
            yield f"Notes: {frame.text.strip()}\n"


def _shapes(shapes: Any) -> Iterator[str]:
    for shape in shapes:
        if hasattr(shape, "shapes"):  # a group
            yield from _shapes(shape.shapes)
        elif getattr(shape, "has_table", False):
            yield from _table([[_cell(cell.text) for cell in row.cells] for row in shape.table.rows])
        elif shape.has_text_frame and shape.text_frame.text.strip():
            yield f"{shape.text_frame.text.strip()}\n"


def _chapters(archive: zipfile.ZipFile) -> Iterator[str]:
    """The chapters in the order in which the book is read."""
    from lxml import etree  # noqa: PLC0415 - as above

    def parse(name: str) -> Any:
        return etree.fromstring(archive.read(name), etree.XMLParser(resolve_entities=False, no_network=True))

    package = parse("META-INF/container.xml").find(".//{*}rootfile").get("full-path")
    book = parse(package)
    files = {item.get("id"): item.get("href", "") for item in book.iterfind(".//{*}manifest/{*}item")}
    for entry in book.iterfind(".//{*}spine/{*}itemref"):
        if href := files.get(entry.get("idref")):
            yield _markdown(archive.read(posixpath.normpath(posixpath.join(posixpath.dirname(package), unquote(href)))))


def _markdown(html: str | bytes) -> str:
    """What a page shows, without scripts, styles and pictures."""
    from bs4 import BeautifulSoup  # noqa: PLC0415 - as above
    from markdownify import MarkdownConverter  # noqa: PLC0415 - as above

    page = BeautifulSoup(html, "lxml", from_encoding=_utf8(html))
    for element in page(UNSEEN):
        element.decompose()
    converter = MarkdownConverter(
        heading_style="ATX", escape_asterisks=False, escape_underscores=False, escape_misc=False
    )
    try:
        text = converter.convert_soup(page)
    except RecursionError:  # elements a thousand deep
        text = page.get_text("\n")
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _utf8(html: str | bytes) -> str | None:
    """UTF-8 if the bytes are that, whatever the page declares."""
    try:
        return html.decode() and "utf-8" if isinstance(html, bytes) else None
    except UnicodeDecodeError:
        return None


def _notebook(content: bytes) -> Iterator[str]:
    """The cells: text as it is, code and what it printed in fences."""
    try:
        book = json.loads(content)
        cells = book["cells"]
        about = book.get("metadata", {})
        language = about.get("language_info", {}).get("name") or about.get("kernelspec", {}).get("language") or "python"
        parts = [list(_notebook_cell(cell, str(language))) for cell in cells]
    except (ValueError, KeyError, TypeError, AttributeError):  # other JSON
        sys.exit(UNKNOWN)
    return (part for cell in parts for part in cell)


def _notebook_cell(cell: Any, language: str) -> Iterator[str]:
    source = _joined(cell["source"])
    if cell["cell_type"] != "code":
        yield f"{source}\n"
        return
    yield _fence(language, source)
    for output in cell.get("outputs", []):
        text = _joined(output.get("text") or output.get("data", {}).get("text/plain") or output.get("traceback") or "")
        if text.strip():
            yield "Output:\n"
            yield _fence("", ANSI.sub("", text))


def _joined(lines: Any) -> str:
    return lines if isinstance(lines, str) else "".join(lines)


def _fence(language: str, text: str) -> str:
    fence = "`" * (1 + max([2, *map(len, re.findall("`{3,}", text))]))
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def _limit() -> None:
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))


if __name__ == "__main__":
    sys.exit(main())
