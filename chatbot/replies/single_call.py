"""One call of a model outside the chat, because a visitor asked for it: priced, limited, and stored by nobody here."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from pydantic import SecretStr

from chatbot.errors import ContentFiltered, ProviderTimeout
from chatbot.memory.context_window import WITHHELD
from chatbot.memory.memory_block import NOTHING, Recollection
from chatbot.providers import ProviderPool
from chatbot.replies.generation import AnswerAccount, Generation
from chatbot.replies.limits import Limits, Reservation
from chatbot.storage import ConversationMemory
from chatbot.storage.timestamps import now
from chatbot.types import Delta, Options, Status, StoredMessage


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a session, a visitor's own key for the provider (None: the operator's), and the visitor's address."""

    session_id: str
    key: SecretStr | None = None
    address: str = ""


class CallResult(NamedTuple):
    """The text of an answer, what it used, and whether it `is_cut` at its longest length."""

    text: str
    account: AnswerAccount
    is_cut: bool


class SingleCalls:
    """Makes such calls, each within the limits of messages and at most `seconds` long."""

    def __init__(self, providers: ProviderPool, limits: Limits, seconds: float) -> None:
        self.providers = providers
        self._limits = limits
        self._seconds = seconds

    def longest(self, tokens: int) -> int:
        """So many tokens, or what the operator allows an answer if that is less."""
        return min(tokens, self._limits.max_answer_tokens or tokens)

    async def ask(
        self,
        memory: ConversationMemory,
        conversation_id: str,
        messages: Sequence[StoredMessage],
        instruction: str,
        options: Options,
        caller: Caller,
        recollection: Recollection = NOTHING,
    ) -> CallResult:
        """Sends messages of a conversation and an instruction. What that used is counted however the call ends. Raises
        what `Limits` raises, StorageError, and ProviderErrors."""
        asked = StoredMessage("", "user", instruction, now())
        read_files = partial(memory.attachments.get_all, conversation_id)
        history = [*messages, asked]
        generation = Generation(self.providers, history, options, caller.key, read_files, recollection)
        return await self._run(generation, options, await self._reserve(options, caller))

    async def _reserve(self, options: Options, caller: Caller) -> Reservation:
        is_billed = caller.key is None and self.providers.is_billed(options.choice.provider)
        return await self._limits.admit(caller.session_id, caller.address, 0, options.max_tokens, is_billed=is_billed)

    async def _run(self, generation: Generation, options: Options, reservation: Reservation) -> CallResult:
        pieces: list[Delta] = []
        account, finish = AnswerAccount(), None
        try:
            if reservation.is_counted:
                await asyncio.to_thread(lambda: reservation.add(generation.max_input_tokens()))
            try:
                async with asyncio.timeout(self._seconds):
                    finish = await generation.run(pieces.append)
            except TimeoutError:
                raise ProviderTimeout(self.providers.label(options.choice.provider)) from None
            finally:
                text = "".join(each.text for each in pieces)
                status: Status = "complete" if finish else "interrupted" if text else "failed"
                answer = StoredMessage("", "assistant", text, now(), status=status)
                account = await asyncio.to_thread(generation.account, answer, finish)
        finally:
            await asyncio.to_thread(reservation.settle, account.usage)
        if finish and finish.reason in WITHHELD:
            raise ContentFiltered(self.providers.label(options.choice.provider))
        return CallResult(text, account, bool(finish and finish.reason == "length"))
