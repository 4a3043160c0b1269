"""Adding a provider: the README's ten lines, and what `register` accepts and refuses."""

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import httpx
import pytest

from chatbot import ChatEngine, Settings, connect, register
from chatbot.errors import SettingsError
from chatbot.providers import ProviderPool
from chatbot.providers.registry import SPECS
from chatbot.types import PROVIDER_NAMES, Delta, Finish, ModelProfile, ProviderName, Request
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor
from tests.support.running import ROOT, RunningApp
from tests.test_readme import BLOCKS


class Parrot:
    """The smallest possible provider."""

    label = "Parrot"

    async def stream(self, request: Request) -> AsyncGenerator[Delta]:
        yield Delta(f"{request.messages[-1].content}!")
        yield Delta(finish=Finish("stop"))

    async def models(self) -> list[ModelProfile]:
        return [ModelProfile("polly")]

    async def aclose(self) -> None:
        pass


@pytest.fixture
def parrot() -> Iterator[ProviderName]:
    name = register("parrot", "Parrot", Parrot)
    yield name
    PROVIDER_NAMES.remove(name)
    del SPECS[name]


def test_the_readmes_ten_lines_start_an_app_with_another_provider(upstream: FakeUpstream, tmp_path: Path) -> None:
    (lines,) = (block for block in BLOCKS if "register(" in block)
    assert len([line for line in lines.splitlines() if line]) <= 10
    script = tmp_path / "groq.py"
    script.write_text(lines.replace("https://api.groq.com/openai/v1", upstream.openai_url))
    environment = {
        "GROQ_API_KEY": "gsk-operator",
        "PYTHONPATH": str(ROOT),
        "LOCAL_MODEL": "off",
        "CHATBOT_PROVIDER": "groq",
    }
    with RunningApp(tmp_path / "data", environment, script=script) as app, Visitor(app.url) as visitor:
        offered = visitor.get("/models")
        answer = visitor.chat("Hello", model="llama-3.3-70b")
        provider_schema = httpx.get(f"{app.url}/openapi.json").json()["components"]["schemas"]["ProviderOut"]
        page = httpx.get(f"{app.url}/config").text
    assert offered["default"]["provider"] == "groq"
    assert {"name": "groq", "label": "Groq", "available": True} in [
        {key: each[key] for key in ("name", "label", "available")} for each in offered["providers"]
    ]
    assert (answer["response"], answer["provider"]) == ("You said: Hello", "groq")
    assert upstream.requests[-1].headers["authorization"] == "Bearer gsk-operator"
    assert "groq" in provider_schema["properties"]["name"]["enum"]
    assert '["Groq","groq"]' in page.replace(" ", "")
    assert "gsk-operator" not in page + app.log


async def test_a_class_adds_a_provider_with_another_protocol(parrot: ProviderName) -> None:
    settings = Settings.load(local_model="off")
    async with ChatEngine(connect(parrot, settings), model="polly") as engine:
        assert str(await engine.chat("Hello")) == "Hello!"
    providers = ProviderPool(settings)
    await providers.warm_up()
    assert (providers.offered, providers.models(parrot)) == ([parrot], ["polly"])
    assert not providers.takes_key(parrot)
    await providers.aclose()


def test_an_added_provider_precedes_local_and_can_be_default(parrot: ProviderName) -> None:
    assert ProviderPool(Settings.load()).offered == [parrot, "local"]
    assert Settings.load(chatbot_provider="parrot").chatbot_provider == parrot


def test_an_unregistered_name_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"CHATBOT_PROVIDER='parrot': expected 'openai', .* or 'local'$"):
        Settings.load(chatbot_provider="parrot")


@pytest.mark.parametrize("name", ["openai", "local", "", "Groq", "my groq", "-x", "../x"])
def test_a_taken_or_invalid_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a provider"):
        register(name, "Label", Parrot)
