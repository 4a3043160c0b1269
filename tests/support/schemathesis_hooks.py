"""Changes the request bodies that Schemathesis generates to fit the app under test."""

from typing import Any

import schemathesis

UNAVAILABLE = ("huggingface", "compatible", "local")
ATTACHMENT = {"name": "notes.txt", "media_type": "text/plain", "data": "SGVsbG8="}
FIELDS = {*ATTACHMENT, "attachment_id"}
TIME = "2026-01-31T12:00:00.000+00:00"


@schemathesis.hook
def map_body(_: schemathesis.HookContext, body: Any) -> Any:
    """Chooses a provider that has a key, and makes attachments, timestamps and empty messages valid."""
    if isinstance(body, dict):
        if body.get("provider") in UNAVAILABLE:
            body["provider"] = "anthropic"
        attachments, messages = body.get("attachments"), body.get("messages")
        if body.get("temporary"):
            body.pop("attachments", None)  # a temporary chat takes no files, which a schema cannot say
        elif isinstance(attachments, list) and all(
            isinstance(each, dict) and each.keys() <= FIELDS for each in attachments
        ):
            body["attachments"] = [ATTACHMENT for each in attachments if each][:10]
        for part in [body, *(messages if isinstance(messages, list) else [])]:
            if isinstance(part, dict):
                part.update({name: TIME for name in ("created_at", "updated_at") if isinstance(part.get(name), str)})
                if part.get("role") == "user" and part.get("content") == "":
                    part["content"] = "Hello"
    return body
