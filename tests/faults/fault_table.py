"""Everything that can go wrong with an answer, as one table: error, stored text and number of requests.

`python -m tests.faults.fault_table` runs it against the fake upstream and prints it.
"""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from chatbot.errors import (
    ChatbotError,
    ContextOverflow,
    EmptyAnswer,
    InvalidKey,
    ModelNotLoaded,
    NoProvider,
    PermissionDenied,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
    ServiceUnavailable,
    StreamCutOff,
    Unavailable,
    UnknownModel,
    UnreadableAnswer,
    WrongBaseUrl,
)
from chatbot.providers import wire
from chatbot.providers.local.llama_server import Endpoint, LlamaServer
from chatbot.settings import Settings
from chatbot.types import FinishReason, ProviderName, Status, StoredMessage
from tests.fake_upstream import FAULTS, FakeUpstream, Scenario
from tests.support.reply_setup import ReplySetup

KEY = "sk-operator-for-nobody-ZQXJ"
"""A masked key shows its last four characters: these occur in no id, port or time by chance."""

QUESTION = "What did the doctor say?"
PARTIAL_TEXT = "word1 word2 word3 word4 word5"
CLOSED_PORT = "http://127.0.0.1:9"

REMOTE: tuple[ProviderName, ...] = ("openai", "compatible", "anthropic")
ALL: tuple[ProviderName, ...] = (*REMOTE, "local")

NO_SETTINGS = {"openai_api_key": None, "compatible_base_url": None, "anthropic_api_key": None}
SHORT = {"chatbot_reply_seconds": 2}
UNREACHABLE = {f"{name}_base_url": CLOSED_PORT for name in REMOTE}


@dataclass(frozen=True)
class Row:
    """A fault and its effects on an answer: `text` is stored; `varies` overrides fields for a provider."""

    fault: str
    upstream: Scenario
    error: type[ChatbotError] | None
    status: Status = "failed"
    finish: FinishReason = "interrupted"
    text: str = ""
    tries: int = 1
    providers: tuple[ProviderName, ...] = REMOTE
    settings: Mapping[str, Any] = field(default_factory=dict)
    varies: Mapping[ProviderName, Mapping[str, Any]] = field(default_factory=dict)

    def for_provider(self, provider: ProviderName) -> "Row":
        """Returns the row with that provider's varies."""
        return replace(self, **self.varies.get(provider, {}))


def complete(fault: str, scenario: Scenario, finish: FinishReason = "stop", **more: Any) -> Row:
    """A row whose answer is stored as complete."""
    return Row(fault, scenario, None, "complete", finish, **more)


PARTIAL: dict[str, Any] = {"text": PARTIAL_TEXT, "providers": ALL}
INTERRUPTED: dict[str, Any] = {"status": "interrupted", **PARTIAL}

ROWS = (
    Row("no key", Scenario(), NoProvider, tries=0, settings=NO_SETTINGS),
    Row("wrong key", FAULTS["wrong_key"], InvalidKey),
    Row("wrong key, repeated in the answer", FAULTS["echo_key"], InvalidKey),
    Row("no permission", FAULTS["no_permission"], PermissionDenied),
    Row("unknown model", FAULTS["unknown_model"], UnknownModel),
    Row("address without /v1", Scenario(status=404, html=True), WrongBaseUrl),
    Row("quota exhausted", FAULTS["quota"], QuotaExhausted),
    Row("rate limit, Retry-After 1", FAULTS["rate_limit"], RateLimited, tries=2),
    Row("rate limit, no Retry-After", replace(FAULTS["rate_limit"], retry_after=None), RateLimited),
    Row("rate limit, Retry-After 3600", FAULTS["rate_limit_3600"], RateLimited),
    Row("overloaded", FAULTS["overloaded"], ServiceUnavailable, tries=2, providers=ALL),
    Row("overloaded, status 200", replace(FAULTS["overloaded_middle"], error_after=0), ServiceUnavailable, tries=2),
    Row("overloaded in the middle", FAULTS["overloaded_middle"], ServiceUnavailable, **INTERRUPTED),
    Row("500", FAULTS["server_error"], ServiceUnavailable, tries=2, providers=ALL),
    Row("500 in the middle", FAULTS["server_error_middle"], ServiceUnavailable, **INTERRUPTED),
    Row("503 with a web page", FAULTS["html_503"], ServiceUnavailable, tries=2),
    Row("connection refused", Scenario(), Unavailable, tries=0, settings=UNREACHABLE),
    Row("silence before the headers", FAULTS["no_headers"], ProviderTimeout, providers=ALL, settings=SHORT),
    Row("silence before the first token", FAULTS["silence_first"], ProviderTimeout, providers=ALL, settings=SHORT),
    Row("silence in the middle", FAULTS["silence_middle"], ProviderTimeout, **INTERRUPTED),
    Row("cut off", FAULTS["cut"], StreamCutOff, **INTERRUPTED),
    Row("cut off by a reset", FAULTS["reset"], StreamCutOff, **INTERRUPTED),
    Row("end without a finish reason", FAULTS["no_finish"], StreamCutOff, **INTERRUPTED),
    Row("bad JSON", FAULTS["bad_json"], UnreadableAnswer, **INTERRUPTED),
    Row("bad UTF-8", FAULTS["bad_utf8"], UnreadableAnswer, **INTERRUPTED),
    Row("200 with a web page", FAULTS["html_page"], UnreadableAnswer),
    Row("200 with nothing", FAULTS["empty"], UnreadableAnswer),
    Row("redirect to another host", FAULTS["redirect"], UnreadableAnswer),
    Row("empty answer", FAULTS["empty_answer"], EmptyAnswer, providers=ALL),
    Row("conversation too long", FAULTS["context_overflow"], ContextOverflow),
    Row(
        "conversation too long, llama.cpp", FAULTS["llama_context"], ContextOverflow, providers=("compatible", "local")
    ),
    complete("answer cut by the limit", FAULTS["length"], "length", text=PARTIAL_TEXT, providers=ALL),
    complete("limit spent on reasoning", FAULTS["reasoning_only_length"], "length", providers=ALL),
    complete("refusal", FAULTS["refusal"], "content_filter", text="I can", varies={"anthropic": {"finish": "refusal"}}),
    complete("temperature refused", FAULTS["refused_temperature"], tries=2, varies={"anthropic": {"tries": 1}}),
    complete("stream_options refused", FAULTS["refused_stream_options"], tries=2, varies={"anthropic": {"tries": 1}}),
    complete("max_tokens refused", Scenario(refuse_parameters=("max_tokens",)), tries=2, providers=("compatible",)),
    Row("weights missing", Scenario(), ModelNotLoaded, tries=0, providers=("local",)),
)


