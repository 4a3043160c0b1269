"""What Schemathesis cannot know of the app under test, put into the bodies that it makes."""

from typing import Any

import schemathesis

NOT_SET_UP = ("huggingface", "compatible", "local")
A_FILE = {"name": "notes.txt", "media_type": "text/plain", "data": "SGVsbG8="}
A_TIME = "2026-01-31T12:00:00.000+00:00"


@schemathesis.hook
def map_body(_: schemathesis.HookContext, body: Any) -> Any:
    """Asks only providers that are set up, and gives an imported file times that are times, without attachments, whose
    contents would have to be there."""
    if isinstance(body, dict):
        if body.get("provider") in NOT_SET_UP:
            body["provider"] = "anthropic"
        attachments, messages = body.get("attachments"), body.get("messages")
        if isinstance(attachments, list) and all(isinstance(each, dict) for each in attachments):
            body["attachments"] = [A_FILE for each in attachments if each][:10]
        for part in [body, *(messages if isinstance(messages, list) else [])]:
            if isinstance(part, dict):
                part.update({name: A_TIME for name in ("created_at", "updated_at") if isinstance(part.get(name), str)})
                if part.get("role") == "user" and part.get("content") == "":
                    part["content"] = "Hello"
    return body
