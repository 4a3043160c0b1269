"""Scenario: a behaviour of the upstream."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Scenario:
    """One behaviour of the upstream; by default it answers at once, without faults.

    An integer field that ends in `_after` is the number of tokens (reasoning included) before an event: 0 is before the
    first token, the answer's number of tokens is before the end, a greater number is never.
    """

    # The answer.
    reply: str | None = None
    """The answer's text; None: made from the request's messages, see `answers.py`."""
    tokens: tuple[str, ...] | int | None = None
    """The answer's tokens, or their number. Overrides `reply`; `()` is an empty answer."""
    reasoning: tuple[str, ...] | int = ()
    """Tokens before the text: `reasoning_content` for OpenAI, a thinking block for Anthropic."""
    finish_reason: str = "stop"
    """OpenAI's or Anthropic's term; each wire format translates it (length ↔ max_tokens)."""
    drop_usage: bool = False
    """Sends no usage."""

    # The speed.
    tokens_per_second: float | None = None
    """None: no limit."""
    first_token_after: float = 0.0
    """Seconds before the first token. The status and the opening event are sent at once."""
    headers_after: float = 0.0
    """Seconds before the status is sent; `math.inf`: until the client disconnects."""
    silence_after: int | None = None
    """Sends nothing for `silence_seconds` after so many tokens."""
    silence_seconds: float = math.inf
    """By default until the client disconnects."""

    # Responses in place of an answer.
    status: int = 200
    """From 400 on: an error in the wire format, made from the next fields."""
    message: str = "This is a test of what happens when things fail."
    """`{model}` and `{key}` are replaced by the request's model and its key, masked as OpenAI masks it."""
    type: str | None = None
    """The error's type; None, and for `anthropic_error`: the type that belongs to the status."""
    code: str | None = None
    """Only for OpenAI, like `param`."""
    param: str | None = None
    anthropic_error: tuple[int, str] | None = None
    """Status and message for Anthropic, if they differ."""
    body: str | bytes | Mapping[str, Any] | None = None
    """Sent unchanged, with `status`."""
    stays_open: bool = False
    """The connection stays open after a `body` that is a text or bytes, until the client disconnects."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Additional headers of every response."""
    retry_after: float | None = None
    """The `Retry-After` header, in seconds."""
    redirect_to: str | None = None
    """Status 307 to this address; `{port}` is replaced by the upstream's port."""
    html: bool = False
    """A web page with `status`, as proxies and wrong addresses send."""
    empty: bool = False
    """`status` and an empty body."""
    echo_key: bool = False
    """Status 401 with the whole key in the message."""
    refuse_parameters: tuple[str, ...] = ()
    """Status 400 that names the first of these parameters in the request; without any of them it answers."""
    context_tokens: int | None = None
    """Status 400 if a quarter of the messages' characters is more than this."""

    # Faults of the stream.
    error_after: int | None = None
    """Sends the error (`status`, or 500) inside a stream that began with status 200."""
    cut_after: int | None = None
    """Closes the connection in the middle of the next event."""
    reset: bool = False
    """Cuts with a TCP reset instead of a normal close."""
    bad_json_after: int | None = None
    """Sends only half of the next event's JSON."""
    bad_utf8_after: int | None = None
    """Puts an invalid UTF-8 byte into the next event."""
    end_without_finish: bool = False
    """Ends the stream normally after the last token, without a finish reason."""
