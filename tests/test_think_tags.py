"""Reasoning in an answer's text, however the stream cuts it up."""

import re
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.providers.think_tags import ThinkTagParser
from chatbot.types import Delta, Message, Request
from tests.conftest import OpenProvider
from tests.fake_upstream import FakeUpstream, Scenario
from tests.reply_setup import ReplySetup

CASES = [
    ("<think>Hm.</think>Yes.", "Hm.", "Yes."),
    ("<think>\nHm.\n</think>\n\nYes.", "\nHm.\n", "Yes."),
    ("<thinking>Hm.</thinking> Yes.", "Hm.", "Yes."),
    ("\n <think>Hm.</think>Yes.", "Hm.", "Yes."),
    ("<think></think>\n\nYes <b>and</b> no.", "", "Yes <b>and</b> no."),
    ("<think>a </thin b</think>Yes.", "a </thin b", "Yes."),
    ("<think>one</thinking>two</think>Yes.", "one</thinking>two", "Yes."),
    ("<think>Hm.</think>Yes: <think>no</think>.", "Hm.", "Yes: <think>no</think>."),
    ("Yes. <think>no</think>", "", "Yes. <think>no</think>"),
    ("<thinker>Yes", "", "<thinker>Yes"),
    ("<thi", "", "<thi"),
    ("  indented", "", "  indented"),
    ("\n", "", "\n"),
    ("", "", ""),
]
ALPHABET = st.sampled_from(["<think>", "</think>", "<thinking>", "</thinking>", "<", "/", "think", ">", " ", "\n", "a"])


def read(pieces: list[str], *, complete: bool = True) -> tuple[str, str]:
    parser = ThinkTagParser()
    found = [delta for piece in pieces for delta in parser.parse(Delta(text=piece))]
    found += parser.flush(complete=complete)
    return "".join(delta.reasoning for delta in found), "".join(delta.text for delta in found)


def cut(text: str, places: list[int]) -> list[str]:
    ends = sorted(place % (len(text) + 1) for place in places)
    return [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]


@pytest.mark.parametrize(("said", "reasoning", "text"), CASES)
def test_the_tags_at_the_beginning_hold_the_reasoning(said: str, reasoning: str, text: str) -> None:
    assert read([said]) == (reasoning, text)


@given(case=st.sampled_from(CASES), places=st.lists(st.integers(0, 60), max_size=12))
def test_wherever_the_chunks_end(case: tuple[str, str, str], places: list[int]) -> None:
    said, reasoning, text = case
    assert read(cut(said, places)) == (reasoning, text)


@given(parts=st.lists(ALPHABET, max_size=12), places=st.lists(st.integers(0, 200), max_size=12))
def test_whatever_is_said_the_cuts_change_nothing_and_nothing_is_lost(parts: list[str], places: list[int]) -> None:
    said = "".join(parts)
    whole = re.fullmatch(r"\s*<(thinking|think)>(.*?)</\1>\s*(.*)", said, re.DOTALL)
    unclosed = re.fullmatch(r"\s*<(thinking|think)>(.*)", said, re.DOTALL)
    expected = (whole[2], whole[3]) if whole else (unclosed[2], "") if unclosed else ("", said)
    assert read(cut(said, places), complete=False) == expected


def test_an_answer_that_never_left_its_reasoning_is_not_lost() -> None:
    assert read(["<think>It is ", "42.</thi"]) == ("It is 42.</thi", "It is 42.</thi")
    assert read(["<think>It is ", "42."], complete=False) == ("It is 42.", "")


def test_reasoning_that_comes_apart_from_the_text_is_left_alone() -> None:
    parser = ThinkTagParser()
    assert parser.parse(Delta(reasoning="<think>")) == (Delta(reasoning="<think>"),)
    assert parser.parse(Delta(text="Yes.")) == (Delta(text="Yes."),)


@pytest.mark.parametrize("finish", ["stop", "length"])
async def test_a_compatible_servers_tags_are_read(
    finish: str, open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(tokens=("<th", "ink>Hm", ".</", "think>\n\n", "Yes", "."), finish_reason=finish)
    async with aclosing(open_provider("compatible").stream(Request("any", (Message("user", "Hi"),)))) as deltas:
        found = [delta async for delta in deltas]
    assert "".join(delta.reasoning for delta in found) == "Hm."
    assert [delta.text for delta in found if delta.text] == ["Yes", "."]


async def test_reasoning_is_stored_apart_measured_and_never_sent_back(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(tokens=("<think>", "Hm.", "</think>", "Yes."), tokens_per_second=20)
    conversation_id, answer = await replies_setup.answer("Really?")
    assert (answer.reasoning, answer.content) == ("Hm.", "Yes.")
    assert answer.timing
    assert answer.timing.reasoning_ms
    assert 50 <= answer.timing.reasoning_ms <= answer.timing.total_ms
    await replies_setup.answer("And now?", conversation_id)
    assert "Hm." not in str(upstream.requests[-1].body)


@pytest.mark.parametrize("scenario", [Scenario(reasoning=3, tokens=(), finish_reason="length"), Scenario(tokens=2)])
async def test_reasoning_lasts_to_the_end_where_no_text_comes(
    scenario: Scenario, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = scenario
    _, answer = await replies_setup.answer("Think.")
    assert answer.timing
    assert (answer.timing.reasoning_ms is None) == (not scenario.reasoning)
