"""What /openapi.json and /docs say besides the operations' names and types."""

from typing import Any

from chatbot.api.responses import ErrorOut, HealthOut
from chatbot.transfer import ExportedConversation

Responses = dict[int | str, dict[str, Any]]

ABOUT = """
A session owns conversations. Its token goes into the header `Authorization: Bearer <token>`. `POST /chat` and
`POST /chat/stream` without a token begin a new session and return its token.

If logins are set (`CHATBOT_AUTH`), a call without a valid session token needs one of them, by HTTP Basic, and gets 401
with `WWW-Authenticate: Basic` without it. Only `/health` answers everybody. A valid token is enough: it was issued to
somebody who had logged in. After many wrong logins from one address, any login from there gets 429 for a while.

Every error has the form `{"error": {"code": "…", "message": "…"}}`, with `retry_after` in seconds if waiting helps. The
message is in the language of `Accept-Language`, English by default. A body is JSON of at most 1 MiB;
`POST /attachments` and `POST /session/import` take a file as the body, as large as the operator allows. Attachments are
images, PDFs and text; of Word, Excel, PowerPoint, EPUB, HTML and Jupyter notebooks the text is kept. A body that
stalls gets 408; an upload gets 503 while too many others are read.
"""

EXAMPLE_STREAM = """\
event: start
data: {"conversation_id":"9f…","message_id":"a1…","session_token":"c0….…","provider":"openai","model":"gpt-6-luna"}

id: 5
event: token
data: "Hello"

id: 13
event: token
data: ", Alice!"

event: done
data: {"conversation_id":"9f…","message_id":"a1…","finish_reason":"stop","usage":{"input_tokens":21,"output_tokens":4},\
"timing":{"first_token_ms":310,"total_ms":420},"memory":{"notes":["5e…"],"recalled":[],"summary":false}}

"""

COUNT = {"type": "integer", "minimum": 0}
"""A header may be missing, but is never null: HTTP has no such value."""

EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "event": {"enum": ["start", "token", "reasoning", "done", "error"]},
        "id": {"type": "string", "pattern": "^[0-9]+$"},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
}

STREAM: dict[str, Any] = {"text/event-stream": {"itemSchema": EVENT_SCHEMA, "example": EXAMPLE_STREAM}}

EVENTS: Responses = {
    200: {
        "description": "The answer as it is made: `start`, then `token` and `reasoning`, then `done` or `error`. "
        "`data` is one line of JSON; a token's `id` is how many characters have come with it, which is what "
        "`Last-Event-ID` takes. An `error` has `code`, `message`, `retryable` and `retry_after`.",
        "content": STREAM,
    }
}

WHOLE_OR_EVENTS: Responses = {200: {"description": "The answer, or with `stream` its events.", "content": STREAM}}

NOTHING_RUNS: Responses = {204: {"description": "Nothing runs there."}}

DRAINING: Responses = {503: {"description": "The process is about to end.", "model": HealthOut}}

FILE: Responses = {
    200: {
        "description": "The file.",
        "model": ExportedConversation,
        "content": {"text/markdown": {"schema": {"type": "string"}, "example": "# Greeting\n\n**You**\n\nHello!\n"}},
    }
}

MARKDOWN: Responses = {
    200: {
        "description": "The list.",
        "content": {"text/markdown": {"schema": {"type": "string"}, "example": "- I live in Oslo.\n"}},
    }
}

ZIP: Responses = {
    200: {
        "description": "The zip file.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}

CONTENT: Responses = {
    200: {
        "description": "The file, as it is kept.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("image/png", "image/jpeg", "application/pdf", "text/plain")
        },
    }
}

FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""For an operation whose body is a file."""

OPTIONAL_TOKEN: dict[str, Any] = {"security": [{}]}
"""For an operation that takes a bearer token, or none."""


def errors(*statuses: int) -> Responses:
    """The error responses of an operation."""
    responses: Responses = {status: {"model": ErrorOut} for status in statuses}
    if 429 in responses:
        retry_after = {"description": "Seconds to wait.", "schema": COUNT}
        responses[429] |= {"headers": {"Retry-After": retry_after}}
    return responses


ASKING = errors(401, 404, 409, 413, 422, 429, 500, 502, 503, 504)
OWNED = errors(401, 404, 422, 500)
"""Of operations on one conversation."""
