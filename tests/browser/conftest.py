"""Fixtures of the browser tests: Chromium, an app and its chat page. Without Chromium, the tests are skipped."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Request, async_playwright, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream
from tests.support.api_client import Visitor
from tests.support.chromium import ARGUMENTS, CHROMIUM
from tests.support.running import RunningApp

expect.set_options(timeout=60_000)  # some machines are slow and busy


@pytest.fixture(scope="session")
async def chromium(needs_chromium: None) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        await started.close()


@pytest.fixture
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """The browser; closes each test's contexts at its end."""
    yield chromium
    for context in chromium.contexts:
        await context.close()


@pytest.fixture(scope="session")
def needs_chromium() -> None:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")


@pytest.fixture
def app(needs_chromium: None, api_app: RunningApp, upstream: FakeUpstream) -> RunningApp:
    """The app shared by all tests that do not stop it; each test is a separate visitor, and has its upstream reset."""
    return api_app


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page that fails the test if a script on it raises an error."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    opened = await context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(f"{error}\n{error.stack}"))
    yield opened
    await context.close()
    assert errors == []


@pytest.fixture
async def context(page: Page) -> BrowserContext:
    """The page's browser context, to open more tabs."""
    return page.context


@pytest.fixture
async def chat(app: RunningApp, page: Page, upstream: FakeUpstream) -> ChatPage:
    return await ChatPage(page).open(app.url)


@pytest.fixture
async def api(chat: ChatPage, app: RunningApp) -> AsyncIterator[Visitor]:
    """An API client with the page's session token, taken from the page's requests."""
    tokens: list[str] = []

    def note(request: Request) -> None:
        tokens.extend(re.findall(r'"([0-9a-f]{32}\.[\w-]{43})"', request.post_data or ""))

    chat.page.on("request", note)
    async with chat.page.expect_request(lambda each: "/queue/join" in each.url and "[" in (each.post_data or "")):
        await chat.reload()
    assert tokens
    with Visitor(app.url, tokens[-1]) as visitor:
        yield visitor


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"
