"""ChatEngine: one way to talk to any model, for whole answers and for streams."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from types import TracebackType
from typing import Self

from chatbot.errors import EmptyAnswer
from chatbot.providers import Provider, stream_with_retry
from chatbot.types import Completion, Delta, Effort, FileContent, Finish, Message, Request, clean


class ChatEngine:
    """A provider with a model and its settings: `temperature` (0 to 2; None: the model's default), `max_tokens` (the
    longest answer), `system_prompt`, and `effort` of a reasoning model (None: the model's default).

    As an async context manager it closes the provider's connections. It raises only `chatbot.errors`.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        model: str,
        temperature: float | None = None,
        max_tokens: int = 2000,
        system_prompt: str = "You are a helpful AI assistant.",
        effort: Effort | None = None,
    ) -> None:
        self.provider = provider
        self.model = model
        self.temperature = temperature
        self.max_tokens = max_tokens
        self.system_prompt = system_prompt
        self.effort = effort

    async def chat(
        self, messages: str | Sequence[Message], files: Mapping[str, FileContent] | None = None
    ) -> Completion:
        """Returns the whole answer to `messages`, oldest first; a string is one message of the user. `files` has the
        contents of the messages' attachments by attachment id."""
        text: list[str] = []
        reasoning: list[str] = []
        finish = Finish("interrupted")
        async with aclosing(self.chat_stream(messages, files)) as deltas:
            async for delta in deltas:
                text.append(delta.text)
                reasoning.append(delta.reasoning)
                finish = delta.finish or finish
        return Completion("".join(text), "".join(reasoning), finish)

    async def chat_stream(
        self, messages: str | Sequence[Message], files: Mapping[str, FileContent] | None = None
    ) -> AsyncGenerator[Delta]:
        """Yields the answer piece by piece; the last delta has the finish.

        A temporary failure before the first piece is retried once. Closing the generator, or cancelling the task that
        iterates it, stops the generation at the provider.
        """
        surrogates, blanks = _SurrogateJoiner(), _BlankHolder()
        async with aclosing(stream_with_retry(self.provider, self._request(messages, files or {}))) as deltas:
            async for piece in deltas:
                delta = blanks.hold(surrogates.join(piece))
                if delta.finish and delta.finish.reason in ("stop", "paused") and not blanks.has_text:
                    raise EmptyAnswer(self.provider.label)
                if delta.text or delta.reasoning or delta.finish:
                    yield delta

    def _request(self, messages: str | Sequence[Message], files: Mapping[str, FileContent]) -> Request:
        as_messages = (Message("user", messages),) if isinstance(messages, str) else tuple(messages)
        cleaned = tuple(replace(message, content=clean(message.content)) for message in as_messages)
        prompt = clean(self.system_prompt) if self.system_prompt.strip() else ""  # Anthropic refuses a blank one
        return Request(self.model, cleaned, prompt, self.max_tokens, self.temperature, self.effort, files)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.provider.aclose()


class _SurrogateJoiner:
    """Joins surrogate pairs that were split across deltas: the first half waits for the second."""

    def __init__(self) -> None:
        self._text = self._reasoning = ""  # the halves that wait

    def join(self, delta: Delta) -> Delta:
        """Returns what can be passed on after `delta` has come."""
        if delta.text.isascii() and delta.reasoning.isascii() and not (self._text or self._reasoning):
            return delta  # nearly always
        text, reasoning = self._text + delta.text, self._reasoning + delta.reasoning
        self._text, self._reasoning = ("", "") if delta.finish else (_first_half(text), _first_half(reasoning))
        text, reasoning = text.removesuffix(self._text), reasoning.removesuffix(self._reasoning)
        return replace(delta, text=clean(text), reasoning=clean(reasoning))


class _BlankHolder:
    """Holds white space at the beginning back until something else follows: an answer or a reasoning of white space
    only is none, but indentation stays."""

    def __init__(self) -> None:
        self.has_text = self._has_reasoning = False
        self._text = self._reasoning = ""  # the white space that waits

    def hold(self, delta: Delta) -> Delta:
        """Returns what can be passed on after `delta` has come."""
        if self.has_text and not delta.reasoning:
            return delta  # nearly always
        text, reasoning = self._text + delta.text, self._reasoning + delta.reasoning
        self.has_text = self.has_text or bool(text.strip())
        self._has_reasoning = self._has_reasoning or bool(reasoning.strip())
        self._text, self._reasoning = "" if self.has_text else text, "" if self._has_reasoning else reasoning
        return replace(delta, text=text.removesuffix(self._text), reasoning=reasoning.removesuffix(self._reasoning))


def _first_half(text: str) -> str:
    return text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
