"""What goes wrong on the model's side."""

from collections.abc import Sequence
from typing import ClassVar, Self

from chatbot.errors.base import Rescuable


class ProviderError(Rescuable):
    """The model's side failed. `provider` is the provider's label, as people know it."""

    code = "provider_error"
    status = 502
    sentence = "{provider} failed in a way this app does not know. Try again, or choose another model."

    def __init__(self, provider: str, *, retry_after: float | None = None) -> None:
        super().__init__(self.sentence.format(provider=provider, wait="a moment"), retry_after=retry_after)
        self.provider = provider


class InvalidKey(ProviderError):
    """The provider does not accept the key."""

    code = "provider_invalid_key"
    sentence = "{provider} did not accept the API key. Check that it is complete and still valid, then try again."


class PermissionDenied(ProviderError):
    """The key is good, but not for this."""

    code = "provider_permission"
    sentence = "{provider} does not let this API key use the chosen model. Choose another model or key."


class UnknownModel(ProviderError):
    """The provider has no such model."""

    code = "provider_unknown_model"
    sentence = "{provider} does not know the chosen model. Check its name, or choose another one."


class WrongBaseUrl(ProviderError):
    """There is a server, but not at this path."""

    code = "provider_wrong_address"
    sentence = (
        "{provider} was not found at its address. Whoever set it up has to check the base URL (most end in /v1); "
        "until then, choose another model."
    )


class QuotaExhausted(ProviderError):
    """The account has no credit left; waiting does not help."""

    code = "provider_quota"
    sentence = (
        "The account at {provider} has no credit left. Its owner has to top it up; another model may still answer."
    )


class RateLimited(ProviderError):
    """Too many requests for the account; waiting helps."""

    code = "provider_rate_limited"
    retryable = True
    sentence = "{provider} is receiving too many requests for this account. Wait {wait}, then try again."

    def __init__(self, provider: str, *, retry_after: float | None = None) -> None:
        super().__init__(provider, retry_after=retry_after)
        self.args = (self.sentence.format(provider=provider, wait=_in_words(retry_after)),)


def _in_words(seconds: float | None) -> str:
    """How long that is, for a person."""
    if seconds is None or seconds <= 10:
        return "a moment"
    for size, unit in ((1, "seconds"), (60, "minutes")):
        if seconds < 100 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 3600:.0f} hours"


class ContextOverflow(ProviderError):
    """The messages are longer than the model can read."""

    code = "provider_context_overflow"
    sentence = (
        "The conversation is longer than the chosen model can read. Lower the history limit, "
        "shorten the message, or start a new chat."
    )
    prompt_tokens: int | None = None
    """What was sent, and"""
    context_tokens: int | None = None
    """what the model reads at most, in its own tokens, where the provider told."""

    def with_alternatives(self, labels: Sequence[str]) -> Self:
        """The error as it is: the message would be as long for any other."""
        return self


class RequestRefused(ProviderError):
    """The provider refused the request as it was."""

    code = "provider_request_refused"
    sentence = "{provider} refused the request. Check the model and the settings, or choose another model."


class FilesRefused(RequestRefused):
    """The provider refused a request that files came with, which may well be why."""

    sentence = (
        "{provider} refused the request. The chosen model may not read the files that came with it: "
        "choose another model, or send the message without them."
    )


class UnreadableAnswer(ProviderError):
    """The provider answered with something that is not its protocol."""

    code = "provider_bad_answer"
    retryable = True
    sentence = "{provider} sent an answer that could not be read. Check its address, or try again."


class EmptyAnswer(ProviderError):
    """The provider ended normally without a word."""

    code = "provider_empty_answer"
    retryable = True
    sentence = "{provider} sent an empty answer. Try again, or put the question differently."


class StreamCutOff(ProviderError):
    """The connection ended before the answer did."""

    code = "provider_cut_off"
    retryable = True
    sentence = "The connection to {provider} broke off before the answer was complete. Try again."


class Unavailable(ProviderError):
    """The provider cannot be reached."""

    code = "provider_unavailable"
    status = 503
    retryable = True
    sentence = "{provider} cannot be reached right now. Check the connection, or try again in a moment."


class Overloaded(Unavailable):
    """The provider was reached, and says that it cannot answer now."""

    sentence = "{provider} is overloaded or out of order right now; your message is fine. Try again in a moment."


class ProviderTimeout(ProviderError):
    """The provider fell silent."""

    code = "provider_timeout"
    status = 504
    retryable = True
    sentence = "{provider} took too long to answer. Try again, or choose another model."


class ModelNotLoaded(ProviderError):
    """The embedded model could not be loaded. The sentence names the `cause`, where known, and what to do."""

    code = "provider_unavailable"
    status = 503
    remedy: ClassVar[str] = (
        "Set an API key (such as OPENAI_API_KEY), or point LOCAL_MODEL to a .gguf file, and start the app again."
    )
    sentence = "The embedded model could not be loaded. " + remedy

    def __init__(
        self, provider: str = "The embedded model", *, cause: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(provider, retry_after=retry_after)
        self.cause = cause
        if cause:
            self.args = (f"The embedded model could not be loaded: {cause} {self.remedy}",)
