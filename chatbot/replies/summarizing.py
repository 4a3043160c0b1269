"""Summarises what a model no longer sees of a conversation: one call, when the visitor asks for it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, takewhile
from uuid import uuid4

from chatbot.errors import ChatbotError, ContextOverflow, EmptyAnswer, NotPossible
from chatbot.memory import estimate_tokens, likely_tokens, select_messages
from chatbot.memory.context_window import first_sent_id
from chatbot.memory.memory_block import SMALL_CONTEXT, Recollection
from chatbot.memory.message_sizes import TOKENS_PER_MESSAGE
from chatbot.memory.pinned import ids_with_turns
from chatbot.replies.options import MAX_HISTORY
from chatbot.replies.reply import Reply
from chatbot.replies.single_call import Caller, CallResult, SingleCalls
from chatbot.replies.turns import Turn
from chatbot.storage import ConversationMemory, Store
from chatbot.storage.summaries import MAX_SUMMARY_LENGTH
from chatbot.storage.timestamps import now
from chatbot.types import Finish, ModelProfile, Options, StoredMessage, Summary, Usage

INSTRUCTION = (
    "Summarise our conversation so far, together with the summary of earlier messages if there is one, so that you "
    "could go on with your summary in its place. Keep names, numbers, dates, decisions, preferences and open "
    "questions. Write in our language, in at most 300 words, and nothing but the summary."
)
MAX_TOKENS = 1000
"""Of the summary."""
MAX_ATTEMPTS = 3
"""With fewer messages each time, if the provider finds them too long."""
LIKELY_TOKENS = 400
"""Of a summary, for the estimate of its price: 300 words."""
MAX_FAILURES = 1000
"""Conversations of which it is known why the last summary failed."""

Place = tuple[str, str]
"""A session and a conversation."""


@dataclass(frozen=True, slots=True)
class SummaryOffer:
    """What a summary would cover, by estimate: so many messages, with `tokens` in all, for `cost` US dollars (None:
    unknown). It is not `possible` with a model that is too small."""

    messages: int
    tokens: int
    cost: float | None
    possible: bool = True


@dataclass(frozen=True, slots=True)
class SummaryState:
    """What the page shows of a conversation's summary: the one that counts, what the next would cover, whether one is
    being made, and why the last attempt failed."""

    current: Summary | None = None
    offer: SummaryOffer | None = None
    running: bool = False
    failure: ChatbotError | None = None


class Summarizing:
    """Makes summaries: when it is asked to, and after each answer of the conversations that are `summarized`."""

    def __init__(self, store: Store, calls: SingleCalls) -> None:
        self._store = store
        self._calls = calls
        self._running: dict[Place, asyncio.Task[Summary]] = {}
        self._failures: dict[Place, ChatbotError] = {}

    async def summarize(self, conversation_id: str, options: Options, caller: Caller) -> Summary:
        """Summarises the messages that the model no longer sees, or all of them if it still sees all, and stores the
        summary, which goes on from the one before. It is made also if the caller leaves; whoever asks for one while it
        is being made gets the same.

        Raises NotPossible if nothing is new since the last summary, the model is too small, or it did not come to the
        summary's end; NotFound, also if the summary before was undone or changed meanwhile, what `Limits` raises, and
        ProviderErrors.
        """
        return await asyncio.shield(self._start(conversation_id, options, caller))

    async def wait(self, session_id: str, conversation_id: str) -> None:
        """Waits until the summary that is being made, if there is one, is stored or has failed."""
        if task := self._running.get((session_id, conversation_id)):
            await asyncio.wait([task])

    async def after_answer(self, reply: Reply, turn: Turn) -> None:
        """Starts a summary if something has fallen out of the window, and the conversation always wants one then."""
        memory, conversation_id = self._store.memory(reply.session_id), reply.conversation_id
        conversation = await asyncio.to_thread(memory.get_conversation, conversation_id)
        if not conversation.summarized or reply.snapshot().status == "failed":
            return
        offer = await asyncio.to_thread(self._offer, memory, conversation_id, turn.options)
        if offer and offer.possible:
            self._start(conversation_id, turn.options, Caller(reply.session_id, turn.key, turn.address))

    def state(self, session_id: str, conversation_id: str, *, has_fallen_out: bool) -> SummaryState:
        """The state of a conversation's summary. Blocks for some milliseconds if something `has_fallen_out`."""
        place, memory = (session_id, conversation_id), self._store.memory(session_id)
        options = memory.get_conversation(conversation_id).options
        return SummaryState(
            memory.summaries.current(conversation_id),
            self._offer(memory, conversation_id, options) if has_fallen_out and options else None,
            place in self._running,
            self._failures.get(place),
        )

    def _start(self, conversation_id: str, options: Options, caller: Caller) -> asyncio.Task[Summary]:
        place = caller.session_id, conversation_id
        if place not in self._running:
            task = self._running[place] = asyncio.create_task(self._run(conversation_id, options, caller))
            task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # often nobody waits for it
        return self._running[place]

    async def _run(self, conversation_id: str, options: Options, caller: Caller) -> Summary:
        place = caller.session_id, conversation_id
        self._failures.pop(place, None)
        try:
            return await self._make(conversation_id, options, caller)
        except ChatbotError as error:
            if len(self._failures) >= MAX_FAILURES:
                self._failures.clear()
            self._failures[place] = error.without_traceback()
            raise
        finally:
            del self._running[place]

    async def _make(self, conversation_id: str, options: Options, caller: Caller) -> Summary:
        memory, choice = self._store.memory(caller.session_id), options.choice
        profile = await asyncio.to_thread(self._calls.providers.profile, choice)
        if _is_too_small(options, profile):
            raise NotPossible("too_small_to_summarize")
        before = await asyncio.to_thread(memory.summaries.current, conversation_id)
        asked = replace(options, history_limit=MAX_HISTORY, max_tokens=self._calls.longest(MAX_TOKENS))
        covered, (text, account, is_cut) = await self._ask(conversation_id, asked, options, profile, before, caller)
        if not text.strip():
            raise EmptyAnswer(self._calls.providers.label(choice.provider))
        if is_cut:
            raise NotPossible("summary_cut")
        summary = Summary(
            uuid4().hex,
            text.strip()[:MAX_SUMMARY_LENGTH],
            len(covered.messages) + (before.covers if before else 0),
            covered.until,
            now(),
            choice.provider,
            choice.model,
            account.usage,
            account.cost,
            covered.skipped,
        )
        await asyncio.to_thread(memory.summaries.add, conversation_id, summary, before)
        return summary

    async def _ask(
        self,
        conversation_id: str,
        asked: Options,
        options: Options,
        profile: ModelProfile,
        before: Summary | None,
        caller: Caller,
    ) -> "tuple[_Coverage, CallResult]":
        """Asks for a summary of what is to be covered: of less, if the model was not sent all of it. Otherwise the
        oldest messages would be in neither the summary nor the window."""
        memory, recollection = self._store.memory(caller.session_id), Recollection(summary=before)
        most = MAX_HISTORY - 1  # and the instruction
        for _ in range(MAX_ATTEMPTS):
            covered = await asyncio.to_thread(_to_cover, memory, conversation_id, options, profile, before, most=most)
            result = await self._calls.ask(
                memory, conversation_id, covered.messages, INSTRUCTION, asked, caller, recollection
            )
            sent = result.account.sent
            if sent is None or sent.sent == sent.total:
                return covered, result
            most = max(1, sent.sent - 1)
        raise ContextOverflow(self._calls.providers.label(options.choice.provider))

    def _offer(self, memory: ConversationMemory, conversation_id: str, options: Options) -> SummaryOffer | None:
        """What the next summary would cover; None if nothing has fallen out since the last."""
        profile = self._calls.providers.profile(options.choice)
        before = memory.summaries.current(conversation_id)
        try:
            covered = _to_cover(memory, conversation_id, options, profile, before, only_unseen=True).messages
        except NotPossible:
            return None
        tokens = sum(likely_tokens(each.content) + TOKENS_PER_MESSAGE for each in covered)
        if _is_too_small(options, profile):
            return SummaryOffer(len(covered), tokens, None, possible=False)
        others = [options.system_prompt, INSTRUCTION, before.text if before else ""]
        usage = Usage(tokens + sum(map(likely_tokens, others)), LIKELY_TOKENS)
        return SummaryOffer(len(covered), tokens, self._calls.providers.cost(options.choice, Finish("stop", usage)))


