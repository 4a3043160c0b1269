"""Everything that can go wrong, as one tree. Programs read `code` and `status`; people read words, made at the edge.

ChatbotError                    500
├── SettingsError               a variable or flag that cannot be used: the start ends
├── Unauthorized                401  no session token, or not a genuine one
│   └── LoginNeeded             401  logins are set, and the call has none
├── TooManyLogins               429  wrong ones from one address
├── NotFound                    404  no such conversation, message or file in this session
├── Busy                        409  the conversation already has a running answer
├── NotTemporary                409  a temporary message to a stored conversation
├── InvalidMessage              422  empty, too long, or with impossible settings
├── InvalidFile                 422  an import that this app did not export
├── InvalidAttachment           422  a file that no model can be sent
├── TooLarge                    413  a body, a file, or all files of a session
├── UploadTimeout               408  a body that stopped half way
├── TooManyMessages             429  in a minute; retryable
├── TooManyAnswers              429  at once, in one session; retryable
├── DailyLimitReached           429  the day's tokens on the operator's keys
├── TooManyConversations        409  in one session
├── TooManySessions             503  retryable
├── DownloadsOff                403  CHATBOT_LOCAL_DOWNLOADS
├── DownloadRefused             409  no disk, no memory, or the hub has no such file for us
├── NoProvider                  503  nothing is configured that can answer
├── StorageError                500  the disk or the database refused
│   └── LostLease                    another process may have gone on with the answer
├── ShuttingDown                503  retryable: the process is about to end
└── ProviderError               502  the model's side failed
    ├── InvalidKey              502
    ├── PermissionDenied        502
    ├── UnknownModel            502
    ├── WrongBaseUrl            502
    ├── QuotaExhausted          502
    ├── RateLimited             502  retryable
    ├── ContextOverflow         502
    │   ├── RequestTooLarge     502  a proxy's limit of bytes
    │   └── TokenRateExceeded   502  one request is more than the account may send in a minute
    ├── ContentFiltered         502  the provider's filter refused the text
    ├── RequestRefused          502
    │   └── FilesNotRead        502  the model reads text only
    ├── UnreadableAnswer        502  retryable: not the protocol
    ├── EmptyAnswer             502  retryable: a normal end without text
    ├── StreamCutOff            502  retryable: the stream ended before the answer did
    ├── Unavailable             503  retryable: unreachable
    │   ├── UnreachableProxy            503  retryable: HTTPS_PROXY and the like
    │   ├── UntrustedCertificate        503  SSL_CERT_FILE and the like
    │   └── ServiceUnavailable          503  retryable: reached, but overloaded or out of order
    ├── ModelNotLoaded          503  the local model
    └── ProviderTimeout         504  retryable: silence

An error carries a code, a detail and parameters. Their words are the text `failure.<code>.<detail>` of a locale. What a
provider wrote never gets into one: it can contain keys and prompts.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from chatbot.i18n import Text


class ChatbotError(Exception):
    """A failure with a `code` for programs, an HTTP `status`, and a `text` for people; `str(error)` is its English.

    `detail` chooses a more exact text than the code's own, `params` are the values in it, and `retry_after` is how
    many seconds to wait before trying again, if that is known.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    detail: ClassVar[str] = ""

    def __init__(self, detail: str = "", *, retry_after: float | None = None, **params: Any) -> None:
        super().__init__(detail)
        name = detail or self.detail
        self.retry_after = retry_after
        self.text = Text(f"failure.{self.code}.{name}" if name else f"failure.{self.code}", params)

    def __str__(self) -> str:
        return str(self.text)

    def with_alternatives(self, labels: Sequence[str | Text]) -> Self:
        """The same error; if another provider may help, its text adds the labels of those that are set up."""
        return self

    def without_traceback(self) -> Self:
        """Drops the traceback and chained errors: their frames keep half-read streams alive, which the garbage
        collector would then close in whatever thread it runs in."""
        self.__traceback__ = self.__context__ = self.__cause__ = None
        return self


class SettingsError(ChatbotError):
    """A variable or flag that cannot be used. The line names it and what was expected, never a secret."""

    code = "settings"

    def __init__(self, line: str) -> None:
        super().__init__()
        self.line = line

    def __str__(self) -> str:
        return self.line


