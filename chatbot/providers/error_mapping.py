"""Maps what goes wrong with a provider to our errors: exceptions of the SDKs and of their HTTP client, and refusals."""

import json
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import httpx2

from chatbot.errors import (
    ChatbotError,
    ContextOverflow,
    FilesNotRead,
    InvalidKey,
    ProviderError,
    ProviderTimeout,
    StreamCutOff,
    Unavailable,
    UnreadableAnswer,
)
from chatbot.providers.connection_errors import network_error_class
from chatbot.providers.error_meanings import meaning
from chatbot.providers.event_stream import UnreadableRecord
from chatbot.providers.refusal_details import not_read, token_counts
from chatbot.providers.refusals import Refusal


class Sdk(Protocol):
    """The two exception classes that both SDKs have under the same names, and that say more than their status."""

    @property
    def APIConnectionError(self) -> type[Exception]: ...
    @property
    def APITimeoutError(self) -> type[Exception]: ...
    @property
    def APIStatusError(self) -> type[Exception]: ...


UNREADABLE = (
    json.JSONDecodeError,
    UnicodeDecodeError,
    UnreadableRecord,
    AssertionError,
    httpx2.DecodingError,
    httpx2.TooManyRedirects,
)
"""What is raised if the bytes are not the protocol."""


@contextmanager
def map_errors(provider: str, sdk: Sdk, *, streaming: bool = False, has_files: bool = False) -> Iterator[None]:
    """Inside, every exception becomes one of ours about `provider`, its label.

    A connection that is lost while `streaming` cuts the answer off; before that, the provider is unavailable.
    `has_files` is as for `meaning`. The original is not chained: its text can hold the key that was sent.
    """
    try:
        yield
    except ChatbotError:
        raise
    except Exception as error:
        mapped = _mapped(error, provider, sdk, streaming, has_files)
        _release_frames(error)
        raise mapped from None


def _mapped(error: Exception, provider: str, sdk: Sdk, streaming: bool, has_files: bool) -> ProviderError:
    if isinstance(error, Refusal):
        return refusal_error(error, provider, has_files=has_files)
    kind = error_class(error, sdk)
    if streaming and kind is Unavailable and isinstance(error, sdk.APIConnectionError):
        kind = StreamCutOff
    return kind(provider)


def refusal_error(refusal: Refusal, provider: str, *, has_files: bool = False) -> ProviderError:
    """Our error for what the server said."""
    kind, detail = meaning(refusal, has_files=has_files)
    mapped = kind(provider, *filter(None, (detail,)), retry_after=refusal.retry_after)
    if isinstance(mapped, ContextOverflow):
        mapped.prompt_tokens, mapped.context_tokens = token_counts(refusal)
    if isinstance(mapped, FilesNotRead):
        mapped.images, mapped.documents = not_read(refusal)
    return mapped


def _release_frames(error: BaseException) -> None:
    """Clears the frames of the failed calls, which hold the half-read stream. The garbage collector would find it
    later, in any thread, and could not close it there."""
    current: BaseException | None = error
    while current:
        traceback.clear_frames(current.__traceback__)
        current = current.__context__


def error_class(error: Exception, sdk: Sdk) -> type[ProviderError]:
    """The class of our error for an exception of the SDK or its HTTP client."""
    if isinstance(error, (sdk.APIConnectionError, httpx2.TransportError)):
        return _connection_error_class(error, sdk)
    if isinstance(error, UnicodeEncodeError):  # a key is the only header of ours that can hold such characters
        return InvalidKey
    if isinstance(error, TimeoutError):
        return ProviderTimeout
    if isinstance(error, UNREADABLE):
        return UnreadableAnswer
    status = getattr(error, "status_code", None)
    if status is not None and status < 300:
        return UnreadableAnswer
    return meaning(Refusal.from_sdk(error))[0]


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
