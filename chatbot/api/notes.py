"""The API's operations on notes: list, create, change, delete."""

import asyncio

from fastapi import APIRouter, Response

from chatbot.api.auth import Address, Memory, ServicesDep, SessionId
from chatbot.api.memory_responses import CandidatesOut, NoteOut, NotesOut, SuggestionsOut
from chatbot.api.openapi import ASKING, MARKDOWN, errors
from chatbot.api.requests import NoteBody, NoteChangesBody, NotesTextBody, SuggestBody
from chatbot.api.responses import StatusOut
from chatbot.replies.options import RequestedOptions, resolve_options
from chatbot.replies.single_call import Caller
from chatbot.transfer.notes import candidates, export_notes_markdown, import_notes, parse_notes_markdown

router = APIRouter(tags=["memory"])

ONE = "/notes/{note_id}"
OWNED_NOTE = errors(401, 404, 413, 422, 500)


@router.get("/notes", response_model_exclude_unset=True, responses=errors(401, 500))
async def list_notes(memory: Memory) -> NotesOut:
    """The session's notes: pinned ones first, then the newest first."""
    return await asyncio.to_thread(lambda: NotesOut.of(memory.notes.list()))


@router.post(
    "/notes", status_code=201, response_model_exclude_unset=True, responses=errors(401, 404, 409, 413, 422, 500, 503)
)
async def create_note(body: NoteBody, memory: Memory) -> NoteOut:
    """Store a fact that goes along with the questions that it matches; a pinned one goes along with all."""
    source = body.source.place() if body.source else None
    return NoteOut.of(await asyncio.to_thread(memory.notes.create, body.text, pinned=body.pinned, source=source))


@router.get("/notes/export", response_class=Response, responses=MARKDOWN | errors(401, 500))
async def export_notes(memory: Memory) -> Response:
    """The notes as a Markdown list."""
    content = export_notes_markdown(await asyncio.to_thread(memory.notes.list))
    headers = {"Content-Disposition": 'attachment; filename="notes.md"'}
    return Response(content, media_type="text/markdown", headers=headers)


@router.post(
    "/notes/import", status_code=201, response_model_exclude_unset=True, responses=errors(401, 409, 413, 422, 500, 503)
)
async def import_notes_list(body: NotesTextBody, memory: Memory) -> NotesOut:
    """Store each line of a Markdown list as a note, and get the new ones."""
    return NotesOut.of(await asyncio.to_thread(import_notes, memory, parse_notes_markdown(body.text)))


@router.post("/notes/candidates", responses=errors(401, 413, 422))
async def split_into_candidates(body: NotesTextBody, _: SessionId) -> CandidatesOut:
    """Split what another assistant has remembered into lines that could be notes. Nothing is stored."""
    return CandidatesOut(candidates=candidates(body.text))


@router.post("/notes/suggestions", responses=ASKING)
async def suggest_notes(
    body: SuggestBody, services: ServicesDep, session_id: SessionId, address: Address
) -> SuggestionsOut:
    """Ask a model which facts of a conversation to remember: one call, which counts as a message. Nothing is stored:
    make notes of those that you want."""
    requested: RequestedOptions = {"provider": body.provider, "model": body.model}
    options = await asyncio.to_thread(resolve_options, services.settings, services.providers, requested)
    found = await services.suggestions.suggest(body.conversation_id, options, Caller(session_id, address=address))
    return SuggestionsOut.of(found)


@router.patch(ONE, response_model_exclude_unset=True, responses=OWNED_NOTE)
async def update_note(note_id: str, body: NoteChangesBody, memory: Memory) -> NoteOut:
    """Change a note's text, or whether it is pinned."""
    return NoteOut.of(await asyncio.to_thread(memory.notes.update, note_id, text=body.text, pinned=body.pinned))


@router.delete(ONE, responses=OWNED_NOTE)
async def delete_note(note_id: str, memory: Memory) -> StatusOut:
    """Delete a note for good: it goes along with no later message, and no account of an answer quotes it any more."""
    await asyncio.to_thread(memory.notes.delete, note_id)
    return StatusOut(status="deleted")
