"""Generation: asks a model for one answer, shortens what is too long for it, and accounts for what it used."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import cached_property

from pydantic import SecretStr

from chatbot.attachments import attachment_form, attachment_tokens
from chatbot.engine import ChatEngine
from chatbot.errors import ContextOverflow, FilesNotRead, ProviderError, RequestRefused, ServiceUnavailable
from chatbot.memory import ContextWindow, estimate_tokens, likely_tokens, message_tokens, select_messages
from chatbot.memory.continuation import Seam, continued_window, fitting_end
from chatbot.memory.memory_block import NOTHING, Recollection, with_memory
from chatbot.memory.message_sizes import TOKENS_PER_MESSAGE
from chatbot.providers import Provider, ProviderPool
from chatbot.types import (
    Attachment,
    Delta,
    FileContent,
    Finish,
    ModelProfile,
    Options,
    SentContext,
    SentMemory,
    StoredMessage,
    Usage,
)

ReadFiles = Callable[[Iterable[Attachment]], Mapping[str, FileContent]]
"""Reads the contents of attachments by id. Blocks for as long as the disk takes."""

FILL_AFTER_OVERFLOW = 0.9
"""The share of the context that is filled after an overflow: our estimate of tokens is no tokenizer's count."""


@dataclass(frozen=True, slots=True)
class AnswerAccount:
    """What an answer used: tokens, US dollars (None: unknown), and how much of the conversation, and of the visitor's
    memory, the model was sent."""

    usage: Usage = field(default_factory=Usage)
    cost: float | None = None
    sent: SentContext | None = None
    memory: SentMemory | None = None


