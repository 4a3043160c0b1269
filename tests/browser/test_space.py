"""The page on a Hugging Face Space: after sleep, and with a signed-in account."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream
from tests.support.openid_provider import IdentityProvider
from tests.support.running import two_providers
from tests.support.space import RunningSpace

pytestmark = pytest.mark.tier2


AWAKE = 60_000
"""Milliseconds until an open page has reconnected to its restarted Space."""


@pytest.fixture
def identity() -> Iterator[IdentityProvider]:
    with IdentityProvider() as provider:
        yield provider


async def test_an_open_page_works_after_its_space_restarts_empty(
    browser: Browser, upstream: FakeUpstream, tmp_path: Path
) -> None:
    with RunningSpace(tmp_path / "app", two_providers(upstream)) as space:
        chat = await ChatPage(await browser.new_page()).open(space.url)
        await chat.ask("My name is Alice")
        assert space.stop(signal.SIGTERM) == 0
        space.delete_data()
        space.start()
        await expect(chat.questions).to_have_count(0, timeout=AWAKE)
        await chat.is_idle(AWAKE)
        assert "Alice" not in await chat.ask("What's my name?")
        await expect(chat.conversations).to_have_count(1)


async def test_an_account_has_its_conversations_in_every_browser(
    browser: Browser, upstream: FakeUpstream, identity: IdentityProvider, tmp_path: Path
) -> None:
    with RunningSpace(tmp_path / "app", two_providers(upstream) | identity.variables) as space:
        first = await ChatPage(await (await browser.new_context()).new_page()).open(space.url)
        await first.ask("Said before signing in")
        panel = await first.open_memory()
        await panel.locator(".added").fill("My boat is green")
        await panel.locator(".added").press("Enter")
        await expect(panel.locator("li textarea")).to_have_value("My boat is green")
        await panel.get_by_role("checkbox").nth(1).check()
        await first.page.keyboard.press("Escape")
        await sign(first, "Sign in with Hugging Face")
        await expect(first.questions).to_have_text(["Said before signing in"])
        await first.new_chat()
        await first.ask("Said as Alice")

        second = await ChatPage(await (await browser.new_context()).new_page()).open(space.url)
        await expect(second.conversations).to_have_count(0)
        await sign(second, "Sign in with Hugging Face")
        await expect(second.conversations).to_have_count(2)
        panel = await second.open_memory()
        await expect(panel.locator("li textarea")).to_have_value("My boat is green")
        await expect(panel.get_by_role("checkbox").nth(1)).to_be_checked()
        await second.page.keyboard.press("Escape")

        await sign(second, "Sign out (alice)")
        await expect(second.conversations).to_have_count(0)
        identity.account = "bob"
        await sign(second, "Sign in with Hugging Face")
        await expect(second.page.locator("#sign-in")).to_contain_text("bob")
        await expect(second.conversations).to_have_count(0)
    files = [*(space.data / "sessions").glob("*/*.json")]
    files = [each for each in files if each.stem != "session" or "boat" in each.read_text()]
    assert {path.parent.name[:3] for path in files} == {"hf-"}, "nothing is left of the anonymous session"
    assert "alice" not in " ".join(path.name for path in (space.data / "sessions").iterdir())


async def sign(chat: ChatPage, name: str) -> None:
    """Clicks the sign-in or sign-out button, and waits until the page is idle again."""
    button = chat.page.locator("#sign-in")
    await expect(button).to_contain_text(name)
    await button.click()
    await expect(button).not_to_contain_text(name, timeout=AWAKE)
    await chat.is_idle()
