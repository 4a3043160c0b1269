"""Reads a PDF from its standard input and writes how many pages it has, then the text on them, to its standard output.

Run as a program by `pdf`, alone: it imports nothing of the app. What it may take of the machine is bounded, so a file
that is made to be trouble ends this process and nothing else.
"""

import signal
import sys

MOST_PAGES = 600
"""What Anthropic reads at most in one request; others read fewer."""
LOCKED, TOO_LONG = 3, 4
"""Its exit statuses for such documents; any other but 0 means a damaged one."""

STEP_SECONDS = 0.5
"""Of the processor's time, for opening the document and for each page: ordinary pages take a hundredth."""
MOST_MEMORY = 1024 * 1024 * 1024
PASSWORD_ERROR = 4
"""PDFium's number for it."""


def main() -> int:
    """Read and write; returns the exit status."""
    import pypdfium2  # type: ignore[import-untyped]  # noqa: PLC0415 - the app takes the numbers above from here, and not the library

    content = sys.stdin.buffer.read()
    _limit_memory()
    _limit_step()
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        return LOCKED if error.err_code == PASSWORD_ERROR else 1
    if len(document) > MOST_PAGES:
        return TOO_LONG
    sys.stdout.buffer.write(f"{len(document)}\n".encode())
    for page in document:
        _limit_step()
        text = page.get_textpage().get_text_bounded().replace("\r\n", "\n")
        sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n\n")
        page.close()
    return 0 if len(document) else 1


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def _limit_step() -> None:
    """End the process unless this is called again in time; by the processor's clock, so that a busy machine does not
    count against a good file. Windows has no such clock: there the caller's patience is the limit."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, STEP_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