class Unauthorized(ChatbotError):
    """No session token, or one that this server did not sign."""

    code = "unauthorized"
    status = 401


class LoginNeeded(Unauthorized):
    """Logins are set, and the call has neither one of them nor a session's token."""

    detail = "login"


class TooManyLogins(ChatbotError):
    """So many wrong logins from one address that none is tried for a while."""

    code = "too_many_logins"
    status = 429
    retryable = True


class NotFound(ChatbotError):
    """No such conversation in this session, whether or not another session has one."""

    code = "not_found"
    status = 404


class Busy(ChatbotError):
    """The conversation already has a running answer."""

    code = "busy"
    status = 409


class NotTemporary(ChatbotError):
    """A message that is to be temporary, to a conversation that is stored already."""

    code = "not_temporary"
    status = 409


class InvalidMessage(ChatbotError):
    """A message that cannot be sent."""

    code = "invalid"
    status = 422
    detail = "empty"


class NotPossible(ChatbotError):
    """What is asked for cannot be done with the conversation as it is; the text says why."""

    code = "not_possible"
    status = 409


class InvalidFile(ChatbotError):
    """An import that is not a conversation."""

    code = "invalid"
    status = 422
    detail = "import"


class InvalidAttachment(ChatbotError):
    """A file that cannot come with a message; the text names it and says why."""

    code = "invalid_attachment"
    status = 422


class TooLarge(ChatbotError):
    """A body, a file, or all files of a session together, are larger than allowed."""

    code = "too_large"
    status = 413


class UploadTimeout(ChatbotError):
    """A body that did not go on."""

    code = "upload_timeout"
    status = 408
    retryable = True


class TooManyMessages(ChatbotError):
    """More messages in a minute than the operator allows, from one session or one address."""

    code = "rate_limited"
    status = 429
    retryable = True

    def __init__(self, *, retry_after: float | None = None) -> None:
        super().__init__(retry_after=retry_after, wait=waiting_time(retry_after, exact=True))


class TooManyAnswers(ChatbotError):
    """The session has as many running answers as it may."""

    code = "too_many_answers"
    status = 429
    retryable = True

    def __init__(self) -> None:
        super().__init__(retry_after=5)


class DailyLimitReached(ChatbotError):
    """The operator's keys have paid for as many tokens today as they may."""

    code = "daily_limit"
    status = 429


class TooManyConversations(ChatbotError):
    """The session has as many conversations, or saved prompts, as it may."""

    code = "too_many_conversations"
    status = 409


class TooManySessions(ChatbotError):
    """There are as many sessions as there may be."""

    code = "full"
    status = 503
    retryable = True

    def __init__(self) -> None:
        super().__init__(retry_after=3600)


class StorageError(ChatbotError):
    """The disk or the database refused to read or write."""

    code = "storage"


class LostLease(StorageError):
    """This process did not respond for so long that its answer counts as interrupted: another one may go on with it."""

    detail = "interrupted"


class ShuttingDown(ChatbotError):
    """The process is about to end, and saves the running answers."""

    code = "closing"
    status = 503
    retryable = True


class _OneProviderFailed(ChatbotError):
    """A failure of one provider that another may not have."""

    def with_alternatives(self, labels: Sequence[str | Text]) -> Self:
        *others, last = labels or [""]
        if others:
            self.text = Text(
                "failure.alternatives", {"sentence": self.text, "labels": ", ".join(map(str, others)), "label": last}
            )
        elif last:
            self.text = Text("failure.alternative", {"sentence": self.text, "label": last})
        return self


class DownloadsOff(ChatbotError):
    """Visitors may not fetch or remove local models here."""

    code = "downloads_off"
    status = 403


class DownloadRefused(ChatbotError):
    """A local model that cannot be downloaded. `cause` is a text under `cause.`."""

    code = "download_refused"
    status = 409

    def __init__(self, cause: Text | None) -> None:
        super().__init__(cause=cause)


class NoProvider(_OneProviderFailed):
    """Nothing is configured that can answer."""

    code = "no_provider"
    status = 503


class ProviderError(_OneProviderFailed):
    """The model's side failed. `provider` is the provider's label, as people know it."""

    code = "provider_error"
    status = 502

    def __init__(self, provider: str, detail: str = "", *, retry_after: float | None = None, **params: Any) -> None:
        super().__init__(detail, retry_after=retry_after, provider=provider, **params)
        self.provider = provider


