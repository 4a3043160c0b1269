"""Stored messages as the page displays them."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from chatbot.errors import Unavailable
from chatbot.page.message_view import Line, lines, show, show_message, show_notice, waiting_words
from chatbot.types import Fault, Role, StoredMessage, Timing, Usage
from tests.page.markdown.reading import read

UNREACHABLE = Unavailable("OpenAI").text.as_json()
FAULT = Fault("provider_unavailable", UNREACHABLE, retryable=True)


def make_message(message_id: str, role: Role, content: str, **values: Any) -> StoredMessage:
    return StoredMessage(message_id, role, content, "2026-11-22T10:00:00.000+00:00", **values)


def make_answer(content: str = "Hello.", **values: Any) -> StoredMessage:
    usual: dict[str, Any] = {"provider": "openai", "model": "m", "usage": Usage(3, 2), "parent_id": "1"}
    return make_message("2", "assistant", content, **usual | values)


def view_lines(*messages: StoredMessage, versions: Mapping[str, tuple[str, ...]] | None = None) -> list[Line]:
    return lines(messages, versions or {}, str.title)


def test_a_message_keeps_its_indentation() -> None:
    shown = show([make_message("1", "user", "    code"), make_answer("        more code")], "en")
    assert [read(message["blocks"]).text.strip("\n") for message in shown] == ["    code", "    more code"]
    assert read(shown[1]["blocks"]).code == ["    more code\n"]


def test_reasoning_precedes_the_answer_with_its_duration() -> None:
    reasoning, answer = show_message(make_answer(reasoning="Hm.", timing=Timing(100, 9000, 2500)), "en")
    assert reasoning["metadata"] == {"title": "Reasoning", "status": "done", "duration": 2.5}
    assert [read(each["blocks"]).words for each in (reasoning, answer)] == ["Hm.", "Hello."]
    assert answer["metadata"] is None


def test_reasoning_is_marked_as_running_until_the_answer_begins() -> None:
    reasoning, waiting = show_message(make_answer("", reasoning="Hm", status="running"), "en")
    assert reasoning["metadata"] == {"title": "Reasoning…", "status": "done"}
    assert "typing" in waiting["blocks"][0]
    reasoning, _ = show_message(make_answer("H", reasoning="Hm", status="running"), "en")
    assert reasoning["metadata"]["title"] == "Reasoning"


def test_reasoning_without_an_answer_is_not_marked_as_running() -> None:
    reasoning, _ = show_message(make_answer("", reasoning="Hm", status="interrupted"), "en")
    assert reasoning["metadata"]["title"] == "Reasoning"


def test_an_empty_running_answer_says_what_it_waits_for() -> None:
    (waiting,) = show_message(make_answer("", status="running"), "en", "Loading <it>…")
    assert waiting["blocks"] == ['<span class="typing">Loading &lt;it&gt;…</span>']


def test_markup_in_a_notice_is_escaped() -> None:
    assert "<b>" not in show_notice("<b>bold</b>")[0]["blocks"][0]


def test_reasoning_is_rendered_like_an_answer() -> None:
    reasoning, _ = show_message(make_answer("", reasoning="So `x<y` is **im", status="running"), "en")
    assert reasoning["blocks"] == ['<p dir="auto">So <code dir="ltr">x&lt;y</code> is <strong>im']


def test_only_a_running_answer_hides_half_written_marks() -> None:
    for status, words in (("running", "It is bo"), ("interrupted", "It is **bo")):
        (block,) = show_message(make_answer("It is **bo", status=status), "en")[0]["blocks"]
        assert re.sub("<[^>]+>", "", block) == words


GROWING = {
    "paragraph": "Words that **grow** with `code` and so on",
    "list": "- one **item**\n- another one\n- a third",
    "code": "```py\nx = 1\ny = 2\nz = 3",
    "row": "| a | b |\n|---|---|\n| some words | more of them",
}


@pytest.mark.parametrize("kind", GROWING)
def test_the_html_of_a_block_that_grows_is_only_appended_to(kind: str) -> None:
    text = GROWING[kind]
    start = text.find("\n| some") + 3 if kind == "row" else 6
    answers = [make_answer(text[:end], status="running") for end in range(start, len(text))]
    updates = [show_message(answer, "en")[0]["blocks"] for answer in answers]
    assert [len(blocks) for blocks in updates] == [1] * len(updates)
    assert all(later[0].startswith(earlier[0]) for earlier, later in pairwise(updates))


def test_a_question_is_shown_as_typed() -> None:
    (question,) = show([make_message("1", "user", "# <b>")], "en")
    assert read(question["blocks"]).words == "# <b>"


def test_only_the_text_of_an_answer_is_copied() -> None:
    _, line = view_lines(make_message("1", "user", "Hi"), make_answer(reasoning="Hm.", finish_reason="stopped"))
    assert line["text"] == "Hello."
    assert line["ending"] == {"reason": "stopped", "tokens": 2}
    assert line["details"] == {"provider": "Openai", "model": "m", "input": 3, "output": 2}


def test_a_question_has_no_answer_details() -> None:
    (line,) = view_lines(make_message("1", "user", "Hi"))
    assert not {"ending", "details", "question"} & set(line)


def test_a_failed_answer_can_be_retried() -> None:
    assert view_lines(make_answer("", status="failed", fault=FAULT))[0]["failed"]
    assert not view_lines(make_answer())[0]["failed"]


def test_an_interrupted_answer_with_a_fault_can_be_retried() -> None:
    line = view_lines(make_answer("Half of", status="interrupted", finish_reason="interrupted", fault=FAULT))[0]
    assert (line["failed"], line["ending"], line["question"]) == (True, {"fault": UNREACHABLE}, "1")


def test_an_answer_cut_short_by_a_crash_can_be_retried() -> None:
    assert view_lines(make_answer("Half of", status="interrupted", finish_reason="interrupted"))[0]["failed"]


def test_a_stopped_answer_has_not_failed() -> None:
    assert not view_lines(make_answer("Half of", status="interrupted", finish_reason="stopped"))[0]["failed"]


def test_only_the_newest_answer_can_be_undone() -> None:
    question, answer = make_message("1", "user", "Hi"), make_answer()
    assert [line.get("undo", False) for line in view_lines(question, answer, question, answer)] == [False] * 3 + [True]


def test_a_running_answer_can_be_retried_and_undone_not_copied() -> None:
    _, line = view_lines(make_message("1", "user", "Hi"), make_answer(status="running"))
    assert (line["text"], line["undo"]) == ("", True)
    assert "question" in line
    assert not {"ending", "details"} & line.keys()


def test_consecutive_messages_of_one_role_share_a_line() -> None:
    first, second = make_message("1", "user", "Hi"), make_message("9", "user", "Hello?")
    assert [line["id"] for line in view_lines(first, second, make_answer())] == ["9", "2"]


def test_a_version_has_its_number_and_neighbours() -> None:
    (line,) = view_lines(make_answer(), versions={"2": ("0", "2", "5")})
    assert line["versions"] == {"number": 2, "count": 3, "previous": "0", "next": "5"}
    assert view_lines(make_answer(), versions={"2": ("2",)})[0]["versions"] is None


def test_a_long_wait_names_the_provider_and_the_time() -> None:
    assert waiting_words("Ollama", 4.9, "en") == ""
    assert waiting_words("Ollama", 12.3, "en") == "Waiting for the first word of Ollama… 12 seconds so far"
    assert waiting_words("Ollama", 240, "de") == "Warten auf das erste Wort von Ollama … bisher 240 Sekunden"
    assert waiting_words("", 0.1, "en", is_loading=True) == "Loading the model…"
    assert waiting_words("", 9, "en", is_loading=True) == "Loading the model… 9 seconds so far"
