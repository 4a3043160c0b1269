"""Going on with an answer that was cut: in the same message, without a repeated or a lost character."""

import random
from dataclasses import replace

import pytest

from chatbot.errors import NotFound, NotPossible
from chatbot.memory.continuation import INSTRUCTION, Seam
from chatbot.storage.leases import OWNER
from chatbot.types import Delta, Finish, ModelChoice, Options, ProviderName, StoredMessage, Usage
from tests.conftest import CreateReplies
from tests.fake_upstream import FakeUpstream, Scenario
from tests.page.markdown.test_cases import ANSWERS
from tests.support.reply_setup import SESSION, ReplySetup, until, wait_for_end

CUT = Scenario(tokens=("The answer", " is forty"), finish_reason="length")
WHOLE = "The answer is forty-two."
OPTIONS = Options(ModelChoice("compatible", "any-model"), "Be brief.", 100, 20)


async def resume(replies_setup: ReplySetup, conversation_id: str, options: Options = OPTIONS) -> StoredMessage:
    reply = await replies_setup.replies.resume(SESSION, conversation_id, options)
    await wait_for_end(reply)
    return replies_setup.on_disk(conversation_id)[-1]


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_an_answer_goes_on_in_the_same_message(
    provider: ProviderName, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = CUT
    conversation_id, cut = await replies_setup.answer("How much?", provider=provider)
    upstream.scenario = Scenario(tokens=(" is ", "forty", "-two", "."))
    options = replace(OPTIONS, choice=ModelChoice(provider, "any-model"))
    answer = await resume(replies_setup, conversation_id, options)
    assert (answer.message_id, answer.content) == (cut.message_id, WHOLE)
    assert (answer.status, answer.finish_reason) == ("complete", "stop")
    assert len(replies_setup.on_disk(conversation_id)) == 2
    sent = [each for each in upstream.requests[-1].body["messages"] if each["role"] != "system"]
    assert [each["role"] for each in sent] == ["user", "assistant", "user"]
    assert [each["content"] for each in sent] == ["How much?", cut.content, INSTRUCTION]


async def test_the_account_is_that_of_all_its_calls(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = CUT
    conversation_id, cut = await replies_setup.answer("How much?")
    upstream.scenario = Scenario(tokens=("-two", "."))
    answer = await resume(replies_setup, conversation_id)
    assert cut.usage.output_tokens == 2
    assert answer.usage.output_tokens == 4
    assert (answer.usage.input_tokens or 0) > (cut.usage.input_tokens or 0) > 0
    assert answer.timing
    assert cut.timing
    assert answer.timing.first_token_ms == cut.timing.first_token_ms
    assert answer.seen
    assert (answer.seen.sent, answer.seen.total) == (2, 2)


async def test_a_watcher_sees_the_whole_answer(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = CUT
    conversation_id, _ = await replies_setup.answer("How much?")
    upstream.scenario = Scenario(tokens=("-two", "."))
    reply = await replies_setup.replies.resume(SESSION, conversation_id, OPTIONS)
    assert "".join([chunk.text async for chunk in reply.chunks()]) == WHOLE


async def test_what_came_stays_if_going_on_fails(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = CUT
    conversation_id, _ = await replies_setup.answer("How much?")
    upstream.scenario = Scenario(status=401)
    answer = await resume(replies_setup, conversation_id)
    assert (answer.content, answer.status) == ("The answer is forty", "interrupted")
    assert answer.fault
    assert answer.fault.code == "provider_invalid_key"
    upstream.scenario = Scenario(tokens=("-two", "."))
    assert (await resume(replies_setup, conversation_id)).content == WHOLE


async def test_a_failed_answer_begins_anew_in_its_message(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(reasoning=("Hm.",), tokens=20, error_after=1)
    conversation_id, failed = await replies_setup.answer("How much?")
    assert (failed.status, failed.content, failed.reasoning) == ("failed", "", "Hm.")
    upstream.scenario = Scenario(tokens=(WHOLE,))
    answer = await resume(replies_setup, conversation_id)
    assert (answer.message_id, answer.content, answer.reasoning) == (failed.message_id, WHOLE, "")


async def test_an_answer_to_which_nothing_is_added_was_whole(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    conversation_id, whole = await replies_setup.answer("Hello")
    upstream.scenario = Scenario(tokens=())
    answer = await resume(replies_setup, conversation_id)
    assert (answer.content, answer.status, answer.fault) == (whole.content, "complete", None)


async def test_an_answer_that_a_killed_process_left_goes_on(
    create_replies: CreateReplies, upstream: FakeUpstream
) -> None:
    killed = create_replies()
    upstream.scenario = CUT
    conversation_id, cut = await killed.answer("How much?")
    killed.memory.update_message(conversation_id, replace(cut, status="running"))
    file = killed.path / f"{conversation_id}.json"
    await killed.close()
    stored = file.read_text()
    assert stored.count(OWNER) == 1
    file.write_text(stored.replace(OWNER, "0" * len(OWNER)))
    restarted = create_replies()
    assert restarted.on_disk(conversation_id)[-1].status == "interrupted"
    upstream.scenario = Scenario(tokens=("-two", "."))
    assert (await resume(restarted, conversation_id)).content == WHOLE


async def test_a_stopped_answer_goes_on_from_its_text(replies_setup: ReplySetup, upstream: FakeUpstream) -> None:
    upstream.scenario = Scenario(tokens=("The answer", " is", "nothing") * 900, tokens_per_second=20)
    reply = await replies_setup.say("How much?")
    await until(lambda: reply.snapshot().content)
    await replies_setup.stop(reply)
    stopped = replies_setup.on_disk(reply.conversation_id)[-1].content
    upstream.scenario = Scenario(tokens=("!",))
    assert (await resume(replies_setup, reply.conversation_id)).content == f"{stopped}!"


async def test_refused_answers_and_questions_without_one_do_not_go_on(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = Scenario(tokens=("No",), finish_reason="content_filter")
    conversation_id, _ = await replies_setup.answer("How much?")
    with pytest.raises(NotPossible):
        await resume(replies_setup, conversation_id)
    empty = replies_setup.memory.create_conversation()
    with pytest.raises(NotFound):
        await resume(replies_setup, empty)


async def test_too_long_a_conversation_is_shortened_but_for_the_begun_answer(
    replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    conversation_id = None
    for _ in range(6):
        conversation_id, _ = await replies_setup.answer("x" * 400, conversation_id)
    upstream.scenario = CUT
    conversation_id, cut = await replies_setup.answer("How much?", conversation_id)
    upstream.scenario = Scenario(tokens=("-two", "."), context_tokens=300)
    assert (await resume(replies_setup, conversation_id)).content == WHOLE
    sent = [each["content"] for each in upstream.requests[-1].body["messages"]]
    assert sent[-3:] == ["How much?", cut.content, INSTRUCTION]


def join(begun: str, further: str, size: int) -> str:
    seam = Seam(begun)
    pieces = [Delta(further[at : at + size]) for at in range(0, len(further), size)]
    return begun + "".join(seam.join(each).text for each in [*pieces, Delta(finish=Finish("stop", Usage()))])


@pytest.mark.parametrize("line", ["0,0,0,0\n", "| 0 | 0 | 0 |\n", "Chapter . . . . . . . . . . . . "])
@pytest.mark.parametrize("at", [100, 350, 700])
def test_nothing_is_left_out_of_a_text_that_repeats_itself(line: str, at: int) -> None:
    whole = "```csv\n" + line * 150 + "```\nDone."
    assert join(whole[:at], whole[at:], 5) == whole


@pytest.mark.parametrize(
    ("begun", "further", "whole"),
    [
        ("```python\nx = 1\nprint(x", "```python\nprint(x)\n```\n", "```python\nx = 1\nprint(x)\n```\n"),
        ("```py\nx = ", "```python\n1\n```\n", "```py\nx = 1\n```\n"),
        ("10. Do:\n    ```sh\n    ls", "    ```sh\n    ls -l\n    ```\n", "10. Do:\n    ```sh\n    ls -l\n    ```\n"),
        ("> ```sh\n> ls", "> ```sh\n> ls -l\n> ```\n", "> ```sh\n> ls -l\n> ```\n"),
        ("````md\n```py\n1\n", "```\n````\n", "````md\n```py\n1\n```\n````\n"),
        ("| a | b |\n|---|---|\n| ", "|---|---|\n| 1 | 2 |\n", "| a | b |\n|---|---|\n| 1 | 2 |\n"),
        ("for j in x:\n        ", ":\n        print(j)", "for j in x:\n        print(j)"),
    ],
)
@pytest.mark.parametrize("size", [1, 4, 100])
def test_a_line_that_is_begun_once_more_stands_there_once(begun: str, further: str, whole: str, size: int) -> None:
    assert join(begun, further, size) == whole


@pytest.mark.parametrize("repeated", [0, 10, 40])
def test_the_joined_text_is_the_uncut_one(repeated: int) -> None:
    """Cut at 200 places; but for texts that repeat themselves and repeated indentation, of which nobody can say."""
    place = random.Random(repeated)  # noqa: S311 - no secret
    varied = [text for name, text in ANSWERS.items() if len(text) > 40 and name not in SAME_AGAIN]
    for _ in range(200):
        text = place.choice(varied)
        at = place.randrange(2, len(text))
        if repeated and not any(map(str.isalnum, text[max(0, at - repeated) : at])):
            continue
        assert join(text[:at], text[max(0, at - repeated) :], place.choice([1, 4, 1000])) == text


SAME_AGAIN = {"r81_long_code_line", "q23_long_word_code", "r35_wide"}


@pytest.mark.parametrize(
    ("begun", "further", "joined"),
    [
        ("hel", "lo", "hello"),
        ("a table: | 1 | 1 |", " 1 | 1 |", "a table: | 1 | 1 | 1 | 1 |"),
        ("The answ", "answer is 4.", "The answer is 4."),
        ("```python\nprint(1)\n", "```python\nprint(2)\n```", "```python\nprint(1)\nprint(2)\n```"),
        ("```python\nprint(1)", "\n```\nDone.", "```python\nprint(1)\n```\nDone."),
        ("    ", "    x", "        x"),
    ],
)
def test_only_what_is_repeated_is_left_out(begun: str, further: str, joined: str) -> None:
    assert join(begun, further, 3) == joined
