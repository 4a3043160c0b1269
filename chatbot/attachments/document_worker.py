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
from collections import defaultdict
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
EPUB_LOCKS = "META-INF/encryption.xml"
"""Names what is encrypted: chapters, or fonts only."""
APPLE_MEMBER = ".iwa"
"""How the members of Pages, Numbers and Keynote end."""

FIRST_MEMBERS = (b"[Content_Types].xml", b"mimetype")
"""What the zips of documents begin with."""

SOFT_HYPHEN = "\xad"
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
WORD_BODY = "word/document.xml"
FORMULAS = {
    "f": "({num})/({den})",
    "sSup": "{e}^({sup})",
    "sSub": "{e}_({sub})",
    "sSubSup": "{e}_({sub})^({sup})",
    "rad": "\u221a({e})",
    "d": "({e})",
}
"""How parts of formulas are written in one line, by their element."""

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
    file = io.BytesIO(_with_formulas(content))
    return _markdown(mammoth.convert_to_html(file, convert_image=no_image, style_map=comments).value)


def _with_formulas(content: bytes) -> bytes:
    """The document with its formulas as text, and without the shells of simple fields: mammoth leaves both out."""
    from lxml import etree  # noqa: PLC0415 - as above

    archive = zipfile.ZipFile(io.BytesIO(content))
    body = archive.read(WORD_BODY) if WORD_BODY in archive.namelist() else b""
    if b"oMath" not in body and b"fldSimple" not in body:
        return content
    tree = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    for formula in [*tree.iter("{*}oMath")]:
        run = etree.Element(f"{WORD}r")
        etree.SubElement(run, f"{WORD}t").text = _linear(formula)
        formula.addprevious(run)
        run.tail, formula.tail = formula.tail, None
        formula.getparent().remove(formula)
    etree.strip_tags(tree, "{*}oMathPara", f"{WORD}fldSimple")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as changed:
        for name in archive.namelist():
            changed.writestr(name, etree.tostring(tree) if name == WORD_BODY else archive.read(name))
    return file.getvalue()


def _linear(formula: Any) -> str:
    """A formula in one line, as Word's own linear format has it."""
    pattern = FORMULAS.get(formula.tag.rpartition("}")[2])
    parts = {each.tag.rpartition("}")[2]: _linear(each) for each in formula if isinstance(each.tag, str)}
    if pattern:
        return pattern.format_map(defaultdict(str, parts))
    text = formula.text if formula.tag.endswith("}t") else ""
    return (text or "") + "".join(_linear(each) for each in formula if isinstance(each.tag, str))


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
            yield shape.text_frame.text.strip().replace("\v", "\n") + "\n"  # PowerPoint's line break


def _chapters(archive: zipfile.ZipFile) -> Iterator[str]:
    """The chapters in the order in which the book is read."""
    from lxml import etree  # noqa: PLC0415 - as above

    def parse(name: str) -> Any:
        return etree.fromstring(archive.read(name), etree.XMLParser(resolve_entities=False, no_network=True))

    locked = parse(EPUB_LOCKS).xpath("//@URI") if EPUB_LOCKS in archive.namelist() else []
    package = parse("META-INF/container.xml").find(".//{*}rootfile").get("full-path")
    book = parse(package)
    files = {item.get("id"): item.get("href", "") for item in book.iterfind(".//{*}manifest/{*}item")}
    for entry in book.iterfind(".//{*}spine/{*}itemref"):
        href = unquote(files.get(entry.get("idref"), ""))
        name = posixpath.normpath(posixpath.join(posixpath.dirname(package), href))
        if name in map(unquote, locked):
            sys.exit(LOCKED)
        if name in archive.namelist():  # a book may name more than it has
            yield _markdown(archive.read(name))


def _markdown(html: str | bytes) -> str:
    """What a page shows, without scripts, styles and pictures."""
    from bs4 import BeautifulSoup  # noqa: PLC0415 - as above
    from markdownify import MarkdownConverter  # noqa: PLC0415 - as above

    page = BeautifulSoup(html, "lxml", from_encoding=_utf8(html))
    for element in page(UNSEEN):
        element.decompose()
    _show_fields(page)
    converter = MarkdownConverter(
        heading_style="ATX", escape_asterisks=False, escape_underscores=False, escape_misc=False
    )
    try:
        text = converter.convert_soup(page)
    except RecursionError:  # elements a thousand deep
        text = page.get_text("\n")
    return re.sub(r"\n{3,}", "\n\n", text.replace(SOFT_HYPHEN, "")).strip() + "\n"


def _show_fields(page: Any) -> None:
    """Puts what is filled in, ticked and chosen in a form into the text."""
    for field in page("input"):
        kind = str(field.get("type")).lower()
        if kind in ("checkbox", "radio"):
            field.replace_with("[x]" if field.has_attr("checked") else "[ ]")
        elif kind not in ("hidden", "password"):
            field.replace_with(field.get("value", ""))
    for options in page("select"):
        for option in options("option") if options.find("option", selected=True) else ():
            if not option.has_attr("selected"):
                option.decompose()


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
    except ValueError:
        sys.exit(UNKNOWN)
    cells = book.get("cells")
    if isinstance(sheets := book.get("worksheets"), list):  # of notebooks before 2014
        cells = [cell for sheet in sheets for cell in _object(sheet).get("cells", ())]
    if not isinstance(cells, list) or not all(isinstance(cell, dict) and "cell_type" in cell for cell in cells):
        sys.exit(UNKNOWN)
    about = _object(book.get("metadata"))
    language = _object(about.get("language_info")).get("name") or _object(about.get("kernelspec")).get("language")
    return (part for cell in cells for part in _notebook_cell(cell, str(language or "python")))


def _notebook_cell(cell: dict[str, Any], language: str) -> Iterator[str]:
    source = _joined(cell.get("source") or cell.get("input"))
    if cell["cell_type"] == "heading":
        yield f"{'#' * int(cell.get('level', 1))} {source}\n"
    elif cell["cell_type"] != "code":
        yield f"{source}\n"
    else:
        yield _fence(language, source)
        for output in cell.get("outputs") or ():
            if (text := _output(_object(output))).strip():
                yield "Output:\n"
                yield _fence("", ANSI.sub("", text))


def _output(output: dict[str, Any]) -> str:
    """What code printed or raised; of a value its form as text, or else another that can be read."""
    data = _object(output.get("data"))
    for kind in ("text/plain", "text/markdown", "text/latex"):
        if text := _joined(data.get(kind)):
            return text
    if html := _joined(data.get("text/html")):
        return _markdown(html)
    return _joined(output.get("text")) or _joined(output.get("traceback"), "\n")


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _joined(lines: Any, between: str = "") -> str:
    if isinstance(lines, list):
        return between.join(each for each in lines if isinstance(each, str))
    return lines if isinstance(lines, str) else ""


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
