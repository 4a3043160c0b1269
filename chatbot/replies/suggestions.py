"""Suggests notes from a conversation: one call of a model, when the visitor asks for it. Nothing is stored of it."""

import asyncio
from dataclasses import dataclass, replace
from functools import partial

from pydantic import SecretStr

from chatbot.errors import NotFound, ProviderTimeout, StorageError
from chatbot.providers import ProviderPool
from chatbot.replies.generation import AnswerAccount, Generation
from chatbot.replies.limits import Limits, Reservation
from chatbot.storage import Store
from chatbot.storage.notes import MAX_NOTE_LENGTH
from chatbot.storage.timestamps import now
from chatbot.transfer.notes import candidates
from chatbot.types import Delta, ModelChoice, Options, Status, StoredMessage, Usage

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
    """Asks for suggestions, within the limits of messages and at most `seconds` for one."""

    def __init__(self, store: Store, providers: ProviderPool, limits: Limits, seconds: float) -> None:
        self._store = store
        self._providers = providers
        self._limits = limits
        self._seconds = seconds

    async def suggest(
        self,
        session_id: str,
        conversation_id: str,
        options: Options,
        *,
        key: SecretStr | None = None,
        address: str = "",
    ) -> SuggestedNotes:
        """Makes one call with the conversation and an instruction; returns facts that are no notes yet. Raises
        NotFound, also for a conversation without messages, what `Limits` raises, and ProviderErrors."""
        memory = self._store.memory(session_id)
        messages = await asyncio.to_thread(memory.get_messages, conversation_id, None)
        if not messages:
            raise NotFound("message")
        asked = StoredMessage("", "user", INSTRUCTION, now())
        shortened = replace(options, max_tokens=min(options.max_tokens, MAX_TOKENS))
        read_files = partial(memory.attachments.get_all, conversation_id)
        generation = Generation(self._providers, [*messages, asked], shortened, key, read_files)
        reservation = self._reserve(session_id, shortened, key, address)
        answer, account = await self._run(generation, shortened, reservation)
        known = {each.text for each in await asyncio.to_thread(memory.notes.list)}
        texts = [each for each in candidates(answer) if each not in known]
        return SuggestedNotes(tuple(texts[:MAX_SUGGESTIONS]), options.choice, account.usage, account.cost)

    def _reserve(self, session_id: str, options: Options, key: SecretStr | None, address: str) -> Reservation:
        is_billed = key is None and self._providers.is_billed(options.choice.provider)
        try:
            return self._limits.admit(session_id, address, 0, options.max_tokens, is_billed=is_billed)
        except OSError as error:
            raise StorageError from error

    async def _run(
        self, generation: Generation, options: Options, reservation: Reservation
    ) -> tuple[str, AnswerAccount]:
        """The answer's text, and what it used, which is counted however the call ends."""
        pieces: list[Delta] = []
        account = AnswerAccount()
        try:
            if reservation.is_counted:
                reservation.add(await asyncio.to_thread(generation.max_input_tokens))
            finish = None
            try:
                async with asyncio.timeout(self._seconds):
                    finish = await generation.run(pieces.append)
            except TimeoutError:
                raise ProviderTimeout(self._providers.label(options.choice.provider)) from None
            finally:
                text = "".join(each.text for each in pieces)
                status: Status = "complete" if finish else "interrupted" if text else "failed"
                answer = StoredMessage("", "assistant", text, now(), status=status)
                account = await asyncio.to_thread(generation.account, answer, finish)
        finally:
            await asyncio.to_thread(reservation.settle, account.usage)
        return text, account
