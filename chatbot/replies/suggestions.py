"""Suggests notes from a conversation: one call of a model, when the visitor asks for it. Nothing is stored of it."""

import asyncio
from dataclasses import dataclass, replace

from chatbot.errors import NotFound
from chatbot.replies.single_call import Caller, SingleCalls
from chatbot.storage import Store
from chatbot.storage.notes import MAX_NOTE_LENGTH
from chatbot.transfer.notes import candidates
from chatbot.types import ModelChoice, Options, Usage

INSTRUCTION = (
    "From our conversation, list the lasting facts about me that would help in later conversations: one a line, each "
    f"starting with “- ”, in my own words and language, in at most {MAX_NOTE_LENGTH} characters. Only what I said "
    "myself; no guesses, no secrets. If there is none, answer with “-” only."
)
MAX_SUGGESTIONS = 10
MAX_TOKENS = 1000
"""Of the answer: ten notes of the greatest length."""


@dataclass(frozen=True, slots=True)
class SuggestedNotes:
    """What a model suggests to remember, by which model, and what the call used: tokens, and US dollars (None:
    unknown)."""

    texts: tuple[str, ...]
    choice: ModelChoice
    usage: Usage
    cost: float | None


class Suggestions:
    """Asks for suggestions."""

    def __init__(self, store: Store, calls: SingleCalls) -> None:
        self._store = store
        self._calls = calls

    async def suggest(self, conversation_id: str, options: Options, caller: Caller) -> SuggestedNotes:
        """Makes one call with the conversation and an instruction; returns facts that are no notes yet. Raises
        NotFound, also for a conversation without messages, what `Limits` raises, and ProviderErrors."""
        memory = self._store.memory(caller.session_id)
        messages = await asyncio.to_thread(memory.get_messages, conversation_id, None)
        if not messages:
            raise NotFound("message")
        shortened = replace(options, max_tokens=min(options.max_tokens, MAX_TOKENS))
        answer, account, _ = await self._calls.ask(memory, conversation_id, messages, INSTRUCTION, shortened, caller)
        known = {each.text for each in await asyncio.to_thread(memory.notes.list)}
        texts = [each for each in candidates(answer) if each not in known]
        return SuggestedNotes(tuple(texts[:MAX_SUGGESTIONS]), options.choice, account.usage, account.cost)
