"""Maps what the SDKs raise to our errors. Their texts are read here to tell causes apart, and go no further."""

import json
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import httpx2

from chatbot.errors import (
    ChatbotError,
    ContextOverflow,
    InvalidKey,
    PermissionDenied,
    ProviderError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
    RequestRefused,
    ServiceUnavailable,
    StreamCutOff,
    Unavailable,
    UnknownModel,
    UnreachableProxy,
    UnreadableAnswer,
    WrongBaseUrl,
)
from chatbot.providers.connection_errors import network_error_class


class Sdk(Protocol):
    """The two exception classes that both SDKs have under the same names, and that say more than their status."""

    @property
    def APIConnectionError(self) -> type[Exception]: ...
    @property
    def APITimeoutError(self) -> type[Exception]: ...


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
    "overloaded_error": ServiceUnavailable,
    "api_error": ServiceUnavailable,
    "server_error": ServiceUnavailable,
    "server_is_overloaded": ServiceUnavailable,
    "service_unavailable_error": ServiceUnavailable,
    "timeout_error": ProviderTimeout,
}
"""By the code or type in an error's body, as the providers' references name them; checked before the status."""

BY_STATUS: dict[int, type[ProviderError]] = {
    400: RequestRefused,
    401: InvalidKey,
    402: QuotaExhausted,
    404: UnknownModel,
    405: WrongBaseUrl,
    407: UnreachableProxy,
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
"""What the SDKs raise if the bytes are not their protocol."""


NO_SUCH_PATH = ("invalid url (", "file not found")
"""OpenAI's and llama.cpp's words for an unknown path; an unknown model is a 404 as well."""

LENGTHS = (
    re.compile(r"context length is (?P<most>\d+)\D.*?(?:requested|resulted in) (?P<sent>\d+)"),  # OpenAI, vLLM
    re.compile(r"(?P<sent>\d+) tokens > (?P<most>\d+)"),  # Anthropic
)
"""How providers put the numbers of a prompt that is too long into words."""


@contextmanager
def map_errors(provider: str, sdk: Sdk, *, streaming: bool = False) -> Iterator[None]:
    """Inside, every exception of the SDK becomes one of ours about `provider`, its label.

    A connection that is lost while `streaming` cuts the answer off; before that, the provider is unavailable. The
    original is not chained: its text can hold the key that was sent.
    """
    try:
        yield
    except ChatbotError:
        raise
    except Exception as error:
        raise _mapped(error, provider, sdk, streaming) from None


def _mapped(error: Exception, provider: str, sdk: Sdk, streaming: bool) -> ProviderError:
    kind = error_class(error, sdk)
    if streaming and kind is Unavailable and isinstance(error, sdk.APIConnectionError):
        kind = StreamCutOff
    mapped = kind(provider, retry_after=_retry_after(error))
    if isinstance(mapped, ContextOverflow):
        mapped.prompt_tokens, mapped.context_tokens = _token_counts(error)
    _release_frames(error)
    return mapped


def _release_frames(error: BaseException) -> None:
    """Clears the frames of the failed calls, which hold the half-read stream. The garbage collector would find it
    later, in any thread, and could not close it there."""
    current: BaseException | None = error
    while current:
        traceback.clear_frames(current.__traceback__)
        current = current.__context__


def error_class(error: Exception, sdk: Sdk) -> type[ProviderError]:
    """The class of our error for the SDK's exception."""
    if isinstance(error, (sdk.APIConnectionError, httpx2.TransportError)):
        return _connection_error_class(error, sdk)
    if isinstance(error, UnicodeEncodeError):  # a key is the only header of ours that can hold such characters
        return InvalidKey
    if isinstance(error, UNREADABLE):
        return UnreadableAnswer
    return _response_error_class(error)


def _connection_error_class(error: Exception, sdk: Sdk) -> type[ProviderError]:
    if kind := network_error_class(error):
        return kind
    cause = error.__cause__ or error
    if isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout)):
        return Unavailable
    if isinstance(cause, httpx2.LocalProtocolError):  # a line break inside the key, as above
        return InvalidKey
    if isinstance(error, (sdk.APITimeoutError, httpx2.TimeoutException)):
        return ProviderTimeout
    return Unavailable if isinstance(error, sdk.APIConnectionError) else StreamCutOff


def _response_error_class(error: Exception) -> type[ProviderError]:
    """By the code, the words and the status that the provider sent, in this order."""
    status = _status(error)
    if status == 403:  # OpenAI gives a model that this key may not use the code of one that does not exist
        return PermissionDenied
    if status == 404 and not _is_in_protocol(error):
        return WrongBaseUrl
    for name in ("code", "error_code", "type"):
        code = getattr(error, name, None)
        if isinstance(code, str) and code in BY_CODE:
            return BY_CODE[code]
    words = str(error).lower()
    for phrase, kind in BY_PHRASE.items():
        if phrase in words:
            return kind
    return _status_error_class(status)


def _status_error_class(status: int | None) -> type[ProviderError]:
    if status is None:
        return ProviderError
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status >= 500:
        return ServiceUnavailable
    return RequestRefused if status >= 400 else UnreadableAnswer


def _status(error: Exception) -> int | None:
    """The HTTP status. An error inside a stream has none, or 200; some servers send the status as its code."""
    status = getattr(error, "status_code", None)
    if status is None or status < 300:
        code = str(getattr(error, "code", None) or "")
        status = int(code) if re.fullmatch(r"[45]\d\d", code) else status
    return status


def _is_in_protocol(error: Exception) -> bool:
    """Whether a server that knows the protocol wrote the response."""
    response = getattr(error, "response", None)
    if response is None:
        return True
    try:
        body = response.json()
    except ValueError:
        return False
    has_error = isinstance(body, dict) and bool(body.keys() & {"error", "message"})
    return has_error and not any(phrase in str(error).lower() for phrase in NO_SUCH_PATH)


def _token_counts(error: Exception) -> tuple[int | None, int | None]:
    """How many tokens were sent, and how many the model reads, if the provider says so."""
    body = getattr(error, "body", None)
    fields = body if isinstance(body, dict) else {}
    sent, most = fields.get("n_prompt_tokens"), fields.get("n_ctx")  # llama.cpp's
    if isinstance(sent, int) and isinstance(most, int):
        return sent, most
    found = next((match for pattern in LENGTHS if (match := pattern.search(str(error)))), None)
    return (int(found["sent"]), int(found["most"])) if found else (None, None)


def _retry_after(error: Exception) -> float | None:
    """The seconds in the Retry-After header; a date in it counts as nothing."""
    response = getattr(error, "response", None)
    wait = "" if response is None else response.headers.get("retry-after", "")
    return float(wait) if wait.isdecimal() else None
