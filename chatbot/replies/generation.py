"""Asking a model for one answer: what it is sent, what to do where that is too long, and what it took."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import cached_property

from pydantic import SecretStr

from chatbot.attachments import file_tokens
from chatbot.engine import ChatEngine
from chatbot.errors import ContextOverflow, FilesRefused, RequestRefused
from chatbot.memory import select_messages
from chatbot.memory.context_window import (
    TOKENS_PER_MESSAGE,
    ContextWindow,
    estimate_tokens,
    likely_tokens,
    message_tokens,
)
from chatbot.providers import Provider, ProviderPool, takes_effort, takes_temperature
from chatbot.types import Attachment, Delta, FileContent, Finish, Options, SentContext, StoredMessage, Usage

Find = Callable[[Iterable[Attachment]], Mapping[str, FileContent]]
"""Finds the contents of files, by their ids. Blocks for as long as the disk takes."""

MARGIN = 0.9
"""The share of a model's context that is filled after it was found too small: our count of tokens is no tokenizer's."""


@dataclass(frozen=True, slots=True)
class AnswerAccount:
    """What an answer took: tokens, US dollars (None: unknown), and what of the conversation the model was sent."""

    usage: Usage = field(default_factory=Usage)
    cost: float | None = None
    seen: SentContext | None = None


class Generation:
    """One answer, asked for as `options` say, to `history`, whose last message is the visitor's.

    `key` is a visitor's own for the provider; None is the operator's. `find` finds the files of the history.
    """

    def __init__(
        self,
        providers: ProviderPool,
        history: Sequence[StoredMessage],
        options: Options,
        key: SecretStr | None = None,
        find: Find = lambda _: {},
    ) -> None:
        self._providers = providers
        self._history = history
        self._options = options
        self._key = key
        self._find = find
        self._files: Mapping[str, FileContent] = {}
        self._window: ContextWindow | None = None
        self._trims = 0
        self._begun = False

    async def run(self, append: Callable[[Delta], None]) -> Finish | None:
        """Hand every piece of the answer to `append`; returns how it ended. Raises ProviderErrors and NoProvider.

        A conversation that the provider finds too long is shortened and sent again, twice at most.
        """
        provider, window = await asyncio.to_thread(self._prepared)
        while True:
            self._window = window
            try:
                return await self._ask(provider, window, append)
            except ContextOverflow as overflow:
                if self._begun or len(window.messages) < 2:
                    raise
                self._trims += 1
                window = self._shorter(window, overflow)
            except RequestRefused as refused:
                if any(each.form == "whole" for message in window.messages for each in message.attachments):
                    raise FilesRefused(refused.provider) from None
                raise

    def account(self, answer: StoredMessage, finish: Finish | None) -> AnswerAccount:
        """What `answer`, as far as it came, took: counted by the provider where it said, else estimated.

        Nothing where the provider was never asked, or refused. May block for 0.2 s the first time.
        """
        if self._window is None:
            return AnswerAccount()
        seen = replace(self._window.seen, trimmed=self._trims > 0)
        if answer.status == "failed" and not answer.content and not answer.reasoning and finish is None:
            return AnswerAccount(seen=seen)
        usage = self._usage(self._window, answer, finish.usage if finish else Usage())
        read, written = (finish.cache_read, finish.cache_write) if finish else (0, 0)
        return AnswerAccount(usage, self._cost(usage, read, written), seen)

    def _cost(self, usage: Usage, cache_read: int, cache_write: int) -> float | None:
        own = self._key is not None
        return self._providers.cost(self._options.choice, usage, cache_read, cache_write, own_key=own)

    def _prepared(self) -> tuple[Provider, ContextWindow]:
        """The provider, and what it is to be sent. Blocks when an SDK has to be imported first, and for files."""
        provider = self._providers.get(self._options.choice.provider, self._key)
        window = self._first_window
        sent = [each for message in window.messages for each in message.attachments if each.form != "name"]
        self._files = self._find(each.attachment for each in sent) if sent else {}
        return provider, window

    def max_input_tokens(self) -> int:
        """How many tokens the model is sent at most, by estimate. Blocks as choosing them does."""
        return self._sent_tokens(self._first_window)

    @cached_property
    def _first_window(self) -> ContextWindow:
        return self._selected(self._options.history_limit, self._context_tokens, max_tokens=self._options.max_tokens)

    @property
    def _context_tokens(self) -> int | None:
        return self._providers.context_tokens(self._options.choice)

    def _selected(self, history_limit: int, context_tokens: int | None, max_tokens: int = 0) -> ContextWindow:
        return select_messages(
            self._history,
            system_prompt=self._options.system_prompt,
            history_limit=history_limit,
            context_tokens=context_tokens,
            max_tokens=max_tokens,
            provider=self._options.choice.provider,
            reads=self._providers.reads(self._options.choice),
        )

    async def _ask(self, provider: Provider, window: ContextWindow, append: Callable[[Delta], None]) -> Finish | None:
        choice, options = self._options.choice, self._options
        engine = ChatEngine(
            provider,
            model=choice.model,
            temperature=options.temperature if takes_temperature(choice.provider, choice.model) else None,
            max_tokens=self._longest_answer(window),
            system_prompt=options.system_prompt,
            effort=options.effort if takes_effort(choice.provider, choice.model) else None,
        )
        finish: Finish | None = None
        async with aclosing(engine.chat_stream(window.messages, self._files)) as deltas:
            async for delta in deltas:
                self._begun = True
                append(delta)
                finish = delta.finish or finish
        return finish

    def _longest_answer(self, window: ContextWindow) -> int:
        """What was asked for, but no more than the model writes, nor than what it reads leaves room for."""
        context, most = self._context_tokens, self._providers.answer_tokens(self._options.choice)
        longest = min(self._options.max_tokens, most or self._options.max_tokens)
        return longest if context is None else min(longest, max(1, context - self._sent_tokens(window)))

    def _shorter(self, window: ContextWindow, overflow: ContextOverflow) -> ContextWindow:
        """What to send instead: what fits by the provider's own numbers, or half; the second time the newest alone."""
        if self._trims > 1:
            return self._selected(1, None)
        share = 0.5
        if overflow.prompt_tokens and overflow.context_tokens and overflow.prompt_tokens > overflow.context_tokens:
            room = overflow.context_tokens - min(self._options.max_tokens, overflow.context_tokens // 2)
            share = min(1.0, MARGIN * room / overflow.prompt_tokens)
        return self._selected(len(window.messages) - 1, int(self._sent_tokens(window) * share))

    def _sent_tokens(self, window: ContextWindow) -> int:
        """How many tokens are sent at most."""
        provider = self._options.choice.provider
        messages = sum(message_tokens(message, provider) for message in window.messages)
        return estimate_tokens(self._options.system_prompt) + messages

    def _usage(self, window: ContextWindow, answer: StoredMessage, told: Usage) -> Usage:
        if told.input_tokens is not None and told.output_tokens is not None:
            return told
        texts = [self._options.system_prompt, *(message.content for message in window.messages)]
        read = sum(likely_tokens(text) + TOKENS_PER_MESSAGE for text in texts if text)
        files = (each for message in window.messages for each in message.attachments)
        read += sum(file_tokens(each, self._options.choice.provider) for each in files)
        written = likely_tokens(answer.content + answer.reasoning)
        return Usage(
            read if told.input_tokens is None else told.input_tokens,
            written if told.output_tokens is None else told.output_tokens,
            estimated=True,
        )
