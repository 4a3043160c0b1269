"""Reads a PDF from standard input; writes the number of pages, then the text on them, to standard output.

`pdf` runs it as a program of its own. It imports nothing of the app, and limits its own memory and processor time: a
hostile file ends this process and nothing else.
"""

import signal
import sys

MAX_PAGES = 600
"""The most that Anthropic reads in one request; other providers read fewer."""
LOCKED, TOO_LONG = 3, 4
"""Exit statuses for such documents; any other one but 0 means a damaged document."""

STEP_SECONDS = 0.5
"""Processor time for opening the document, and for each page. Ordinary pages take a hundredth of it."""
MAX_MEMORY_BYTES = 1024 * 1024 * 1024
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
    if len(document) > MAX_PAGES:
        return TOO_LONG
    sys.stdout.buffer.write(f"{len(document)}\n".encode())
    for page in document:
        _restart_timer()
        text = page.get_textpage().get_text_bounded().replace("\r\n", "\n")
        sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n\n")
        page.close()
    return 0 if len(document) else 1


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
