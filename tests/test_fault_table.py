"""The table of faults on the whole road: what a person reads, what is stored, what is sent from then on."""

import logging
import re
from pathlib import Path

import pytest

from chatbot.providers.registry import SPECS
from chatbot.settings import Settings
from chatbot.types import PROVIDER_NAMES, ProviderName
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.fault_table import KEY, ROWS, Observed, Row, observe

WHAT_TO_DO = re.compile(r"\b(try|choose|check|wait|set|lower|top it up|put the question)\b", re.IGNORECASE)
CASES = [(row.of(provider), provider) for row in ROWS for provider in row.providers]


def said_by(fault: Scenario) -> list[str]:
    """What the service says of this fault, in either protocol."""
    body = fault.body if isinstance(fault.body, dict) else {}
    told = body.get("error", "")
    texts = [
        fault.message,
        (fault.anthropic_error or (0, ""))[1],
        told["message"] if isinstance(told, dict) else told,
    ]
    return ["<html", *(text.partition("{")[0] for text in texts if text.partition("{")[0])]


@pytest.fixture(autouse=True)
def no_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each client would read the system's for 20 ms, and the upstream has none."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


def test_no_fault_of_the_upstream_is_forgotten() -> None:
    elsewhere = {"hf_credit"}  # only Hugging Face has it, see test_provider_faults.py
    rows = [row.upstream for row in ROWS]
    assert [name for name, fault in FAULTS.items() if fault not in rows and name not in elsewhere] == []


@pytest.mark.parametrize(("row", "provider"), CASES, ids=[f"{row.fault}-{provider}" for row, provider in CASES])
async def test_a_row_of_the_table(
    row: Row, provider: ProviderName, upstream: FakeUpstream, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    seen = await observe(row, provider, upstream, tmp_path)
    answer = seen.answer
    assert (answer.status, answer.finish_reason, seen.tries) == (row.status, row.finish, row.tries)
    assert answer.content.startswith(row.kept)
    _reads_well(row, provider, seen)
    _is_left_behind(seen)
    shown = f"{seen.stored!r} {caplog.text} {seen.error!r} {answer}"
    assert not [secret for secret in (KEY, KEY[:8], KEY[-4:], *said_by(row.upstream)) if secret in shown]


def _reads_well(row: Row, provider: ProviderName, seen: Observed) -> None:
    """What happened, whose side, what to do, and who could do it instead."""
    assert type(seen.error) is (row.error or type(None))
    assert (seen.answer.fault is None) == (row.error is None)
    if row.error is None or seen.answer.fault is None or row.error.code == "provider_context_overflow":
        return
    sentence = str(seen.answer.fault.words)
    assert sentence == str(seen.error)
    assert seen.answer.fault.retryable == row.error.retryable
    label = SPECS[provider].label or Settings.model_fields["compatible_name"].default
    assert label.lower() in sentence.lower()
    assert WHAT_TO_DO.search(sentence)
    assert "{" not in sentence
    assert re.search(r"(is|are) set up too: choose (it|one of them) and send again\.$", sentence)
    assert sentence.count(label) == 1 or provider == "local"


def _is_left_behind(seen: Observed) -> None:
    """The next turn works, and what is sent for it knows nothing of the failure."""
    assert (seen.after.status, seen.after.content) == ("complete", "You said: And now?")
    if seen.answer.fault:
        assert str(seen.answer.fault.words) not in seen.sent_after


def test_every_provider_that_is_reached_over_a_network_is_in_the_table() -> None:
    elsewhere = {"huggingface"}  # the same class as `compatible`, with another address
    assert {provider for _, provider in CASES} | elsewhere == set(PROVIDER_NAMES)
