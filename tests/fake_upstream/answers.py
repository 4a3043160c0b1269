"""What the upstream has to say, before any protocol: an answer that shows what it was sent."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tests.fake_upstream.scenarios import Scenario

Json = dict[str, Any]
Kind = Literal["reasoning", "text"]

# A name is one word, and more while they begin with a capital: "Ada Lovelace", but not "Ada and I like tea".
_NAME = re.compile(r"(?i:\bmy\s+name\s+is)\s+([^\s.,;:!?]+(?:[ \t]+[A-Z][^\s.,;:!?]*)*)")
_QUESTION = re.compile(r"(?i)\bwhat(?:['’]s|\s+is)\s+my\s+name\b")


@dataclass(frozen=True)
class Chunk:
    """One token, of the reasoning or of the answer itself."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Answer:
    """What a model made of a request."""

    pieces: tuple[Chunk, ...]
    finish_reason: str
    input_tokens: int

    def text(self, kind: Kind) -> str:
        """All of one kind, joined."""
        return "".join(piece.text for piece in self.pieces if piece.kind == kind)

    @property
    def reasoning_tokens(self) -> int:
        return sum(piece.kind == "reasoning" for piece in self.pieces)


def compose(body: Json, scenario: Scenario) -> Answer:
    """The answer to a request of either protocol, as the scenario wants it."""
    reasoning = _counted(scenario.reasoning)
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
        return _counted(scenario.tokens)
    reply = _reply_to(body) if scenario.reply is None else scenario.reply
    return tuple(re.findall(r"\s*\S+|\s+", reply))


def _counted(tokens: tuple[str, ...] | int) -> tuple[str, ...]:
    """Words that say which they are, so that a lost or doubled one is seen."""
    if isinstance(tokens, tuple):
        return tokens
    return tuple(f"{' ' if number > 1 else ''}word{number}" for number in range(1, tokens + 1))


def _reply_to(body: Json) -> str:
    said = [text for role, text in messages(body) if role == "user"]
    last = said[-1] if said else ""
    names = _NAME.findall("\n".join(said))
    if names and _QUESTION.search(last):
        return f"Your name is {names[-1]}."
    return f"You said: {last}"


def messages(body: Json) -> Iterator[tuple[str, str]]:
    """Role and text of each message, and of Anthropic's system prompt, which stands beside them."""
    if system := text_of(body.get("system")):
        yield "system", system
    for message in body.get("messages") or []:
        yield message.get("role", ""), text_of(message.get("content"))


def text_of(content: str | list[Json] | None) -> str:
    """A content's text, whether it came as a string or in parts."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or [])


def count_tokens(body: Json) -> int:
    """Four characters to a token, over everything that was sent."""
    return sum(len(text) for _, text in messages(body)) // 4
