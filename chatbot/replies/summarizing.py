"""Summarises what a model no longer sees of a conversation: one call, when the visitor asks for it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, takewhile
from uuid import uuid4

from chatbot.errors import EmptyAnswer, NotPossible
from chatbot.memory import estimate_tokens, select_messages
from chatbot.memory.context_window import first_sent_id
from chatbot.memory.memory_block import SMALL_CONTEXT, Recollection
from chatbot.replies.options import MAX_HISTORY
from chatbot.replies.single_call import Caller, SingleCalls
from chatbot.storage import ConversationMemory, Store
from chatbot.storage.summaries import MAX_SUMMARY_LENGTH
from chatbot.storage.timestamps import now
from chatbot.types import ModelProfile, Options, StoredMessage, Summary

INSTRUCTION = (
    "Summarise our conversation so far, together with the summary of earlier messages if there is one, so that you "
    "could go on with your summary in its place. Keep names, numbers, dates, decisions, preferences and open "
    "questions. Write in our language, in at most 300 words, and nothing but the summary."
)
MAX_TOKENS = 1000
"""Of the summary."""


class Summarizing:
    """Makes summaries."""

    def __init__(self, store: Store, calls: SingleCalls) -> None:
        self._store = store
        self._calls = calls

    async def summarize(self, conversation_id: str, options: Options, caller: Caller) -> Summary:
        """Summarises the messages that the model no longer sees, or all of them if it still sees all, and stores the
        summary, which goes on from the one before.

        Raises NotPossible if nothing is new since the last summary, or the model is too small; NotFound, what `Limits`
        raises, and ProviderErrors.
        """
        memory, choice = self._store.memory(caller.session_id), options.choice
        profile = await asyncio.to_thread(self._calls.providers.profile, choice)
        if choice.provider == "local" and (profile.context_tokens or 0) <= SMALL_CONTEXT:
            raise NotPossible("too_small_to_summarize")
        before = await asyncio.to_thread(memory.summaries.current, conversation_id)
        covered = await asyncio.to_thread(_to_cover, memory, conversation_id, options, profile, before)
        asked = replace(options, history_limit=MAX_HISTORY, max_tokens=min(options.max_tokens, MAX_TOKENS))
        recollection = Recollection(summary=before)
        text, account = await self._calls.ask(
            memory, conversation_id, covered, INSTRUCTION, asked, caller, recollection
        )
        if not text.strip():
            raise EmptyAnswer(self._calls.providers.label(choice.provider))
        summary = Summary(
            uuid4().hex,
            text.strip()[:MAX_SUMMARY_LENGTH],
            len(covered) + (before.covers if before else 0),
            covered[-1].message_id,
            now(),
            choice.provider,
            choice.model,
            account.usage,
            account.cost,
        )
        await asyncio.to_thread(memory.summaries.add, conversation_id, summary)
        return summary


def _to_cover(
    memory: ConversationMemory,
    conversation_id: str,
    options: Options,
    profile: ModelProfile,
    before: Summary | None,
) -> Sequence[StoredMessage]:
    """The messages for the next summary, oldest first: as many as the model reads at once."""
    messages = [each for each in memory.get_messages(conversation_id, None) if each.status != "running"]
    ids = [each.message_id for each in messages]
    first = ids.index(before.until) + 1 if before and before.until in ids else 0
    end = _window_start(messages, options, profile)
    if end <= first and before is None:
        end = len(messages)
    uncovered = messages[first:end]
    if profile.context_tokens is not None:
        available = profile.context_tokens - min(options.max_tokens, MAX_TOKENS) - estimate_tokens(INSTRUCTION) * 4
        sizes = accumulate(estimate_tokens(each.content) for each in uncovered)
        uncovered = uncovered[: max(1, sum(1 for _ in takewhile(lambda size: size <= available, sizes)))]
    if not uncovered:
        raise NotPossible("nothing_to_summarize")
    return uncovered


def _window_start(messages: Sequence[StoredMessage], options: Options, profile: ModelProfile) -> int:
    """The place of the first message that goes out with the next question; 0 if all do."""
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
    return next((place for place, each in enumerate(messages) if each.message_id == first), 0)
