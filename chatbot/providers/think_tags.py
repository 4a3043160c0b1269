"""Reasoning that comes in the text: models that open an answer with `<think>` and mean not to be quoted."""

from chatbot.types import Delta

TAGS = {"<think>": "</think>", "<thinking>": "</thinking>"}
"""What opens reasoning at the very beginning of an answer, and what closes it."""


class ThinkTagParser:
    """Tells an answer's reasoning from its text, as they come. One of these reads one answer."""

    def __init__(self) -> None:
        self._held = ""  # what may be a tag, or part of one
        self._closing = ""  # the tag that ends the reasoning under way
        self._thoughts: list[str] = []
        self._read = self._beginning

    def read(self, delta: Delta) -> tuple[Delta, ...]:
        """What the provider's next delta really is."""
        if self._read == self._text or not delta.text:
            return (delta,)  # nearly always
        self._held += delta.text
        return self._read()

    def rest(self, *, complete: bool) -> tuple[Delta, ...]:
        """What was held back, when the stream has ended. Of a `complete` answer that never left its reasoning, the
        reasoning is the answer too."""
        held, self._held = self._held, ""
        if not self._closing:
            return _deltas(text=held)
        self._thoughts.append(held)
        return _deltas(held, "".join(self._thoughts).strip() if complete else "")

    def _beginning(self) -> tuple[Delta, ...]:
        start = self._held.lstrip()
        for tag, closing in TAGS.items():
            if start.startswith(tag):
                self._closing, self._held = closing, start.removeprefix(tag)
                self._read = self._reasoning
                return self._read()
        if start and not any(tag.startswith(start) for tag in TAGS):
            self._read = self._text
        return self._read() if self._read == self._text else ()

    def _reasoning(self) -> tuple[Delta, ...]:
        thought, closed, after = self._held.partition(self._closing)
        if closed:
            self._closing, self._held = "", after
            self._read = self._between
            return _deltas(thought) + self._read()
        size = len(thought) - _overlap(thought, self._closing)
        thought, self._held = thought[:size], thought[size:]
        self._thoughts.append(thought)
        return _deltas(thought)

    def _between(self) -> tuple[Delta, ...]:
        """The empty lines after the reasoning belong to neither."""
        self._held = self._held.lstrip()
        if self._held:
            self._read = self._text
        return self._text()

    def _text(self) -> tuple[Delta, ...]:
        text, self._held = self._held, ""
        return _deltas(text=text)


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of `text` may be the beginning of `tag`."""
    sizes = range(min(len(text), len(tag) - 1), 0, -1)
    return next((size for size in sizes if text.endswith(tag[:size])), 0)


def _deltas(reasoning: str = "", text: str = "") -> tuple[Delta, ...]:
    found = Delta(reasoning=reasoning), Delta(text=text)
    return tuple(delta for delta in found if delta.text or delta.reasoning)
