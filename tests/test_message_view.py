"""Stored messages as the page takes them."""

from collections.abc import Mapping
from typing import Any

from chatbot.errors import Unavailable
from chatbot.page.message_view import Line, lines, show, show_message, show_notice
from chatbot.types import Fault, Role, StoredMessage, Timing, Usage

UNREACHABLE = Unavailable("OpenAI").text.as_json()
FAULT = Fault("provider_unavailable", UNREACHABLE, retryable=True)


def a_message(message_id: str, role: Role, content: str, **values: Any) -> StoredMessage:
    return StoredMessage(message_id, role, content, "2026-11-22T10:00:00.000+00:00", **values)


def an_answer(content: str = "Hello.", **values: Any) -> StoredMessage:
    usual: dict[str, Any] = {"provider": "openai", "model": "m", "usage": Usage(3, 2), "parent_id": "1"}
    return a_message("2", "assistant", content, **usual | values)


def lines_of(*messages: StoredMessage, versions: Mapping[str, tuple[str, ...]] | None = None) -> list[Line]:
    return lines(messages, versions or {}, str.title)


def test_a_message_keeps_its_indentation() -> None:
    shown = show([a_message("1", "user", "    code"), an_answer("        more code")], "en")
    assert [message["content"][0]["text"] for message in shown] == ["    code", "        more code"]


def test_reasoning_is_a_message_of_its_own_before_the_answer_with_how_long_it_took() -> None:
    thought, said = show_message(an_answer(reasoning="Hm.", timing=Timing(100, 9000, 2500)), "en")
    assert thought["metadata"] == {"title": "Reasoning", "status": "done", "duration": 2.5}
    assert (thought["content"][0]["text"], said["content"][0]["text"]) == ("Hm.", "Hello.")
    assert said["metadata"] is None


def test_reasoning_stays_folded_and_says_that_it_goes_on_until_the_answer_begins() -> None:
    thought, waiting = show_message(an_answer("", reasoning="Hm", status="running"), "en")
    assert thought["metadata"] == {"title": "Reasoning…", "status": "done"}
    assert "typing" in waiting["content"][0]["text"]
    thought, _ = show_message(an_answer("H", reasoning="Hm", status="running"), "en")
    assert thought["metadata"]["title"] == "Reasoning"


def test_reasoning_that_ended_without_an_answer_goes_on_no_more() -> None:
    thought, _ = show_message(an_answer("", reasoning="Hm", status="interrupted"), "en")
    assert thought["metadata"]["title"] == "Reasoning"


def test_an_answer_without_a_word_yet_says_what_it_waits_for() -> None:
    (waiting,) = show_message(an_answer("", status="running"), "en", "Loading <it>…")
    assert waiting["content"][0]["text"] == '<span class="typing">Loading &lt;it&gt;…</span>'


def test_a_notice_is_no_markup() -> None:
    assert "<b>" not in show_notice("<b>bold</b>")[0]["content"][0]["text"]


def test_what_is_copied_is_the_text_alone() -> None:
    _, line = lines_of(a_message("1", "user", "Hi"), an_answer(reasoning="Hm.", finish_reason="stopped"))
    assert line["text"] == "Hello."
    assert line["ending"] == {"reason": "stopped", "tokens": 2}
    assert line["details"] == {"provider": "Openai", "model": "m", "input": 3, "output": 2}


def test_a_visitors_message_has_no_account() -> None:
    (line,) = lines_of(a_message("1", "user", "Hi"))
    assert not {"ending", "details", "question"} & set(line)


def test_a_failure_can_be_sent_again() -> None:
    assert lines_of(an_answer("", status="failed", fault=FAULT))[0]["failed"]
    assert not lines_of(an_answer())[0]["failed"]


def test_a_failure_part_way_can_be_sent_again_too() -> None:
    line = lines_of(an_answer("Half of", status="interrupted", finish_reason="interrupted", fault=FAULT))[0]
    assert (line["failed"], line["ending"], line["question"]) == (True, {"fault": UNREACHABLE}, "1")


def test_an_answer_that_the_process_did_not_live_to_end_can_be_sent_again() -> None:
    assert lines_of(an_answer("Half of", status="interrupted", finish_reason="interrupted"))[0]["failed"]


def test_what_the_visitor_stopped_did_not_fail() -> None:
    assert not lines_of(an_answer("Half of", status="interrupted", finish_reason="stopped"))[0]["failed"]


def test_only_the_newest_answer_can_be_taken_back() -> None:
    question, answer = a_message("1", "user", "Hi"), an_answer()
    assert [line.get("undo", False) for line in lines_of(question, answer, question, answer)] == [False] * 3 + [True]


def test_an_answer_under_way_can_be_tried_again_and_taken_back_but_neither_copied_nor_accounted_for() -> None:
    _, line = lines_of(a_message("1", "user", "Hi"), an_answer(status="running"))
    assert (line["text"], line["undo"]) == ("", True)
    assert "question" in line
    assert not {"ending", "details"} & line.keys()


def test_messages_of_one_speaker_share_a_line_as_gradio_shows_them_as_one() -> None:
    first, second = a_message("1", "user", "Hi"), a_message("9", "user", "Hello?")
    assert [line["id"] for line in lines_of(first, second, an_answer())] == ["9", "2"]


def test_a_version_knows_its_place() -> None:
    (line,) = lines_of(an_answer(), versions={"2": ("0", "2", "5")})
    assert line["versions"] == {"number": 2, "count": 3, "previous": "0", "next": "5"}
    assert lines_of(an_answer(), versions={"2": ("2",)})[0]["versions"] is None