@dataclass(frozen=True)
class Observed:
    """The answer, and the next one in the same conversation."""

    answer: StoredMessage
    error: ChatbotError | None
    tries: int
    next_answer: StoredMessage
    next_request: str
    files: bytes


async def observe(row: Row, provider: ProviderName, upstream: FakeUpstream, folder: Path) -> Observed:
    """Runs the row: a visitor sends a message, the fault happens, and they send another message."""
    upstream.reset()
    upstream.scenario = row.upstream
    replies_setup = ReplySetup(_settings(upstream, folder, row))
    with _short_timeouts(upstream, row, fake_local=row.error is not ModelNotLoaded):
        model = "missing" if provider == "local" else "any-model"  # the local provider knows its models
        reply = await replies_setup.say(QUESTION, provider=provider, model=model, temperature=0.5)
        await asyncio.wait_for(reply.ended.wait(), 20)
        tries = len(upstream.requests)
        upstream.scenario = Scenario()
        working = "openai" if provider != "openai" and (row.settings or provider == "local") else provider
        working = "huggingface" if row.settings else working
        _, after = await replies_setup.answer("And now?", reply.conversation_id, provider=working)
    answer, stored = replies_setup.on_disk(reply.conversation_id)[1], replies_setup.files()
    await replies_setup.close()
    return Observed(answer, reply.error, tries, after, str(upstream.requests[-1].body), stored)


def _settings(upstream: FakeUpstream, folder: Path, row: Row) -> Settings:
    usual: dict[str, Any] = {f"{name}_api_key": KEY for name in REMOTE}
    usual |= {f"{name}_base_url": upstream.openai_url for name in ("openai", "compatible")}
    usual |= {"anthropic_base_url": upstream.anthropic_url, "hf_token": KEY, "chatbot_data_dir": folder}
    return Settings.load(
        **usual | {"local_model": str(folder / "missing.gguf"), "_env_file": None} | dict(row.settings)
    )


@contextmanager
def _short_timeouts(upstream: FakeUpstream, row: Row, *, fake_local: bool) -> Iterator[None]:
    """Shortens the timeout for an upstream that is silent in the middle. If `fake_local`, requests to the embedded
    model, which cannot fail on demand, go to the upstream."""

    async def endpoint(_: LlamaServer) -> Endpoint:
        return Endpoint(upstream.openai_url, KEY)

    with pytest.MonkeyPatch.context() as patch:
        silent = row.error is ProviderTimeout
        patch.setattr(wire, "SILENCE_SECONDS", 0.5 if silent else 20)  # a busy machine pauses too
        patch.setattr("chatbot.providers.registry.HUGGINGFACE_URL", upstream.openai_url)
        if fake_local:
            patch.setattr(LlamaServer, "start", lambda _: None)
            patch.setattr(LlamaServer, "endpoint", endpoint)
        yield


async def _table() -> None:
    print("| fault | provider | error message | retry offered | stored | text stored | requests |")
    print("|---|---|---|---|---|---|---|")
    with FakeUpstream() as upstream:
        for row in ROWS:
            for provider in row.providers:
                with tempfile.TemporaryDirectory() as folder:
                    seen = await observe(row, provider, upstream, Path(folder))
                fault, answer = seen.answer.fault, seen.answer
                message = str(fault.words) if fault else "(the answer)"
                offered = "-" if fault is None else "yes" if fault.retryable else "no"
                stored, text = f"{answer.status}, {answer.finish_reason}", "yes" if answer.content else "none"
                print(f"| {row.fault} | {provider} | {message} | {offered} | {stored} | {text} | {seen.tries} × |")


if __name__ == "__main__":
    asyncio.run(_table())