class Generation:
    """One answer with `options` to `history`, whose last message is the question.

    `key` is the visitor's own for the provider, None the operator's. `read_files` reads the attachments of the history.
    Of the notes and passages in `recollection` those go along that fit. `begun` is the text of an answer to go on with.
    """

    def __init__(
        self,
        providers: ProviderPool,
        history: Sequence[StoredMessage],
        options: Options,
        key: SecretStr | None = None,
        read_files: ReadFiles = lambda _: {},
        recollection: Recollection = NOTHING,
        begun: str = "",
    ) -> None:
        self._providers = providers
        self._history = history
        self._options = options
        self._key = key
        self._read_files = read_files
        self._recollection = recollection
        self._begun = begun
        self._files: Mapping[str, FileContent] = {}
        self._window: ContextWindow | None = None
        self._trims = 0
        self._has_delta = False

    async def run(self, append: Callable[[Delta], None]) -> Finish | None:
        """Passes every piece of the answer to `append`; returns how it ended. Raises ProviderErrors and NoProvider.

        A conversation that the provider finds too long is shortened and sent again, twice at most. If the model does
        not read files, earlier ones are left out and the conversation is sent again; those of the question are
        reported.
        """
        provider, window = await asyncio.to_thread(self._prepare)
        while True:
            self._window = window
            try:
                return await self._stream(provider, window, append)
            except ContextOverflow as overflow:
                if self._has_delta or window.sent.sent < (3 if self._begun else 2):
                    raise
                self._trims += 1
                window = self._shorten(window, overflow)
            except (RequestRefused, ServiceUnavailable) as refused:
                # Some servers refuse a picture with 500, and in words that nobody knows.
                if self._has_delta or not window.whole_files:
                    raise
                window = self._without_files(window, refused)

    def account(self, answer: StoredMessage, finish: Finish | None) -> AnswerAccount:
        """What `answer` used, as far as it came: as the provider counted, else by estimate. Nothing if the provider was
        not asked, or refused. May block for 0.2 s the first time."""
        if self._window is None:
            return AnswerAccount()
        sent = replace(self._window.sent, trimmed=self._trims > 0)
        is_refused = answer.status == "failed" or answer.fault is not None  # one that went on is interrupted
        if is_refused and not answer.content and not answer.reasoning and finish is None:
            return AnswerAccount(sent=sent, memory=self._memory.or_none())
        usage = self._usage(self._window, answer, finish.usage if finish else Usage())
        counted = replace(finish, usage=usage) if finish else Finish("interrupted", usage)
        cost = self._providers.cost(self._options.choice, counted, own_key=self._key is not None)
        return AnswerAccount(usage, cost, sent, self._memory.or_none())

    def max_input_tokens(self) -> int:
        """How many tokens the model is sent at most, by estimate. Blocks as selecting them does."""
        return self._input_tokens(self._first_window)

    def _prepare(self) -> tuple[Provider, ContextWindow]:
        """The provider, and what it is sent. Blocks to import an SDK, and for files."""
        provider = self._providers.get(self._options.choice.provider, self._key)
        window = self._first_window
        attachments = [each.attachment for each in window.attachments if each.form != "name"]
        self._files = self._read_files(attachments) if attachments else {}
        return provider, window

    @cached_property
    def _memory(self) -> SentMemory:
        return self._recollection.select(self._profile)

    @property
    def _system_prompt(self) -> str:
        return with_memory(self._options.system_prompt, self._memory)

    @cached_property
    def _first_window(self) -> ContextWindow:
        context_tokens = self._profile.context_tokens
        return self._select(self._options.history_limit, context_tokens, max_tokens=self._options.max_tokens)

    def _without_files(self, window: ContextWindow, refused: ProviderError) -> ContextWindow:
        """What to send instead, without the files that may have been refused. Raises an error if the question itself
        came with some: its visitor has to know."""
        question = self._history[-1].attachments
        if isinstance(refused, FilesNotRead):
            self._learn(refused)
            smaller = self._select(self._options.history_limit, self._profile.context_tokens, self._options.max_tokens)
            is_needed = any(attachment_form(each, self._profile) == "name" for each in question)
            if is_needed or len(smaller.whole_files) == len(window.whole_files):
                raise refused
            return smaller
        if any(attachment_form(each, self._profile) == "whole" for each in question):
            raise RequestRefused(refused.provider, "files") if isinstance(refused, RequestRefused) else refused
        return window.without_whole_files()

    def _learn(self, refused: FilesNotRead) -> None:
        """Remembers what the model does not read. A visitor's own account may allow less than the operator's: what it
        refuses counts for this answer only."""
        known = ModelProfile(
            self._options.choice.model,
            reads_images=False if refused.images else None,
            reads_documents=False if refused.documents else None,
        )
        self._profile = self._profile.updated_by(known)
        if self._key is None:
            self._providers.learn(self._options.choice, known)

    @cached_property
    def _profile(self) -> ModelProfile:
        return self._providers.profile(self._options.choice)

    def _select(
        self, history_limit: int, context_tokens: int | None, max_tokens: int = 0, *, with_pinned: bool = True
    ) -> ContextWindow:
        begun = fitting_end(self._begun, context_tokens)
        window = select_messages(
            self._history,
            self._profile,
            system_prompt=self._system_prompt,
            history_limit=max(1, history_limit - 1) if begun else history_limit,
            context_tokens=context_tokens and context_tokens - (estimate_tokens(begun) if begun else 0),
            max_tokens=max_tokens,
            with_pinned=with_pinned,
        )
        takes_prefill = self._providers.takes_prefill(self._options.choice.provider)
        return continued_window(window, begun, as_prefill=takes_prefill) if begun else window

    async def _stream(
        self, provider: Provider, window: ContextWindow, append: Callable[[Delta], None]
    ) -> Finish | None:
        options, profile = self._options, self._profile
        engine = ChatEngine(
            provider,
            model=options.choice.model,
            temperature=options.temperature if profile.takes_temperature else None,
            max_tokens=self._max_answer_tokens(window),
            system_prompt=self._system_prompt,
            effort=options.effort if profile.takes_effort else None,
        )
        finish: Finish | None = None
        seam = Seam(self._begun)
        async with aclosing(engine.chat_stream(window.messages, self._files)) as deltas:
            async for delta in deltas:
                self._has_delta = True
                append(seam.join(delta))
                finish = delta.finish or finish
        return finish

    def _max_answer_tokens(self, window: ContextWindow) -> int:
        """What was asked for, but no more than the model writes, nor than the context has left."""
        longest = min(self._options.max_tokens, self._profile.answer_tokens or self._options.max_tokens)
        context = self._profile.context_tokens
        return longest if context is None else min(longest, max(1, context - self._input_tokens(window)))

    def _shorten(self, window: ContextWindow, overflow: ContextOverflow) -> ContextWindow:
        """What to send instead: what fits by the provider's own numbers, or half; the second time the newest
        message alone."""
        if self._trims > 1:
            self._memory = SentMemory(
                notes_left_out=len(self._memory.notes) + self._memory.notes_left_out,
                passages_left_out=len(self._memory.passages) + self._memory.passages_left_out,
                summary=self._memory.summary,
            )
            return self._select(1, None, with_pinned=False)
        share = 0.5
        if overflow.prompt_tokens and overflow.context_tokens and overflow.prompt_tokens > overflow.context_tokens:
            available = overflow.context_tokens - min(self._options.max_tokens, overflow.context_tokens // 2)
            share = min(1.0, FILL_AFTER_OVERFLOW * available / overflow.prompt_tokens)
        newest = window.sent.sent - window.sent.pinned
        return self._select(max(1, newest - 1), int(self._input_tokens(window) * share))

    def _input_tokens(self, window: ContextWindow) -> int:
        """How many tokens are sent, by an estimate that is rather too high."""
        messages = sum(message_tokens(message, self._profile) for message in window.messages)
        return estimate_tokens(self._system_prompt) + messages

    def _usage(self, window: ContextWindow, answer: StoredMessage, counted: Usage) -> Usage:
        if counted.input_tokens is not None and counted.output_tokens is not None:
            return counted
        texts = [self._system_prompt, *(message.content for message in window.messages)]
        read = sum(likely_tokens(text) + TOKENS_PER_MESSAGE for text in texts if text)
        read += sum(attachment_tokens(each, self._profile) for each in window.attachments)
        written = likely_tokens(answer.content + answer.reasoning)
        return Usage(
            read if counted.input_tokens is None else counted.input_tokens,
            written if counted.output_tokens is None else counted.output_tokens,
            estimated=True,
        )