class InvalidKey(ProviderError):
    """The provider does not accept the key."""

    code = "provider_invalid_key"


class PermissionDenied(ProviderError):
    """The key is good, but not for this."""

    code = "provider_permission"


class UnknownModel(ProviderError):
    """The provider has no such model."""

    code = "provider_unknown_model"


class WrongBaseUrl(ProviderError):
    """There is a server, but nothing at this path."""

    code = "provider_wrong_address"


class QuotaExhausted(ProviderError):
    """The account has no credit left; waiting does not help."""

    code = "provider_quota"


class RateLimited(ProviderError):
    """Too many requests for the account; waiting helps."""

    code = "provider_rate_limited"
    retryable = True

    def __init__(self, provider: str, *, retry_after: float | None = None) -> None:
        super().__init__(provider, retry_after=retry_after, wait=waiting_time(retry_after))


class ContextOverflow(ProviderError):
    """The messages are longer than the model can read. `prompt_tokens` were sent and the model reads `context_tokens`
    at most, in its own tokens, if the provider said so."""

    code = "provider_context_overflow"
    prompt_tokens: int | None = None
    context_tokens: int | None = None

    def with_alternatives(self, labels: Sequence[str | Text]) -> Self:
        return self  # the message is as long for any other provider


class RequestTooLarge(ContextOverflow):
    """The request has more bytes than a proxy on the way, or the server, takes."""

    code = "provider_request_too_large"

    def with_alternatives(self, labels: Sequence[str | Text]) -> Self:
        return _OneProviderFailed.with_alternatives(self, labels)


class TokenRateExceeded(RequestTooLarge):
    """The request alone has more tokens than the account may send in a minute: waiting does not help."""

    code = "provider_token_rate"


class ContentFiltered(ProviderError):
    """The provider's filter refused the text, or the answer to it. The turn is left out of later requests."""

    code = "provider_content_filter"


class RequestRefused(ProviderError):
    """The provider refused the request as it was; with the detail `files`, maybe for the files in it."""

    code = "provider_request_refused"


class FilesNotRead(RequestRefused):
    """The model does not read images, or documents: they are sent to it in another form from now on."""

    code = "provider_files_not_read"
    images = True
    documents = False


class UnreadableAnswer(ProviderError):
    """The provider answered with something that is not its protocol."""

    code = "provider_bad_answer"
    retryable = True


class EmptyAnswer(ProviderError):
    """The provider ended normally without any text."""

    code = "provider_empty_answer"
    retryable = True


class StreamCutOff(ProviderError):
    """The connection ended before the answer did."""

    code = "provider_cut_off"
    retryable = True


class Unavailable(ProviderError):
    """The provider cannot be reached."""

    code = "provider_unavailable"
    status = 503
    retryable = True


class UnreachableProxy(Unavailable):
    """The proxy that the environment names did not connect to the provider."""

    detail = "proxy"


class UntrustedCertificate(Unavailable):
    """The connection ended at a certificate that no authority known here has signed."""

    detail = "certificate"
    retryable = False


class ServiceUnavailable(Unavailable):
    """The provider was reached, and says that it cannot answer now."""

    detail = "overloaded"


class ProviderTimeout(ProviderError):
    """The provider fell silent."""

    code = "provider_timeout"
    status = 504
    retryable = True


class ModelNotLoaded(ProviderError):
    """The local model of that name (empty: the demo model) could not be loaded. `cause` is a text under `cause.`, if
    the cause is known."""

    code = "provider_unavailable"
    status = 503

    def __init__(self, cause: Text | None = None, model: str = "") -> None:
        detail = ("not_loaded_cause" if cause else "not_loaded") + ("_named" if model else "")
        super().__init__(model, detail, cause=cause)
        self.cause = cause


def waiting_time(seconds: float | None, *, exact: bool = False) -> Text:
    """How long to wait, for a person: a moment up to ten seconds, unless it is to be `exact`."""
    if seconds is None or seconds <= (1 if exact else 10):
        return Text("wait.moment")
    for size, unit in ((1, "seconds"), (60, "minutes")):
        if seconds < 100 * size or (exact and unit == "seconds"):
            return Text(f"wait.{unit}", {"number": round(seconds / size)})
    return Text("wait.hours", {"number": round(seconds / 3600)})
