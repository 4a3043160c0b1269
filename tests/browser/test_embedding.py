"""The page in a frame of another site, and its API called from there, with the README's snippets."""

import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream
from tests.support.chromium import ARGUMENTS, WITH_WINDOWS
from tests.support.running import RunningApp, two_providers
from tests.test_readme import README

pytestmark = pytest.mark.tier2


FRAME, SCRIPT = (block.removeprefix("html\n") for block in README.split("```")[1::2] if block.startswith("html\n"))

ALLOWING = {"profile": {"cookie_controls_mode": 0}}
BLOCKING = {"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": True}}
"""The Chromium preference that denies cookies and storage to a frame of another site. Without it, the frame has
separate storage for each embedding site."""


Show = Callable[[Page, str], Awaitable[None]]


class OtherSite(BaseHTTPRequestHandler):
    """Another site. It is at 127.0.0.1 and the app at localhost: a browser treats them as two sites."""

    html = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(f"<!doctype html><title>Other site</title>{self.html}".encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def framed_app(upstream_server: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """An app that the other site may frame."""
    if WITH_WINDOWS is None:
        pytest.skip("no Chromium on this machine")
    environment = two_providers(upstream_server) | {"CHATBOT_FRAME_ANCESTORS": "http://127.0.0.1:*"}
    with RunningApp(tmp_path_factory.mktemp("framed"), environment) as running:
        yield running


@pytest.fixture
def show(framed_app: RunningApp) -> Iterator[Show]:
    """Opens the other site with the snippet in it; the README's address becomes the app's."""

    async def opened(page: Page, snippet: str) -> None:
        OtherSite.html = snippet.replace("http://localhost:7860", f"http://localhost:{framed_app.port}")
        await page.goto(f"http://127.0.0.1:{server.server_port}/")

    with ThreadingHTTPServer(("127.0.0.1", 0), OtherSite) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield opened
        server.shutdown()


async def chat_in(page: Page) -> ChatPage:
    """Waits until the chat in the page's frame is idle; returns it."""
    frame = page.frames[1]
    chat = ChatPage(cast(Page, frame))
    await expect(chat.box).to_be_visible()
    await chat.is_idle()
    return chat


@pytest.fixture
async def visitor_page(request: pytest.FixtureRequest, chromium: Browser, tmp_path: Path) -> AsyncIterator[Page]:
    """A page of a browser that has the preferences in its profile on disk. The headless shell ignores them."""
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(request.param))
    async with async_playwright() as playwright:
        start = playwright.chromium.launch_persistent_context
        context = await start(tmp_path, executable_path=WITH_WINDOWS, args=ARGUMENTS)
        yield await context.new_page()
        await context.close()


@pytest.mark.parametrize("visitor_page", [ALLOWING], indirect=True, ids=["allowed"])
async def test_the_framed_chat_answers_and_remembers(show: Show, visitor_page: Page, upstream: FakeUpstream) -> None:
    await show(visitor_page, FRAME)
    chat = await chat_in(visitor_page)
    assert await chat.ask("My name is Alice") == "You said: My name is Alice"
    await visitor_page.reload()
    chat = await chat_in(visitor_page)
    await expect(chat.questions).to_have_text(["My name is Alice"])
    assert "Alice" in await chat.ask("What's my name?")
    assert await visitor_page.evaluate("document.cookie") == ""


@pytest.mark.parametrize("visitor_page", [BLOCKING], indirect=True, ids=["blocked"])
async def test_a_frame_without_storage_chats_and_warns(show: Show, visitor_page: Page, upstream: FakeUpstream) -> None:
    errors: list[str] = []
    visitor_page.on("pageerror", lambda error: errors.append(str(error)))
    await show(visitor_page, FRAME)
    chat = await chat_in(visitor_page)
    notice = visitor_page.frames[1].locator("#notices")
    await expect(notice).to_contain_text("This browser blocks storage")
    assert await chat.ask("My name is Alice") == "You said: My name is Alice"
    assert "Alice" in await chat.ask("What's my name?")
    await visitor_page.reload()
    chat = await chat_in(visitor_page)
    await expect(chat.questions).to_have_count(0)
    assert "Alice" not in await chat.ask("And now, what's my name?")
    assert errors == []


@pytest.mark.parametrize("visitor_page", [ALLOWING], indirect=True, ids=["allowed"])
async def test_a_visitor_logs_in_inside_the_frame(visitor_page: Page, upstream: FakeUpstream, tmp_path: Path) -> None:
    environment = two_providers(upstream) | {
        "CHATBOT_FRAME_ANCESTORS": "http://127.0.0.1:*",
        "CHATBOT_AUTH": "alice:the-heron-nests",
    }
    with (
        RunningApp(tmp_path / "data", environment) as running,
        ThreadingHTTPServer(("127.0.0.1", 0), OtherSite) as server,
    ):
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        OtherSite.html = FRAME.replace("http://localhost:7860", f"http://localhost:{running.port}")
        await visitor_page.goto(f"http://127.0.0.1:{server.server_port}/")
        fields = visitor_page.frames[1].locator("input, textarea")
        await fields.first.fill("alice")
        await fields.nth(1).fill("the-heron-nests")
        await fields.nth(1).press("Enter")
        chat = await chat_in(visitor_page)
        assert await chat.ask("My name is Alice") == "You said: My name is Alice"
        stolen = await visitor_page.evaluate(
            "url => fetch(url, { credentials: 'include' }).then((answer) => answer.status, () => 'kept from reading')",
            f"http://localhost:{running.port}/config",
        )
        assert stolen == 401  # Gradio lets a page of this machine read what a host of this machine answers
        server.shutdown()


async def test_an_unlisted_site_cannot_frame_the_page(app: RunningApp, page: Page) -> None:
    OtherSite.html = FRAME.replace("http://localhost:7860", f"http://localhost:{app.port}")
    with ThreadingHTTPServer(("127.0.0.1", 0), OtherSite) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        async with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            await page.goto(f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()


async def test_a_page_with_storage_shows_no_warning(chat: ChatPage) -> None:
    await expect(chat.page.locator("#notices p")).to_have_count(0)


async def test_a_page_of_another_site_calls_the_api(show: Show, page: Page, upstream: FakeUpstream) -> None:
    await show(page, SCRIPT)
    await expect(page.locator("output")).to_have_text("You said: Hello from another page")
