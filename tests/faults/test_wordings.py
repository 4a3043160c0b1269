"""Refusals in many servers' words: each has the same meaning, and the same request takes its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from chatbot.providers.error_meanings import meaning
from chatbot.providers.openai import OpenAIProvider
from chatbot.providers.refusal_details import refuses_system_role
from chatbot.providers.refusals import Refusal
from chatbot.providers.unsupported_parameters import UnsupportedParameters, adapt
from chatbot.types import Message, Request

WORDINGS: dict[str, Any] = json.loads(Path(__file__).with_name("wordings.json").read_text(encoding="utf-8"))
"""`meanings`: by the name of our error, a status (None in a record), the words and maybe a code. `system_role` and
`parameters`, by the parameter that is left out: a status and the words. `longest_answers`: the words, the tokens that
were asked for, and those that are asked for instead."""

MEANINGS = [(name, *row, *[None] * (3 - len(row))) for name, rows in WORDINGS["meanings"].items() for row in rows]
PARAMETERS = [(name, *row) for name, rows in WORDINGS["parameters"].items() for row in rows]


def refusal(status: int | None, words: str, code: str | None = None) -> Refusal:
    return Refusal({"error": {"message": words, "code": code}}, status)


def adapted(said: Refusal, max_tokens: int = 2000) -> tuple[Request | None, frozenset[str]]:
    """The request that takes the place of a refused one, and what the model is known to refuse."""
    unsupported = UnsupportedParameters()
    request = Request("any", (Message("user", "Hi"),), "Be brief.", max_tokens, 0.5, "low")
    sent = {name: 1 for name in OpenAIProvider.optional if name != "max_completion_tokens"}
    return adapt(request, said, sent, OpenAIProvider.optional, unsupported), unsupported.of("any")


@pytest.mark.parametrize(("name", "status", "words", "code"), MEANINGS)
def test_the_words_have_their_meaning(name: str, status: int | None, words: str, code: str | None) -> None:
    kind, _ = meaning(refusal(status, words, code), has_files=name == "FilesNotRead")
    assert kind.__name__ == name


@pytest.mark.parametrize(("status", "words"), WORDINGS["system_role"])
def test_a_system_prompt_that_is_refused_is_left_out(status: int, words: str) -> None:
    request, unsupported = adapted(refusal(status, words))
    assert request
    assert unsupported == {"system"}


@pytest.mark.parametrize(("name", "status", "words"), PARAMETERS)
def test_a_parameter_that_is_refused_is_left_out(name: str, status: int, words: str) -> None:
    request, unsupported = adapted(refusal(status, words))
    assert request
    assert unsupported == {name}


@pytest.mark.parametrize(("words", "asked", "longest"), WORDINGS["longest_answers"])
def test_an_answer_that_would_be_too_long_is_shortened_for_once(words: str, asked: int, longest: int) -> None:
    request, unsupported = adapted(refusal(400, words), asked)
    assert request
    assert (request.max_tokens, unsupported) == (longest, frozenset())


def test_only_the_system_role_is_taken_for_it() -> None:
    for _, status, words, code in MEANINGS:
        is_about_it = "system role" in words.lower()
        assert refuses_system_role(refusal(status, words, code)) == is_about_it, words
