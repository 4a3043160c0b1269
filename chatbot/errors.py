"""Everything that can go wrong, as one tree. A person reads the sentence, a program reads the code.

ChatbotError
├── SettingsError              a variable or flag that cannot be used; ends the start
├── Unauthorized               401  no session, or not a genuine one
├── NotFound                   404  no such conversation in this session
├── Busy                       409  the conversation already has an answer under way
├── InvalidMessage             422  empty, or too long, or asked for with impossible settings
├── InvalidFile                422  not a conversation that was exported here
├── NoProvider                 503  nothing is configured that could answer
├── StorageError               500  the disk refused
└── ProviderError              502  the model's side failed; says whose, and what to do
    ├── InvalidKey             502
    ├── PermissionDenied       502
    ├── UnknownModel           502
    ├── QuotaExhausted         502
    ├── RateLimited            502  retryable, maybe after a while
    ├── ContextOverflow        502
    ├── RequestRefused         502
    ├── BadAnswer              502  retryable: not the protocol we speak, or nothing at all
    ├── CutOff                 502  retryable: the stream ended before the answer did
    ├── Unavailable            503  retryable: unreachable, overloaded, or down
    └── ProviderTimeout        504  retryable: silence

The sentences are ours. What a provider wrote is never shown, logged or stored: it can contain keys and prompts.
"""

from typing import ClassVar


class ChatbotError(Exception):
    """A failure with a `code` for programs, an HTTP `status`, and a sentence for a person (`str(error)`)."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    sentence: ClassVar[str] = "Something went wrong inside the chatbot. Please try again."

    def __init__(self, message: str | None = None, *, retry_after: float | None = None) -> None:
        super().__init__(message or self.sentence)
        self.retry_after = retry_after
        """Seconds to wait before trying again, where it is known."""


class SettingsError(ChatbotError):
    """A variable or flag that cannot be used. The message names it and what was expected, never a secret."""

    code = "settings"


class Unauthorized(ChatbotError):
    """No session token, or one that this server did not sign."""

    code = "unauthorized"
    status = 401
    sentence = "This needs a valid session token."


class NotFound(ChatbotError):
    """No such conversation in this session, whether or not another session has one."""

    code = "not_found"
    status = 404
    sentence = "There is no such conversation."


class Busy(ChatbotError):
    """The conversation already has an answer under way."""

    code = "busy"
    status = 409
    sentence = "An answer is still being written in this conversation. Wait for it, or stop it first."


class InvalidMessage(ChatbotError):
    """A message that cannot be sent."""

    code = "invalid"
    status = 422
    sentence = "Please type a message first."


class InvalidFile(ChatbotError):
    """An import that is not a conversation."""

    code = "invalid"
    status = 422
    sentence = "This is not a conversation that this app exported. Nothing was changed."


class NoProvider(ChatbotError):
    """Nothing is configured that could answer."""

    code = "no_provider"
    status = 503
    sentence = (
        "No model is set up. Set OPENAI_API_KEY, ANTHROPIC_API_KEY, HF_TOKEN, COMPATIBLE_BASE_URL or LOCAL_MODEL."
    )


class StorageError(ChatbotError):
    """The disk refused to read or keep something."""

    code = "storage"
    sentence = "The conversation could not be saved on the server's disk. Your message was not sent."


class ProviderError(ChatbotError):
    """The model's side failed. `provider` is the provider's label, as people know it."""

    code = "provider_error"
    status = 502
    sentence = "{provider} failed in a way this app does not know. Try again, or choose another model."

    def __init__(self, provider: str, *, retry_after: float | None = None) -> None:
        super().__init__(self.sentence.format(provider=provider), retry_after=retry_after)
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
    """The provider has no such model, or no such address."""

    code = "provider_unknown_model"
    sentence = "{provider} does not know the chosen model. Check its name, or choose another one."


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
    sentence = "{provider} is receiving too many requests for this account. Wait a moment, then try again."


class ContextOverflow(ProviderError):
    """The messages are longer than the model can read."""

    code = "provider_context_overflow"
    sentence = (
        "The conversation is longer than the chosen model can read. Lower the history limit, "
        "shorten the message, or start a new chat."
    )


class RequestRefused(ProviderError):
    """The provider refused the request as it was."""

    code = "provider_request_refused"
    sentence = "{provider} refused the request. Check the model and the settings, or choose another model."


class BadAnswer(ProviderError):
    """The provider answered with something that is not its protocol."""

    code = "provider_bad_answer"
    retryable = True
    sentence = "{provider} sent an answer that could not be read. Check its address, or try again."


class EmptyAnswer(ProviderError):
    """The provider ended normally without a word."""

    code = "provider_empty_answer"
    retryable = True
    sentence = "{provider} sent an empty answer. Try again, or put the question differently."


class CutOff(ProviderError):
    """The connection ended before the answer did."""

    code = "provider_cut_off"
    retryable = True
    sentence = "The connection to {provider} broke off before the answer was complete. Try again."


class Unavailable(ProviderError):
    """The provider cannot be reached, is overloaded, or is down."""

    code = "provider_unavailable"
    status = 503
    retryable = True
    sentence = "{provider} cannot be reached right now. Check the connection, or try again in a moment."


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
