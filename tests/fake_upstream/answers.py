"""Composes answers, independent of a wire format: by default an answer that repeats the request."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tests.fake_upstream.scenarios import Scenario

Json = dict[str, Any]
Kind = Literal["reasoning", "text"]

# A name is one word and all capitalized words after it: "Ada Lovelace", but not "Ada and I like tea".
_NAME = re.compile(r"(?i:\bmy\s+name\s+is)\s+([^\s.,;:!?]+(?:[ \t]+[A-Z][^\s.,;:!?]*)*)")
_QUESTION = re.compile(r"(?i)\bwhat(?:['’]s|\s+is)\s+my\s+name\b")
_FACT = re.compile(r"\bmy \w+ is called \w+", re.IGNORECASE)
_SUMMARIZE = re.compile(r"\bSummarise our conversation\b")


@dataclass(frozen=True)
class Chunk:
    """One token of the reasoning or of the text."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Answer:
    """A model's answer to a request."""

    pieces: tuple[Chunk, ...]
    finish_reason: str
    input_tokens: int

    def text(self, kind: Kind) -> str:
        """Returns the joined tokens of one kind."""
        return "".join(piece.text for piece in self.pieces if piece.kind == kind)

    @property
    def reasoning_tokens(self) -> int:
        return sum(piece.kind == "reasoning" for piece in self.pieces)


def compose(body: Json, scenario: Scenario) -> Answer:
    """Returns the scenario's answer to a request in either wire format."""
    reasoning = _numbered(scenario.reasoning)
    text = _tokens(body, scenario)
    return Answer(
        pieces=(
            *(Chunk("reasoning", token) for token in reasoning),
            *(Chunk("text", token) for token in text),
        ),
        finish_reason=scenario.finish_reason,
        input_tokens=count_tokens(body),
    )


def _tokens(body: Json, scenario: Scenario) -> tuple[str, ...]:
    if scenario.tokens is not None:
        return _numbered(scenario.tokens)
    reply = _reply_to(body) if scenario.reply is None else scenario.reply
    return tuple(re.findall(r"\s*\S+|\s+", reply))


def _numbered(tokens: tuple[str, ...] | int) -> tuple[str, ...]:
    """Returns the tokens; makes numbered words for a count, so that tests see a lost or repeated one."""
    if isinstance(tokens, tuple):
        return tokens
    return tuple(f"{' ' if number > 1 else ''}word{number}" for number in range(1, tokens + 1))


def _reply_to(body: Json) -> str:
    everything = "\n".join(text for _, text in messages(body))
    texts = [text for role, text in messages(body) if role == "user"]
    last = texts[-1] if texts else ""
    if _SUMMARIZE.search(last):
        return ". ".join(["Summary", *dict.fromkeys(_FACT.findall(everything))])
    names = _NAME.findall("\n".join(texts))
    if names and _QUESTION.search(last):
        return f"Your name is {names[-1]}."
    return f"You said: {last}"


def messages(body: Json) -> Iterator[tuple[str, str]]:
    """Yields role and text of each message, and of Anthropic's system prompt, which is not among them."""
    if system := text_of(body.get("system")):
        yield "system", system
    for message in body.get("messages") or []:
        yield message.get("role", ""), text_of(message.get("content"))


def text_of(content: str | list[Json] | None) -> str:
    """Returns the text of a content: a string or a list of parts."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or [])


def count_tokens(body: Json) -> int:
    """Estimates the request's tokens: a quarter of its characters."""
    return sum(len(text) for _, text in messages(body)) // 4