def _is_too_small(options: Options, profile: ModelProfile) -> bool:
    return options.choice.provider == "local" and (profile.context_tokens or 0) <= SMALL_CONTEXT


@dataclass(frozen=True, slots=True)
class _Coverage:
    """What a summary adds to the one before: `messages`, oldest first. With it, all up to the one with the id `until`
    are summarised but those `skipped`."""

    messages: Sequence[StoredMessage]
    until: str
    skipped: tuple[str, ...]


def _to_cover(
    memory: ConversationMemory,
    conversation_id: str,
    options: Options,
    profile: ModelProfile,
    before: Summary | None,
    *,
    only_unseen: bool = False,
    most: int = MAX_HISTORY,
) -> _Coverage:
    """The messages for the next summary: at most so many, and as many as the model reads at once; none that is sent
    because of a pin.
    Without `only_unseen` they are all messages if the model still sees all."""
    messages = [each for each in memory.get_messages(conversation_id, None) if each.status != "running"]
    ids = [each.message_id for each in messages]
    first = ids.index(before.until) + 1 if before and before.until in ids else 0
    end = _window_start(messages, options, profile)
    if end <= first and before is None and not only_unseen:
        end = len(messages)
    skipped = before.skipped if before else ()  # they may be pinned no more
    is_new = [place >= first or message_id in skipped for place, message_id in enumerate(ids)]
    pinned = ids_with_turns(messages)
    uncovered = [place for place in range(end) if is_new[place] and ids[place] not in pinned]
    if profile.context_tokens is not None:
        available = profile.context_tokens - MAX_TOKENS - estimate_tokens(INSTRUCTION) * 4
        sizes = accumulate(estimate_tokens(messages[place].content) for place in uncovered)
        uncovered = uncovered[: max(1, sum(1 for _ in takewhile(lambda size: size <= available, sizes)))]
    uncovered = uncovered[:most]
    if not uncovered:
        raise NotPossible("nothing_to_summarize")
    last = max(uncovered[-1], first - 1)
    left = [ids[place] for place in range(last + 1) if is_new[place] and place not in uncovered]
    return _Coverage([messages[place] for place in uncovered], ids[last], tuple(left))


def _window_start(messages: Sequence[StoredMessage], options: Options, profile: ModelProfile) -> int:
    """The place of the first message that goes out with the next question; 0 if all do. What did not go out for the
    newest answer, because the provider had found more too long, will not either."""
    question = StoredMessage("", "user", "?", now())
    window = select_messages(
        [*messages, question],
        profile,
        system_prompt=options.system_prompt,
        history_limit=options.history_limit,
        context_tokens=profile.context_tokens,
        max_tokens=options.max_tokens,
    )
    first = first_sent_id([*messages, question], window.sent)
    newest = next((place for place in reversed(range(len(messages))) if messages[place].seen), None)
    sent = messages[newest].seen if newest is not None else None
    trimmed = first_sent_id(messages[:newest], sent) if sent and sent.trimmed else None
    ids = [each.message_id for each in (*messages, question)]
    return max((ids.index(each) for each in (first, trimmed) if each is not None), default=0)
