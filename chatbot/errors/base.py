"""What goes wrong on this side."""

from collections.abc import Sequence
from typing import ClassVar, Self


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

    def with_alternatives(self, labels: Sequence[str]) -> Self:
        """The same error, whose sentence adds that the providers of those labels are there to answer instead."""
        return self

    def without_traceback(self) -> Self:
        """The same error, without the calls that it came through. Kept by one of them, it would keep all that they
        hold, a provider's half-read stream among it, until the garbage collector comes by: in a thread of its own
        choice, where no stream can be closed."""
        self.__traceback__ = self.__context__ = self.__cause__ = None
        return self


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


class InvalidAttachment(ChatbotError):
    """A file that cannot come with a message; the sentence names it and says why."""

    code = "invalid_attachment"
    status = 422
    sentence = "This file cannot be read."


class TooLarge(ChatbotError):
    """A file, or all files of a session together, are larger than the operator allows."""

    code = "too_large"
    status = 413
    sentence = "This file is larger than is allowed here."


class TooManyMessages(ChatbotError):
    """More messages than the operator allows in a minute, from one session or one address."""

    code = "rate_limited"
    status = 429
    retryable = True
    sentence = "You have sent many messages in a short time. Wait a moment, then send this one again."

    def __init__(self, message: str | None = None, *, retry_after: float | None = None) -> None:
        wait = f"Wait {retry_after:.0f} seconds" if retry_after and retry_after > 1 else "Wait a moment"
        super().__init__(message or self.sentence.replace("Wait a moment", wait), retry_after=retry_after)


class TooManyAnswers(ChatbotError):
    """The session has as many answers under way as it may."""

    code = "too_many_answers"
    status = 429
    retryable = True
    sentence = "Many answers are being written for you already. Wait for one of them, or stop one."

    def __init__(self, message: str | None = None, *, retry_after: float | None = 5) -> None:
        super().__init__(message, retry_after=retry_after)


class DailyLimitReached(ChatbotError):
    """The operator's keys have paid for as many tokens today as they may."""

    code = "daily_limit"
    status = 429
    sentence = (
        "Today's allowance for this app's own API keys is used up; it starts anew at midnight UTC. "
        "Until then use a key of your own, or the embedded model."
    )


class TooManyConversations(ChatbotError):
    """The session has as many conversations, or saved prompts, as it may."""

    code = "too_many_conversations"
    status = 409
    sentence = (
        "You have as many conversations here as can be kept. Delete some that you no longer need, then try again."
    )


class TooManySessions(ChatbotError):
    """There are as many sessions as there may be."""

    code = "full"
    status = 503
    retryable = True
    sentence = "This app has as many visitors as it can keep conversations for. Please come back later."

    def __init__(self, message: str | None = None, *, retry_after: float | None = 3600) -> None:
        super().__init__(message, retry_after=retry_after)


class Rescuable(ChatbotError):
    """A failure of one provider that another may not have."""

    def with_alternatives(self, labels: Sequence[str]) -> Self:
        """The same error, whose sentence adds that the providers of those labels are there to answer instead."""
        *others, last = labels or [""]
        if others:
            self.args = (f"{self} {', '.join(others)} and {last} are set up too: choose one of them and send again.",)
        elif last:
            self.args = (f"{self} {last} is set up too: choose it and send again.",)
        return self


class NoProvider(Rescuable):
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


class ShuttingDown(ChatbotError):
    """The app is about to end, and saves the answers under way."""

    code = "closing"
    status = 503
    retryable = True
    sentence = "The chatbot is being stopped. Your message was not sent: send it again in a moment."
