"""Reads a PDF from standard input; writes the number of pages, then the text on them, to standard output.

The text has what was filled into forms and written as notes, which PDFium does not count as text of the page.

`pdf` runs it as a program of its own. It imports nothing of the app, and limits its own memory and processor time: a
hostile file ends this process and nothing else.
"""

import ctypes
import re
import signal
import sys
from collections.abc import Iterator
from typing import Any

MAX_PAGES = 600
"""The most that Anthropic reads in one request; other providers read fewer."""
LOCKED, TOO_LONG = 3, 4
"""Exit statuses for such documents; any other one but 0 means a damaged document."""

STEP_SECONDS = 0.5
"""Processor time for opening the document, and for each page. Ordinary pages take a hundredth of it."""
MAX_MEMORY_BYTES = 1024 * 1024 * 1024
SOFT_HYPHEN = re.compile("[\x02\ufffe]\n?|\xad\n?")
"""A hyphen that only breaks a word at a line end: U+00AD, or what PDFium makes of any at a line end."""
CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\uffff]")
KEPT_HYPHEN = re.compile("[\x02\ufffe]\n?(?=[A-Z0-9])")
"""A hyphen at a line end that belongs to the word: `twenty-First`, `pre-2020`."""
UNCHECKED = "Off"
"""The value of a box that is not ticked."""
CHECKED = ("On", "1", "true")
"""Values of a ticked box that say no more than that."""
NOTES = {1, *range(3, 16)}
"""PDFium's numbers of annotations with words of a reader: notes, text, shapes, marks on text, stamps, drawings. 2 is a
link."""
PASSWORD_ERROR = 4
"""PDFium's error code for a document that needs a password."""


def main() -> int:
    """Reads and writes; returns the exit status."""
    import pypdfium2  # type: ignore[import-untyped]  # noqa: PLC0415 - `pdf` imports only the numbers above

    content = sys.stdin.buffer.read()
    _limit_memory()
    _restart_timer()
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        return LOCKED if error.err_code == PASSWORD_ERROR else 1
    document.init_forms()
    if len(document) > MAX_PAGES:
        return TOO_LONG
    sys.stdout.buffer.write(f"{len(document)}\n".encode())
    for page in document:
        _restart_timer()
        # The buttons of a group have its value each.
        annotations = dict.fromkeys(_annotations(document, page))
        text = "\n".join([clean(page.get_textpage().get_text_bounded()), *annotations])
        sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n\n")
        page.close()
    return 0 if len(document) else 1


def clean(text: str) -> str:
    """The text of a page with its broken words joined, and without control characters."""
    joined = SOFT_HYPHEN.sub("", KEPT_HYPHEN.sub("-", text.replace("\r\n", "\n")))
    return CONTROL.sub("", joined)


def _annotations(document: Any, page: Any) -> Iterator[str]:
    """A line for each filled field of a form, under its name, and for each note."""
    import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # noqa: PLC0415 - as above

    for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        kind = pdfium.FPDFAnnot_GetSubtype(annotation)
        if kind == pdfium.FPDF_ANNOT_WIDGET and document.formenv:
            field = (document.formenv, annotation)
            value = ", ".join(_choices(field)) or _string(pdfium.FPDFAnnot_GetFormFieldValue, *field)
            name = _string(pdfium.FPDFAnnot_GetFormFieldAlternateName, *field)
            name = name or _string(pdfium.FPDFAnnot_GetFormFieldName, *field)
            if value and value != UNCHECKED:
                is_box = pdfium.FPDFAnnot_GetFormFieldType(*field) == pdfium.FPDF_FORMFIELD_CHECKBOX
                yield f"{name}: {'Yes' if is_box and value in CHECKED else value}"
        note = _string(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents")
        if note and kind in NOTES:
            yield f"Note: {note}"
        pdfium.FPDFPage_CloseAnnot(annotation)


def _choices(field: tuple[Any, Any]) -> Iterator[str]:
    """What is chosen in a list, as the form shows it: its value may be a code."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above

    for index in range(pdfium.FPDFAnnot_GetOptionCount(*field)):
        if pdfium.FPDFAnnot_IsOptionSelected(*field, index):
            yield _string(pdfium.FPDFAnnot_GetOptionLabel, *field, index)


def _string(read: Any, *of: Any) -> str:
    """What the function of PDFium writes into a buffer as UTF-16."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - as above

    size = read(*of, None, 0)
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    read(*of, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), size)
    return clean(bytes(buffer).decode("utf-16-le", "replace").rstrip("\0").replace("\r", "\n")).strip()


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


def _restart_timer() -> None:
    """Ends the process after STEP_SECONDS of processor time unless called again. A busy machine does not count against
    a good file. Windows has no such timer: there the caller's timeout is the limit."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, STEP_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
