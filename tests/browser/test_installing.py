"""The page as an app: a browser finds all that it needs to install it, and what other apps share comes into the box."""

from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream
from tests.support.running import RunningApp, two_providers

pytestmark = pytest.mark.tier2


async def test_a_browser_finds_nothing_that_hinders_installing(app: RunningApp, page: Page) -> None:
    await ChatPage(page).open(app.url)
    session = await page.context.new_cdp_session(page)
    manifest = await session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"].startswith(f"{app.url}/assets/")
    # a test's window is a private one, where nothing can be installed
    found = await session.send("Page.getInstallabilityErrors")
    assert {each["errorId"] for each in found["installabilityErrors"]} <= {"in-incognito"}
    for src in await page.evaluate("""async () => {
      const link = document.querySelector("link[rel=manifest]");
      const { icons } = await (await fetch(link.href)).json();
      return icons.map(({ src }) => new URL(src, link.href).href);
    }"""):
        assert (await page.request.get(src)).headers["content-type"].startswith("image/")


async def test_what_another_app_shares_is_in_the_box_and_not_in_the_address(app: RunningApp, page: Page) -> None:
    chat = await ChatPage(page).open(f"{app.url}/?title=Tides&text=Why%3F&url=https%3A%2F%2Fexample.com%2F")
    await expect(chat.box).to_have_value("Tides\nWhy?\nhttps://example.com/")
    assert "Tides" not in page.url
    await expect(chat.questions).to_have_count(0)


async def test_an_installed_app_says_that_its_server_is_gone_and_comes_back(
    browser: Browser, upstream: FakeUpstream, tmp_path: Path
) -> None:
    context = await browser.new_context(locale="de-AT")
    page = await context.new_page()
    with RunningApp(tmp_path / "data", two_providers(upstream)) as app:
        chat = await ChatPage(page).open(app.url)
        await page.evaluate("dispatchEvent(new Event('appinstalled'))")
        await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        await chat.ask("Hallo")
        app.stop()
        await page.reload()
        await expect(page.get_by_role("heading")).to_have_text("Der Chat ist nicht erreichbar")
        assert (await Axe().run(page)).response["violations"] == []
        app.start()
        await expect(chat.answers).to_have_count(1)
