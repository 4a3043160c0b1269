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

CLOSING = "</think>"
"""Closes reasoning whose opening tag is in the prompt: the server's template put it there, so it never comes."""

LONE_TAG = re.compile(rf"^[ \t]*(?P<first>{CLOSING})|(?P<last>{CLOSING})(?=[ \t]*\n)", re.MULTILINE)
LAST_TAG = re.compile(rf"{CLOSING}([ \t]*)\Z")


class ThinkTagParser:
    """Parses the deltas of one answer.

    `starts_in_thought`: the model is known to begin with its reasoning, so text without tags is reasoning until a tag
    closes it. Of other models the text before a lone closing tag has been passed on when the tag comes: it stays
    text, and the tag is dropped.
    """

    def __init__(self, *, starts_in_thought: bool = False) -> None:
        self._starts_in_thought = starts_in_thought
        self._line = ""  # what was passed on of the current line
        self._held = ""  # text that may be a tag, or part of one
        self._closing = ""  # the tag that ends the current reasoning
        self._reasoning: list[str] = []
        self._state = self._at_start

    def parse(self, delta: Delta) -> tuple[Delta, ...]:
        """Returns the deltas that the provider's next delta stands for."""
        if delta.reasoning:  # the server takes the reasoning out itself
            self._starts_in_thought = False
        if self._state == self._as_is or not delta.text:
            return (delta,)
        self._held += delta.text
        return self._state()

    def flush(self, *, complete: bool) -> tuple[Delta, ...]:
        """Returns what was held back when the stream has ended. If a `complete` answer never closed its reasoning, the
        reasoning is the answer too."""
        held, self._held = self._held, ""
        if self._state == self._after_reasoning:  # white space only
            return ()
        if not self._closing:
            return _deltas(text=LAST_TAG.sub(r"\1", held))
        self._reasoning.append(held)
        return _deltas(held, "".join(self._reasoning).strip() if complete else "")

    def _at_start(self) -> tuple[Delta, ...]:
        start = self._held.lstrip()
        for tag, closing in TAGS.items():
            if start[: len(tag)].lower() == tag:
                self._closing, self._held = closing, start[len(tag) :]
                self._state = self._in_reasoning
                return self._state()
        if not start or any(tag.startswith(start.lower()) for tag in TAGS):
            return ()
        if self._starts_in_thought:
            self._closing, self._state = CLOSING, self._in_reasoning
        else:
            self._state = self._in_text
        return self._state()

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
        self._state = self._as_is
        return self._as_is()

    def _in_text(self) -> tuple[Delta, ...]:
        """Drops a closing tag that begins or ends a line, unless the text has shown the opening one before."""
        if "<" not in self._held and "<" not in self._line:  # nearly always
            text, self._held = self._held, ""
            self._line = _line_end(self._line + text)
            return (Delta(text),)
        text, start = self._line + self._held, len(self._line)
        found, opening = LONE_TAG.search(text), text.find("<think")
        if opening >= 0 and not (found and found.start() < opening):
            self._state = self._as_is
            return self._as_is()
        if found:
            tag_start, tag_end = found.span(found.lastgroup or 0)
            self._held = text[start:tag_start] + text[tag_end:]
            self._state = self._as_is
            return self._as_is()
        last = LAST_TAG.search(text)
        size = last.start() if last else len(text) - _overlap(text, CLOSING)
        self._line, self._held = _line_end(text[:size]), text[size:]
        return _deltas(text=text[start:size])

    def _as_is(self) -> tuple[Delta, ...]:
        text, self._held = self._held, ""
        return _deltas(text=text)


def _line_end(text: str) -> str:
    """The text since the last line break; of a long line the end, behind an ellipsis, so that it costs the same."""
    line = text.rpartition("\n")[2]
    return line if len(line) < 80 else "…" + line[-len(CLOSING) :]


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of `text` may be the beginning of `tag`."""
    sizes = range(min(len(text), len(tag) - 1), 0, -1)
    return next((size for size in sizes if text[-size:].lower() == tag[:size]), 0)


def _deltas(reasoning: str = "", text: str = "") -> tuple[Delta, ...]:
    both = Delta(reasoning=reasoning), Delta(text=text)
    return tuple(delta for delta in both if delta.text or delta.reasoning)
