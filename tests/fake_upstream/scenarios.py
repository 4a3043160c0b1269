"""How the upstream behaves, as a value."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Scenario:
    """One behaviour of the upstream; the default one answers at once and well.

    A field that ends in `_after` and takes a count means: after so many tokens (reasoning included) something
    happens. 0 is before the first token, the number of tokens is before the end; more than that is never.
    """

    # What it answers.
    reply: str | None = None
    """The answer's text. Unset: made from the messages that came, see `answers.py`."""
    tokens: tuple[str, ...] | int | None = None
    """The answer token by token, or how many it shall have. Wins over `reply`; `()` is an empty answer."""
    reasoning: tuple[str, ...] | int = ()
    """Tokens before the answer: `reasoning_content` for OpenAI, a thinking block for Anthropic."""
    finish_reason: str = "stop"
    """In either protocol's words; each protocol translates those it has a word for (length ↔ max_tokens)."""
    drop_usage: bool = False
    """Never says how many tokens were used."""

    # How fast.
    tokens_per_second: float | None = None
    """Unset: as fast as it can."""
    first_token_after: float = 0.0
    """Seconds before the first token; the status and the opening event are not held up by this."""
    headers_after: float = 0.0
    """Seconds before anything is sent, which puts off the rest; `math.inf`: until the client leaves."""
    silence_after: int | None = None
    """Falls silent after so many tokens…"""
    silence_seconds: float = math.inf
    """…for so long, by default until the client leaves."""

    # What it answers instead.
    status: int = 200
    """From 400 up: an error in the protocol's own shape, made from the next fields."""
    message: str = "This is a test of what happens when things fail."
    """`{model}` and `{key}` stand for the model asked for and for the key, masked as OpenAI masks it."""
    type: str | None = None
    """The error's type. Unset, and for `anthropic_error`: what the protocol calls such a status."""
    code: str | None = None
    """OpenAI only, like `param`."""
    param: str | None = None
    anthropic_error: tuple[int, str] | None = None
    """Status and message when Anthropic is asked, where they are not the same."""
    body: str | Mapping[str, Any] | None = None
    """Sent as it is, with `status`, in place of everything else."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """More headers, whatever is answered."""
    retry_after: float | None = None
    """The `Retry-After` header, in seconds."""
    redirect_to: str | None = None
    """307 to this address, in which `{port}` stands for the upstream's own port."""
    html: bool = False
    """A web page, as proxies and wrong addresses answer, with `status`."""
    empty: bool = False
    """`status` and not one byte of body."""
    echo_key: bool = False
    """401 whose text contains the whole key that was sent."""
    refuse_parameters: tuple[str, ...] = ()
    """400 that names the first of these found in the request; without any of them it answers."""
    context_tokens: int | None = None
    """400 when the messages' characters / 4 are more than this."""

    # How the stream breaks.
    error_after: int | None = None
    """The error (500 unless `status` says which) comes inside a stream that began with status 200."""
    cut_after: int | None = None
    """The connection closes in the middle of the next event."""
    reset: bool = False
    """The cut is a TCP reset instead of a regular close."""
    bad_json_after: int | None = None
    """The next event is only half of its JSON."""
    bad_utf8_after: int | None = None
    """The next event contains a byte that no UTF-8 text has."""
    end_without_finish: bool = False
    """The stream ends regularly after the last token, without a word on how the answer ended."""
