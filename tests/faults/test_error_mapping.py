"""Every exception of the SDKs and their HTTP client maps to one of ours, or is excluded with a reason."""

from collections.abc import Iterator
from types import ModuleType

import anthropic
import httpx2
import openai
import pytest

from chatbot.errors import (
    InvalidKey,
    PermissionDenied,
    ProviderError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
    RequestRefused,
    RequestTooLarge,
    ServiceUnavailable,
    StreamCutOff,
    Unavailable,
    UnreadableAnswer,
    WrongBaseUrl,
)
from chatbot.providers.error_mapping import error_class

Kinds = dict[str, type[ProviderError]]

BY_STATUS: Kinds = {
    "APIStatusError": RequestRefused,  # created below with the unknown status 418
    "APIResponseValidationError": UnreadableAnswer,
    "BadRequestError": RequestRefused,
    "AuthenticationError": InvalidKey,
    "PermissionDeniedError": PermissionDenied,
    "NotFoundError": WrongBaseUrl,  # without a body, which would name the model
    "ConflictError": RequestRefused,
    "UnprocessableEntityError": RequestRefused,
    "RateLimitError": RateLimited,
    "InternalServerError": ServiceUnavailable,
}
CONNECTION: Kinds = {
    "APIConnectionError": Unavailable,
    "APITimeoutError": ProviderTimeout,
    "APIError": ProviderError,  # an error inside a stream, with an unknown code
}
OPENAI: Kinds = BY_STATUS | CONNECTION
ANTHROPIC: Kinds = OPENAI | {
    "PaymentRequiredError": QuotaExhausted,
    "RequestTimeoutError": ProviderTimeout,
    "PreconditionFailedError": RequestRefused,
    "ContentTooLargeError": RequestTooLarge,
    "RequestHeaderFieldsTooLargeError": RequestRefused,
    "ClientClosedRequestError": StreamCutOff,
    "HTTPNotImplementedError": ServiceUnavailable,
    "ServiceUnavailableError": ServiceUnavailable,
    "GatewayTimeoutError": ProviderTimeout,
    "OverloadedError": ServiceUnavailable,
}
HTTPX2: Kinds = {
    "TransportError": StreamCutOff,
    "TimeoutException": ProviderTimeout,
    "ConnectTimeout": Unavailable,
    "ReadTimeout": ProviderTimeout,
    "WriteTimeout": ProviderTimeout,
    "PoolTimeout": ProviderTimeout,
    "NetworkError": StreamCutOff,
    "ReadError": StreamCutOff,
    "WriteError": StreamCutOff,
    "ConnectError": Unavailable,
    "CloseError": StreamCutOff,
    "ProtocolError": StreamCutOff,
    "RemoteProtocolError": StreamCutOff,
    "DecodingError": UnreadableAnswer,
    "TooManyRedirects": UnreadableAnswer,
}
EXPECTED: dict[ModuleType, Kinds] = {openai: OPENAI, anthropic: ANTHROPIC, httpx2: HTTPX2}

KEYS = "credentials other than a key: we always pass a key"
PARSING = "a method that parses what was said: we stream"
SOCKETS = "a WebSocket: we have none"
BEFORE = "raised before the response, so that the SDKs wrap it in APIConnectionError"
MISUSE = "a mistake in the SDK's or our code, not an answer"

