"""The API's operations on a conversation's summary: make, change, undo."""

import asyncio
from functools import partial

from fastapi import APIRouter

from chatbot.api.auth import Address, Memory, ServicesDep, SessionId
from chatbot.api.memory_responses import MadeSummaryOut
from chatbot.api.openapi import ASKING, OWNED, errors
from chatbot.api.requests import SummarizeBody, SummaryChangesBody
from chatbot.api.responses import StatusOut
from chatbot.errors import NotFound
from chatbot.replies.options import RequestedOptions, resumed_options
from chatbot.replies.single_call import Caller

router = APIRouter(tags=["summaries"])

ONE = "/conversations/{conversation_id}/summary"


@router.post(ONE, status_code=201, responses=ASKING)
async def summarize(
    conversation_id: str,
    services: ServicesDep,
    session_id: SessionId,
    memory: Memory,
    address: Address,
    body: SummarizeBody | None = None,
) -> MadeSummaryOut:
    """Summarise what the model no longer sees of a conversation: one call, which counts as a message. From then on the
    summary goes along with each message. Another one goes on from it with what is no longer seen since."""
    asked = body or SummarizeBody()
    conversation = await asyncio.to_thread(memory.get_conversation, conversation_id)
    requested: RequestedOptions = {"provider": asked.provider, "model": asked.model}
    resolving = partial(resumed_options, services.settings, services.providers, conversation.options, requested)
    options = await asyncio.to_thread(resolving)
    caller = Caller(session_id, address=address)
    return MadeSummaryOut.of(await services.summarizing.summarize(conversation_id, options, caller))


@router.get(ONE, responses=OWNED)
async def get_summary(conversation_id: str, memory: Memory) -> MadeSummaryOut:
    """The summary that goes along with the conversation's messages. 404 if there is none."""
    found = await asyncio.to_thread(memory.summaries.current, conversation_id)
    if found is None:
        raise NotFound("summary")
    return MadeSummaryOut.of(found)


@router.patch(ONE, responses=OWNED | errors(413))
async def change_summary(conversation_id: str, body: SummaryChangesBody, memory: Memory) -> MadeSummaryOut:
    """Change the summary's text."""
    return MadeSummaryOut.of(await asyncio.to_thread(memory.summaries.edit, conversation_id, body.text))


@router.delete(ONE, responses=OWNED)
async def undo_summary(conversation_id: str, memory: Memory) -> StatusOut:
    """Undo the summary: the one before it counts again, if there was one. The messages are untouched."""
    await asyncio.to_thread(memory.summaries.remove, conversation_id)
    return StatusOut(status="deleted")
