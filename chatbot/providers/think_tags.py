"""Separates reasoning that comes in the text, between `<think>` and `</think>`, from the answer."""

import re

from chatbot.types import Delta

TAGS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",  # Gemini
    "<reasoning>": "</reasoning>",
    "<seed:think>": "</seed:think>",
    "[think]": "[/think]",  # Magistral
    "◁think▷": "◁/think▷",  # Kimi
}
"""The tags that open reasoning at the very beginning of an answer, and those that close it, in small letters."""


class ThinkTagParser:
    """Parses the deltas of one answer."""

    def __init__(self) -> None:
        self._held = ""  # text that may be a tag, or part of one
        self._closing = ""  # the tag that ends the current reasoning
        self._reasoning: list[str] = []
        self._state = self._at_start

    def parse(self, delta: Delta) -> tuple[Delta, ...]:
        """Returns the deltas that the provider's next delta stands for."""
        if self._state == self._in_text or not delta.text:
            return (delta,)  # nearly always
        self._held += delta.text
        return self._state()

    def flush(self, *, complete: bool) -> tuple[Delta, ...]:
        """Returns what was held back when the stream has ended. If a `complete` answer never closed its reasoning, the
        reasoning is the answer too."""
        held, self._held = self._held, ""
        if self._state == self._after_reasoning:  # white space only
            return ()
        if not self._closing:
            return _deltas(text=held)
        self._reasoning.append(held)
        return _deltas(held, "".join(self._reasoning).strip() if complete else "")

    def _at_start(self) -> tuple[Delta, ...]:
        start = self._held.lstrip()
        for tag, closing in TAGS.items():
            if start[: len(tag)].lower() == tag:
                self._closing, self._held = closing, start[len(tag) :]
                self._state = self._in_reasoning
                return self._state()
        if start and not any(tag.startswith(start.lower()) for tag in TAGS):
            self._state = self._in_text
        return self._state() if self._state == self._in_text else ()

    def _in_reasoning(self) -> tuple[Delta, ...]:
        text = self._held
        if found := re.search(re.escape(self._closing), text, re.IGNORECASE):
            text = text[: found.start()]
            self._closing, self._held = "", self._held[found.end() :]
            self._state = self._after_reasoning
            return _deltas(text) + self._state()
        size = len(text) - _overlap(text, self._closing)
        text, self._held = text[:size], text[size:]
        self._reasoning.append(text)
        return _deltas(text)

    def _after_reasoning(self) -> tuple[Delta, ...]:
        """Drops the empty lines between the reasoning and the answer, but not the indentation of its first line."""
        text = self._held.lstrip()
        if not text:
            return ()
        _, line_end, indentation = self._held.removesuffix(text).rpartition("\n")
        self._held = indentation + text if line_end else text
        self._state = self._in_text
        return self._in_text()

    def _in_text(self) -> tuple[Delta, ...]:
        text, self._held = self._held, ""
        return _deltas(text=text)


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of `text` may be the beginning of `tag`."""
    sizes = range(min(len(text), len(tag) - 1), 0, -1)
    return next((size for size in sizes if text[-size:].lower() == tag[:size]), 0)


def _deltas(reasoning: str = "", text: str = "") -> tuple[Delta, ...]:
    both = Delta(reasoning=reasoning), Delta(text=text)
    return tuple(delta for delta in both if delta.text or delta.reasoning)
