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
"""Exit statuses for such files; any other one but 0 means a damaged document."""

MAX_SECONDS = 20
"""Processor time. The longest of ordinary documents, of a thousand pages, take a tenth of it."""
MAX_MEMORY_BYTES = 1024 * 1024 * 1024
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
"""Of all members of a zip together, as it declares them; what is more in truth meets the limit of memory."""
MAX_TEXT_BYTES = 2_100_000
"""Somewhat more than an attachment may have, so that the app can say that it is too much."""

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How files of Office before 2007 begin, and encrypted ones of today."""
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

SHEETS = ("xl/workbook.xml", "xl/workbook.bin")
OPEN_SHEET, EPUB = b"application/vnd.oasis.opendocument.spreadsheet", b"application/epub+zip"
"""The content of the member `mimetype`."""

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
        if ENCRYPTED in content:
            sys.exit(LOCKED)
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
    if "word/document.xml" in names:
        return iter([_word(content)])
    if names & set(SHEETS) or kind == OPEN_SHEET:
        return _sheets(content)
    if "ppt/presentation.xml" in names:
        return _slides(content)
    if kind == EPUB:
        return _chapters(archive)
    sys.exit(UNKNOWN)


def _word(content: bytes) -> str:
    import mammoth  # type: ignore[import-untyped]  # noqa: PLC0415 - each document needs one of the libraries

    no_image = mammoth.images.img_element(lambda image: {})
    return _markdown(mammoth.convert_to_html(io.BytesIO(content), convert_image=no_image).value)


def _sheets(content: bytes) -> Iterator[str]:
    """Each sheet as a table, as wide as its longest row."""
    import python_calamine  # noqa: PLC0415 - as above

    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    for name in book.sheet_names:
        try:
            rows = book.get_sheet_by_name(name).to_python()
        except python_calamine.WorksheetNotFound:  # a chart has a name as well
            continue
        yield f"## {name}\n"
        yield from _table([[_cell(value) for value in row] for row in rows])


def _cell(value: object) -> str:
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return " ".join(text.split()).replace("|", "\\|")


def _table(rows: list[list[str]]) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield f"| {' | '.join(row)} |"
        if number == 0:
            yield "|" + " --- |" * len(row)
    yield ""


def _slides(content: bytes) -> Iterator[str]:
    """The text of each slide, in the order of its shapes, its tables, and the speaker's notes."""
    import pptx  # noqa: PLC0415 - as above

    for number, slide in enumerate(pptx.Presentation(io.BytesIO(content)).slides, 1):
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
