"""What servers say in place of an answer: every wording in refusals.json means one of our errors."""

import json
from pathlib import Path
from typing import Any

import pytest

from chatbot.errors import FilesNotRead
from chatbot.providers.error_meanings import meaning
from chatbot.providers.refusal_details import refuses_system_role
from chatbot.providers.refusals import Refusal

WORDINGS: dict[str, list[Any]] = json.loads(Path(__file__).with_name("refusals.json").read_text(encoding="utf-8"))
"""`refusals`: a body with its status, None in a record, and the name of our error. `pictures`: refusals of a request
with a file. `system_role`: refusals of a system message."""


def body_of(wording: dict[str, Any]) -> str:
    body = wording["body"]
    return body if isinstance(body, str) else json.dumps(body)


@pytest.mark.parametrize("wording", WORDINGS["refusals"], ids=body_of)
def test_a_refusal_is_understood(wording: dict[str, Any]) -> None:
    kind, _ = meaning(Refusal(body_of(wording), wording["status"]))
    assert kind.__name__ == wording["error"]


@pytest.mark.parametrize("wording", WORDINGS["pictures"], ids=lambda wording: str(wording["message"]))
def test_a_refused_picture_is_understood(wording: dict[str, Any]) -> None:
    refusal = Refusal({"error": {"message": wording["message"]}}, wording["status"])
    assert meaning(refusal, has_files=True)[0] is FilesNotRead


@pytest.mark.parametrize("message", WORDINGS["system_role"])
def test_a_refused_system_role_is_understood(message: str) -> None:
    assert refuses_system_role(Refusal({"error": {"message": message}}, 400))


def test_other_refusals_are_not_about_the_system_role() -> None:
    for wording in WORDINGS["refusals"]:
        assert not refuses_system_role(Refusal(body_of(wording), wording["status"])), wording
