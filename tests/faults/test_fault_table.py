"""Every row of the fault table, end to end: error message, stored answer and next request."""

import logging
import re
from pathlib import Path

import pytest

from chatbot.errors import ModelNotLoaded
from chatbot.providers.registry import SPECS
from chatbot.settings import Settings
from chatbot.types import PROVIDER_NAMES, ProviderName
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.faults.fault_table import KEY, QUESTION, ROWS, Observed, Row, observe

pytestmark = pytest.mark.first_case


ADVICE = re.compile(r"\b(try|choose|check|wait|set|lower|top it up|put the question)\b", re.IGNORECASE)
CASES = [(row.for_provider(provider), provider) for row in ROWS for provider in row.providers]


def provider_messages(fault: Scenario) -> list[str]:
    """The provider's own messages for this fault, in both protocols."""
    body = fault.body if isinstance(fault.body, dict) else {}
    error = body.get("error", "")
    texts = [
        fault.message,
        (fault.anthropic_error or (0, ""))[1],
        error["message"] if isinstance(error, dict) else error,
    ]
    return ["<html", *(text.partition("{")[0] for text in texts if text.partition("{")[0])]


@pytest.fixture(autouse=True)
def no_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Skips the system's certificates, which take each client 20 ms to load: the upstream has none."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


def test_every_fault_of_the_upstream_has_a_row() -> None:
    excluded = {"hf_credit"}  # only Hugging Face has it, see test_provider_faults.py
    rows = [row.upstream for row in ROWS]
    assert [name for name, fault in FAULTS.items() if fault not in rows and name not in excluded] == []


@pytest.mark.parametrize(("row", "provider"), CASES, ids=[f"{row.fault}-{provider}" for row, provider in CASES])
async def test_a_fault_has_the_effects_in_its_row(
    row: Row, provider: ProviderName, upstream: FakeUpstream, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    seen = await observe(row, provider, upstream, tmp_path)
    answer = seen.answer
    assert (answer.status, answer.finish_reason, seen.tries) == (row.status, row.finish, row.tries)
    assert answer.content.startswith(row.text)
    _check_message(row, provider, seen)
    _check_next_answer(seen)
    shown = f"{seen.files!r} {caplog.text} {seen.error!r} {answer}"
    assert not [secret for secret in (KEY, KEY[:8], KEY[-4:], *provider_messages(row.upstream)) if secret in shown]


def _check_message(row: Row, provider: ProviderName, seen: Observed) -> None:
    """The message names the fault, whose side failed, what to do, and an alternative provider."""
    assert type(seen.error) is (row.error or type(None))
    assert (seen.answer.fault is None) == (row.error is None)
    if row.error is None or seen.answer.fault is None or row.error.code == "provider_context_overflow":
        return
    sentence = str(seen.answer.fault.words)
    assert sentence == str(seen.error)
    assert seen.answer.fault.retryable == row.error.retryable
    local = "missing could not be loaded" if row.error is ModelNotLoaded else "Local model"
    labels = {"local": local, "compatible": Settings.model_fields["compatible_name"].default}
    label = labels.get(provider) or SPECS[provider].label or ""
    assert label.lower() in sentence.lower()
    assert ADVICE.search(sentence)
    assert "{" not in sentence
    assert re.search(r"(is|are) set up too: choose (it|one of them) and send again\.$", sentence)
    assert sentence.count(label) == 1 or provider == "local"


def _check_next_answer(seen: Observed) -> None:
    """The next answer succeeds, and its request does not mention the failure. A question without an answer goes out
    with the next one."""
    question = "And now?" if seen.answer.content else f"{QUESTION}\n\nAnd now?"
    assert (seen.next_answer.status, seen.next_answer.content) == ("complete", f"You said: {question}")
    if seen.answer.fault:
        assert str(seen.answer.fault.words) not in seen.next_request


def test_every_network_provider_has_rows() -> None:
    excluded = {"huggingface"}  # the same class as `compatible`, with another address
    assert {provider for _, provider in CASES} | excluded == set(PROVIDER_NAMES)
