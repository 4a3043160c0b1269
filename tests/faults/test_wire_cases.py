"""What real servers send: every case of the table, end to end."""

import pytest

from chatbot.i18n import LOCALES
from chatbot.types import StoredMessage
from tests.fake_upstream import FakeUpstream
from tests.faults.foreign_cases import FOREIGN
from tests.faults.wire_cases import CASES, Case
from tests.support.reply_setup import ReplySetup

QUESTION, NEXT = "What is on the table?", "And now?"
ALL = [*CASES, *FOREIGN]


@pytest.mark.first_case
@pytest.mark.parametrize("case", ALL, ids=[case.name for case in ALL])
async def test_an_answer_is_read_stored_and_followed(
    case: Case, replies_setup: ReplySetup, upstream: FakeUpstream
) -> None:
    upstream.scenario = case.upstream
    conversation_id, answer = await replies_setup.answer(QUESTION, provider=case.provider)
    assert (answer.status, answer.finish_reason) == (case.status, case.finish)
    assert (answer.content, answer.reasoning) == (case.text, case.reasoning)
    _check_sentence(answer, case)
    _check_usage(answer, case)
    upstream.reset()
    _, after = await replies_setup.answer(NEXT, conversation_id, provider=case.provider)
    assert after.status == "complete"
    assert _sent(upstream) == _expected(case)


def _check_sentence(answer: StoredMessage, case: Case) -> None:
    """The failure has a sentence of its own in every language, which names the provider."""
    assert (answer.fault is not None) == bool(case.sentence)
    if answer.fault is None:
        return
    text = dict(answer.fault.text)
    text = text.get("sentence", text)  # other providers are recommended around it
    assert text["key"] == f"failure.{case.sentence}"
    sentences = [answer.fault.words.worded(locale) for locale in LOCALES]
    assert len(set(sentences)) == len(LOCALES)
    if "context_overflow" not in case.sentence:
        assert all(text["provider"] in sentence for sentence in sentences)


def _check_usage(answer: StoredMessage, case: Case) -> None:
    """What was counted is stored; what is nonsense is estimated."""
    for counted, stored in zip(case.tokens, (answer.usage.input_tokens, answer.usage.output_tokens), strict=True):
        if counted is not None:
            assert stored == counted
        elif case.text:
            assert stored is not None
            assert 0 < stored < 100


def _sent(upstream: FakeUpstream) -> list[tuple[str, str]]:
    messages = upstream.requests[-1].body["messages"]
    return [(each["role"], each["content"]) for each in messages if each["role"] != "system"]


def _expected(case: Case) -> list[tuple[str, str]]:
    if case.turn == "said":
        return [("user", QUESTION), ("assistant", case.text), ("user", NEXT)]
    return [("user", f"{QUESTION}\n\n{NEXT}" if case.turn == "merged" else NEXT)]
