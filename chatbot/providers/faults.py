"""From what the SDKs raise to our errors. Their texts are read here, to tell causes apart, and go no further."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import httpx2

from chatbot.errors import (
    BadAnswer,
    ChatbotError,
    ContextOverflow,
    CutOff,
    InvalidKey,
    PermissionDenied,
    ProviderError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
    RequestRefused,
    Unavailable,
    UnknownModel,
)


class Sdk(Protocol):
    """The two exception classes that both SDKs have under the same names, and that say more than their status."""

    @property
    def APIConnectionError(self) -> type[Exception]: ...  # noqa: D102
    @property
    def APITimeoutError(self) -> type[Exception]: ...  # noqa: D102


BY_CODE: dict[str, type[ProviderError]] = {
    "insufficient_quota": QuotaExhausted,
    "billing_error": QuotaExhausted,
    "contract_spend_limit_reached": QuotaExhausted,
    "enforced_spend_limit_reached": QuotaExhausted,
    "context_length_exceeded": ContextOverflow,
    "exceed_context_size_error": ContextOverflow,  # llama.cpp's
    "request_too_large": ContextOverflow,
    "invalid_api_key": InvalidKey,
    "authentication_error": InvalidKey,
    "permission_error": PermissionDenied,
    "model_not_found": UnknownModel,
    "not_found_error": UnknownModel,
    "rate_limit_error": RateLimited,
    "rate_limit_exceeded": RateLimited,
    "overloaded_error": Unavailable,
    "api_error": Unavailable,
    "server_error": Unavailable,
    "server_is_overloaded": Unavailable,
    "service_unavailable_error": Unavailable,
    "timeout_error": ProviderTimeout,
}
"""By the code or type in an error's body, as the providers' references name them; tried before the status."""

BY_STATUS: dict[int, type[ProviderError]] = {
    400: RequestRefused,
    401: InvalidKey,
    402: QuotaExhausted,
    404: UnknownModel,
    408: ProviderTimeout,
    413: ContextOverflow,
    422: RequestRefused,
    429: RateLimited,
    504: ProviderTimeout,
}

BY_PHRASE: dict[str, type[ProviderError]] = {
    "prompt is too long": ContextOverflow,  # Anthropic's, under the type of every bad request
    "maximum context length": ContextOverflow,  # vLLM's
    "credit balance is too low": QuotaExhausted,  # Anthropic's
}

UNREADABLE = (
    json.JSONDecodeError,
    UnicodeDecodeError,
    AssertionError,
    httpx2.DecodingError,
    httpx2.TooManyRedirects,
)
"""What the SDKs let escape when the bytes are not their protocol."""


PATIENCE_SECONDS = 5
"""The longest Retry-After that is slept through before a request is sent once more: a visitor waits for a word."""


@contextmanager
def translated(provider: str, sdk: Sdk, *, streaming: bool = False) -> Iterator[None]:
    """Inside, every exception of the SDK becomes one of ours about `provider`, its label.

    A connection lost while `streaming` is an answer cut off; before that, nobody was there. The original is not
    chained: its text can hold the key that was sent.
    """
    try:
        yield
    except ChatbotError:
        raise
    except Exception as error:
        kind = kind_of(error, sdk)
        if streaming and kind is Unavailable and isinstance(error, sdk.APIConnectionError):
            kind = CutOff
        raise kind(provider, retry_after=_retry_after(error)) from None


def kind_of(error: Exception, sdk: Sdk) -> type[ProviderError]:
    """Which of our errors the SDK's exception is."""
    if isinstance(error, (sdk.APIConnectionError, httpx2.TransportError)):
        return _connection_kind(error, sdk)
    if isinstance(error, UnicodeEncodeError):  # a key is the only header of ours that can hold such characters
        return InvalidKey
    if isinstance(error, UNREADABLE):
        return BadAnswer
    return _told_kind(error)


def _connection_kind(error: Exception, sdk: Sdk) -> type[ProviderError]:
    if isinstance(error.__cause__ or error, (httpx2.ConnectError, httpx2.ConnectTimeout)):
        return Unavailable
    if isinstance(error, (sdk.APITimeoutError, httpx2.TimeoutException)):
        return ProviderTimeout
    return Unavailable if isinstance(error, sdk.APIConnectionError) else CutOff


def _told_kind(error: Exception) -> type[ProviderError]:
    """By what the provider said of it: its code, its words, its status, in this order."""
    status = getattr(error, "status_code", None)
    if status == 403:  # OpenAI gives a model that this key may not use the code of one that does not exist
        return PermissionDenied
    for name in ("code", "error_code", "type"):
        code = getattr(error, name, None)
        if isinstance(code, str) and code in BY_CODE:
            return BY_CODE[code]
    words = str(error).lower()
    for phrase, kind in BY_PHRASE.items():
        if phrase in words:
            return kind
    return _status_kind(status)


def _status_kind(status: int | None) -> type[ProviderError]:
    if status is None:
        return ProviderError
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status >= 500:
        return Unavailable
    return RequestRefused if status >= 400 else BadAnswer


async def wait_not_for_long(response: httpx2.Response) -> None:
    """A hook for the SDKs' HTTP clients: they would sleep through any Retry-After, be it an hour."""
    wait = response.headers.get("retry-after")
    if wait and not (wait.isdecimal() and int(wait) <= PATIENCE_SECONDS):
        response.headers["x-should-retry"] = "false"


def _retry_after(error: Exception) -> float | None:
    """Seconds that the provider asked to wait; a date in the header counts as not said."""
    response = getattr(error, "response", None)
    wait = "" if response is None else response.headers.get("retry-after", "")
    return float(wait) if wait.isdecimal() else None
