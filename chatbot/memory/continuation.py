"""Goes on with an answer that was cut off: what the model is sent, and where its text joins the begun one."""

import re
from dataclasses import replace

from chatbot.memory.context_window import ContextWindow
from chatbot.memory.message_sizes import BYTES_PER_TOKEN
from chatbot.types import Delta, Message

INSTRUCTION = (
    "Your last answer was cut off. Go on exactly where it stops, in the middle of a word if need be, in the same "
    "language and format. Do not repeat what is there, do not introduce it, and do not mention this request."
)

TAIL = 400
"""Characters of the begun answer among which a repetition is looked for."""
MIN_REPEATED = 3
"""Characters: fewer may stand there twice by chance, as in “hel|lo”, unless a word begins with them."""

MIN_PERIODS = 2
"""Of a text that repeats itself so often that nobody knows what is repeated: nothing is left out."""

FENCE = re.compile(r"([ >]*)(`{3,}|~{3,})([^`\n]*)")
"""Also in lists and quotations: what stands before it, its marks, and the language."""


def continued_window(window: ContextWindow, begun: str, *, as_prefill: bool) -> ContextWindow:
    """The window with the begun answer behind its question: as the answer's beginning, if the provider takes one, else
    followed by an instruction."""
    instruction = () if as_prefill else (Message("user", INSTRUCTION),)
    sent = replace(window.sent, sent=window.sent.sent + 1, total=window.sent.total + 1)
    return ContextWindow((*window.messages, Message("assistant", begun), *instruction), sent)


def fitting_end(begun: str, context_tokens: int | None) -> str:
    """As much of the begun answer's end as takes at most half of the context; None: unknown, so all of it."""
    if context_tokens is None:
        return begun
    return begun.encode()[-context_tokens // 2 * BYTES_PER_TOKEN :].decode(errors="ignore")


class Seam:
    """Joins the text that comes to the begun one: what is repeated of that, and a fence that is opened once more, are
    left out."""

    def __init__(self, begun: str) -> None:
        self._begun = begun
        self._tail = begun[-TAIL:]
        self._marks = open_fence(begun)
        self._held = ""
        self._is_decided = not begun

    def join(self, delta: Delta) -> Delta:
        """Returns what of the delta, and of those before it, can be passed on."""
        if self._is_decided or not (delta.text or delta.finish):
            return delta
        self._held += delta.text
        if delta.finish is None and self._may_be_repeated():
            return replace(delta, text="")
        self._is_decided = True
        return replace(delta, text=self._new_text())

    def _may_be_repeated(self) -> bool:
        """Whether more of the text has to come before it is clear what of it is new."""
        if self._marks and "\n" not in self._held.lstrip("\n") and self._held.lstrip()[:1] in ("", ">", self._marks[0]):
            return True
        text = self._without_fence(self._held)
        return any(self._tail.startswith(text, at) for at in range(len(self._tail) - len(text)))

    def _new_text(self) -> str:
        text = self._held if self._repeated(self._held) else self._without_fence(self._held)
        return text.removeprefix(self._repeated(text))

    def _without_fence(self, text: str) -> str:
        """The text without the line that opens a fence once more: a bare one closes the fence that is open."""
        lines = text.lstrip("\n")
        fence = FENCE.match(lines)
        is_open = self._marks and fence and fence[2].startswith(self._marks) and fence[3].strip()
        return lines[fence.end() :].removeprefix("\n") if fence and is_open else text

    def _repeated(self, text: str) -> str:
        """The longest beginning of the text that repeats the end of the begun one."""
        overlaps = (text[:length] for length in range(min(len(text), len(self._tail)), 0, -1))
        return next((each for each in overlaps if self._is_repetition(each)), "")

    def _is_repetition(self, overlap: str) -> bool:
        """Whether the end of the begun text is written again. Not if the text could go on so anyway: with the bars of a
        table, or with the same once more as it did before."""
        if not self._tail.endswith(overlap):
            return False
        before = self._begun.removesuffix(overlap)
        period = _period(overlap)
        goes_on = before.endswith((overlap, period)) or len(overlap) >= MIN_PERIODS * len(period)
        kinds = len({*overlap}) + ("\n" in overlap)  # of a table's line or an indentation there are few
        is_varied = len({*filter(str.isalnum, overlap)}) > 1 or kinds > MIN_REPEATED
        is_word = len({*overlap}) > 1 and overlap.isalpha() and not before[-1:].isalnum()
        is_long = len(overlap) >= MIN_REPEATED and is_varied
        is_all = not before and overlap.strip() and (len(overlap) > 1 or overlap.isalnum())
        return bool(is_all) or ((is_long or is_word) and not goes_on)


def _period(text: str) -> str:
    """The shortest beginning of the text of which it is made again and again; the text itself if there is none."""
    return next((text[:at] for at in range(1, len(text)) if text.startswith(text[at:])), text)


def open_fence(text: str) -> str:
    """The marks of the code fence that is open at the end of the text, like "```"; empty if none is."""
    marks, indent = "", 0
    for line in text.split("\n"):
        found = FENCE.fullmatch(line)
        if found and not marks:
            marks, indent = found[2], len(found[1])
        elif found and found[2].startswith(marks) and not found[3].strip() and len(found[1]) <= indent + 3:
            marks = ""
    return marks
