"""ThinkTagParser: separates reasoning from an answer's text, wherever the stream is cut."""

import re
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.providers.think_tags import ThinkTagParser
from chatbot.types import Delta, Message, Request
from tests.conftest import OpenProvider
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.reply_setup import ReplySetup

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
    ("I weigh it.\n</think>\n\nYes.", "", "I weigh it.\n\n\nYes."),
    ("I weigh it.</think> \nYes.", "", "I weigh it. \nYes."),
    ("I weigh it.\n</think>", "", "I weigh it.\n"),
    ("Write `</think>` or a </think> tag.", "", "Write `</think>` or a </think> tag."),
    ("As in:\n<think>\nHm.\n</think>\nYes.", "", "As in:\n<think>\nHm.\n</think>\nYes."),
    ("<thi", "", "<thi"),
    ("  indented", "", "  indented"),
    ("\n", "", "\n"),
    ("", "", ""),
]
ALPHABET = st.sampled_from(["<think>", "</think>", "<thinking>", "</thinking>", "<", "/", "think", ">", " ", "\n", "a"])


def without_lone_tag(text: str) -> str:
    """The text without the first closing tag that begins or ends a line, if no opening one is before it."""
    position = text.find("</think>")
    while position >= 0 and "<think" not in text[:position]:
        before, after = text[:position], text[position + len("</think>") :]
        if not before.rpartition("\n")[2].strip() or not after.partition("\n")[0].strip():
            return before + after
        position = text.find("</think>", position + 1)
    return text


def parse(chunks: list[str], *, complete: bool = True, starts_in_thought: bool = False) -> tuple[str, str]:
    parser = ThinkTagParser(starts_in_thought=starts_in_thought)
    deltas = [delta for chunk in chunks for delta in parser.parse(Delta(text=chunk))]
    deltas += parser.flush(complete=complete)
    return "".join(delta.reasoning for delta in deltas), "".join(delta.text for delta in deltas)


def cut(text: str, positions: list[int]) -> list[str]:
    ends = sorted(position % (len(text) + 1) for position in positions)
    return [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]


@pytest.mark.parametrize(("source", "reasoning", "text"), CASES)
def test_tags_at_the_start_contain_the_reasoning(source: str, reasoning: str, text: str) -> None:
    assert parse([source]) == (reasoning, text)


@given(case=st.sampled_from(CASES), positions=st.lists(st.integers(0, 60), max_size=12))
def test_chunk_boundaries_do_not_matter(case: tuple[str, str, str], positions: list[int]) -> None:
    source, reasoning, text = case
    assert parse(cut(source, positions)) == (reasoning, text)


@given(pieces=st.lists(ALPHABET, max_size=12), positions=st.lists(st.integers(0, 200), max_size=12))
def test_any_text_in_any_chunks_is_split_without_loss(pieces: list[str], positions: list[int]) -> None:
    source = "".join(pieces)
    closed = re.fullmatch(r"\s*<(thinking|think)>(.*?)</\1>\s*(.*)", source, re.DOTALL)
    unclosed = re.fullmatch(r"\s*<(thinking|think)>(.*)", source, re.DOTALL)
    expected = (unclosed[2], "") if unclosed else ("", without_lone_tag(source))
    expected = (closed[2], closed[3]) if closed else expected
    assert parse(cut(source, positions), complete=False) == expected


def test_a_complete_answer_without_closing_tag_is_also_text() -> None:
    assert parse(["<think>It is ", "42.</thi"]) == ("It is 42.</thi", "It is 42.</thi")
    assert parse(["<think>It is ", "42."], complete=False) == ("It is 42.", "")


@pytest.mark.parametrize(
    ("source", "reasoning", "text"),
    [
        ("I weigh it.\n</think>\n\nYes.", "I weigh it.\n", "Yes."),
        ("<think>\nHm.</think>Yes.", "\nHm.", "Yes."),
        ("Yes.", "Yes.", "Yes."),
    ],
)
@given(positions=st.lists(st.integers(0, 60), max_size=12))
def test_the_opening_tag_may_be_in_the_prompt(source: str, reasoning: str, text: str, positions: list[int]) -> None:
    assert parse(cut(source, positions), starts_in_thought=True) == (reasoning, text)


def test_reasoning_that_the_server_takes_out_leaves_text() -> None:
    parser = ThinkTagParser(starts_in_thought=True)
    assert parser.parse(Delta(reasoning="Hm.")) == (Delta(reasoning="Hm."),)
    assert parser.parse(Delta(text="Yes.")) == (Delta(text="Yes."),)


@pytest.mark.parametrize("model", ["deepseek-r1:70b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "Qwen/QwQ-32B"])
async def test_a_model_that_begins_in_thought_is_known_by_its_name(
    model: str, open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(tokens=("I weigh ", "it.\n</th", "ink>\n\n", "Yes."))
    async with aclosing(open_provider("compatible").stream(Request(model, (Message("user", "Hi"),)))) as deltas:
        parsed = [delta async for delta in deltas]
    assert "".join(delta.reasoning for delta in parsed) == "I weigh it.\n"
    assert "".join(delta.text for delta in parsed) == "Yes."


def test_separate_reasoning_deltas_are_unchanged() -> None:
    parser = ThinkTagParser()
    assert parser.parse(Delta(reasoning="<think>")) == (Delta(reasoning="<think>"),)
    assert parser.parse(Delta(text="Yes.")) == (Delta(text="Yes."),)


@pytest.mark.parametrize("finish", ["stop", "length"])
async def test_tags_of_a_compatible_server_are_parsed(
    finish: str, open_provider: OpenProvider, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(tokens=("<th", "ink>Hm", ".</", "think>\n\n", "Yes", "."), finish_reason=finish)
    async with aclosing(open_provider("compatible").stream(Request("any", (Message("user", "Hi"),)))) as deltas:
        parsed = [delta async for delta in deltas]
    assert "".join(delta.reasoning for delta in parsed) == "Hm."
    assert [delta.text for delta in parsed if delta.text] == ["Yes", "."]


async def test_reasoning_is_stored_timed_and_not_sent_again(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=("<think>", "Hm.", "</think>", "Yes."), tokens_per_second=20)
    conversation_id, answer = await replies_setup.answer("Really?")
    assert (answer.reasoning, answer.content) == ("Hm.", "Yes.")
    assert answer.timing
    assert answer.timing.reasoning_ms
    assert 50 <= answer.timing.reasoning_ms <= answer.timing.total_ms
    await replies_setup.answer("And now?", conversation_id)
    assert "Hm." not in str(upstream.requests[-1].body)


@pytest.mark.parametrize("scenario", [Scenario(reasoning=3, tokens=(), finish_reason="length"), Scenario(tokens=2)])
async def test_reasoning_time_without_text_lasts_to_the_end(
    scenario: Scenario, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = scenario
    _, answer = await replies_setup.answer("Think.")
    assert answer.timing
    assert (answer.timing.reasoning_ms is None) == (not scenario.reasoning)
