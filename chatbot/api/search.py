"""The API's search over the session's conversations."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from chatbot.api.auth import Memory
from chatbot.api.memory_responses import SearchOut
from chatbot.api.openapi import errors

router = APIRouter(tags=["conversations"])

MAX_QUERY_LENGTH = 1000


@router.get("/search", responses=errors(401, 422, 500))
async def search(memory: Memory, q: Annotated[str, Query(max_length=MAX_QUERY_LENGTH)]) -> SearchOut:
    """Titles and messages that contain every word of `q`, or parts of words, the best first: at most 50, three of a
    conversation."""
    return SearchOut.of(await asyncio.to_thread(memory.search, q))