EXCLUDED: dict[ModuleType, dict[str, str]] = {
    openai: {
        "OpenAIError": "only its subclasses are raised, or a client without a key, and ours always has one",
        "SubjectTokenProviderError": KEYS,
        "MutuallyExclusiveAuthError": KEYS,
        "LengthFinishReasonError": PARSING,
        "ContentFilterFinishReasonError": PARSING,
        "WebSocketConnectionClosedError": SOCKETS,
        "WebSocketQueueFullError": SOCKETS,
        "StreamAlreadyConsumed": MISUSE,
        "APIRemovedInV1": MISUSE,
        "_AmbiguousModuleClientUsageError": MISUSE,
    },
    anthropic: {
        "AnthropicError": "only its subclasses are raised",
        "APIWebhookValidationError": "a webhook: we have none",
        "RetryableError": "raised by middleware: we have none",
        "CredentialsError": KEYS,
        "IdentityTokenFileError": KEYS,
        "WorkloadIdentityError": KEYS,
        "MutuallyExclusiveAuthError": KEYS,
        "MissingDependencyError": "an extra of the SDK: we use none",
        "ToolsetUsageError": "tools: we have none",
        "ToolsetConfigError": "tools: we have none",
        "ToolsetContractError": "tools: we have none",
        "ToolsetsFixedError": "tools: we have none",
        "ToolsetClosedError": "tools: we have none",
        "StreamAlreadyConsumed": MISUSE,
    },
    httpx2: {
        "HTTPError": "only its subclasses are raised",
        "RequestError": "only its subclasses are raised",
        "HTTPStatusError": "raised by raise_for_status, which the SDKs turn into their own",
        "InvalidURL": "raised when a client is created, before any request",
        "CookieConflict": "raised when a cookie is looked up: we look up none",
        "ProxyError": BEFORE,
        "UnsupportedProtocol": BEFORE,
        "LocalProtocolError": BEFORE,
        "SSEError": "of the client's own event streams: the SDKs read theirs themselves",
        "StreamError": MISUSE,
        "StreamConsumed": MISUSE,
        "StreamClosed": MISUSE,
        "ResponseNotRead": MISUSE,
        "RequestNotRead": MISUSE,
    },
}

ROOTS: dict[ModuleType, tuple[type[Exception], ...]] = {
    openai: (openai.OpenAIError,),
    anthropic: (anthropic.AnthropicError,),
    httpx2: (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL, httpx2.CookieConflict),
}

STATUS = {"APIStatusError": 418, "APIResponseValidationError": 200, "InternalServerError": 500}
"""Statuses of the classes that do not name their own."""

REFINED = ANTHROPIC.keys() - CONNECTION.keys() - {"APIStatusError"}
"""Classes whose subclasses need no entry: they refine a status, and map to the same error."""


def classes_of(sdk: ModuleType) -> list[type[Exception]]:
    """Returns all exception classes that the package itself defines."""
    found = {each for root in ROOTS[sdk] for each in (root, *subclasses_of(root))}
    return sorted((each for each in found if each.__module__.partition(".")[0] == sdk.__name__), key=str)


def subclasses_of(root: type[Exception]) -> Iterator[type[Exception]]:
    for each in root.__subclasses__():
        yield each
        yield from subclasses_of(each)


def name_for(cls: type[Exception], sdk: ModuleType) -> str:
    """Returns the name of the class in the table: its own, or that of the class that it refines."""
    own = cls.__name__
    if sdk is httpx2 or own in EXPECTED[sdk]:
        return own
    return next((each.__name__ for each in cls.__mro__ if each.__name__ in REFINED), own)


def make_error(cls: type[Exception], name: str) -> Exception:
    """Creates an instance with nothing but its status."""
    error = cls.__new__(cls)
    if name in STATUS:
        vars(error)["status_code"] = STATUS[name]
    return error


def test_every_expected_exception_exists() -> None:
    for sdk, expected in EXPECTED.items():
        assert expected.keys() <= {cls.__name__ for cls in classes_of(sdk)}
        assert not expected.keys() & EXCLUDED[sdk].keys()


@pytest.mark.parametrize(
    ("sdk", "cls"), [(sdk, cls) for sdk in EXPECTED for cls in classes_of(sdk) if cls.__name__ not in EXCLUDED[sdk]]
)
def test_every_exception_of_an_sdk_is_mapped(sdk: ModuleType, cls: type[Exception]) -> None:
    name = name_for(cls, sdk)
    assert name in EXPECTED[sdk], f"{sdk.__name__} has a new exception: map it, or say why it cannot occur"
    asked_by = openai if sdk is httpx2 else sdk
    assert error_class(make_error(cls, name), asked_by) is EXPECTED[sdk][name]


@pytest.mark.parametrize("sdk", [openai, anthropic])
@pytest.mark.parametrize("cause", [httpx2.ConnectTimeout, httpx2.ConnectError])
def test_a_failed_connection_is_not_a_provider_timeout(sdk: ModuleType, cause: type[Exception]) -> None:
    wrapped = sdk.APITimeoutError(request=httpx2.Request("POST", "http://test"))
    wrapped.__cause__ = cause("told")
    assert error_class(wrapped, sdk) is Unavailable
