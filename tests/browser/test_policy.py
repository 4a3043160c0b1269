"""The page works under its Content-Security-Policy, and the policy blocks injected content."""

import pytest
from playwright.async_api import Page, Request

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.running import RunningApp

pytestmark = pytest.mark.tier2

EVERYTHING = (
    "# Title\n\n- [x] done\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nprint(1)\n```\n\n$$x^2 + \\frac{1}{2}$$\n\n"
    "A [link](https://example.com), `code` and 😀."
)

BREAK_OUT = """async (foreign) => {
  window.ran = [];
  window.refused = [];
  addEventListener("securitypolicyviolation", (e) => refused.push(e.effectiveDirective));
  const add = (html) => {
    const box = document.createElement("div");
    box.innerHTML = html;
    document.body.append(box);
    return box;
  };
  const script = document.createElement("script");
  script.textContent = "ran.push('inline')";
  document.body.append(script);
  document.body.append(Object.assign(document.createElement("script"), { src: `${foreign}/x.js` }));
  add(`<img src=x onerror="ran.push('handler')">`);
  add(`<a href="javascript:ran.push('link')">x</a>`).querySelector("a").click();
  add(`<img src="${foreign}/x.png"><video src="${foreign}/x.mp4"></video><object data="${foreign}/x"></object>`);
  add(`<iframe src="${foreign}/"></iframe><iframe srcdoc="<script>parent.ran.push('frame')</script>"></iframe>`);
  add(`<link rel="stylesheet" href="${foreign}/x.css">`);
  add(`<style>@font-face { font-family: x; src: url(${foreign}/x.woff) }</style>`);
  add(`<div style="background:url(${foreign}/y.png);font-family:x">x</div>`);
  add(`<form action="${foreign}/form"></form>`).querySelector("form").submit();
  add(`<form action="/session" method="post"></form>`).querySelector("form").submit();
  const failed = [];
  const opened = (open) => new Promise((done, fail) => {
    Object.assign(open(), { onopen: done, onmessage: done, onerror: fail });
  });
  const blob = new Blob(["postMessage('worker')"], { type: "text/javascript" });
  for (const attempt of [
    () => fetch(`${foreign}/fetch`),
    () => import(`${foreign}/x.mjs`),
    () => import("data:text/javascript,ran.push('import')"),
    () => opened(() => new WebSocket(foreign.replace("http", "ws"))),
    () => opened(() => new EventSource(`${foreign}/events`)),
    () => opened(() => new Worker(URL.createObjectURL(blob))),
  ]) await attempt().catch(() => failed.push(1));
  navigator.sendBeacon(`${foreign}/beacon`, "x");
  await new Promise((wake) => setTimeout(wake, 500));
  return { ran, failed: failed.length, refused: [...new Set(refused)].sort() };
}"""


async def test_page_and_api_docs_need_no_other_host(page: Page, app: RunningApp, upstream: FakeUpstream) -> None:
    said: list[str] = []
    hosts: set[str] = set()
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("request", lambda request: hosts.add(_origin(request)))
    chat = await ChatPage(page).open(app.url)
    upstream.queue(Scenario(reply=EVERYTHING))
    await chat.ask("Show me everything")
    await chat.answers.last.locator(".katex").first.wait_for()
    await chat.download("This chat as JSON")
    await chat.open_settings()
    await chat.choose_provider("Anthropic")
    await chat.new_chat()
    assert said == []
    await page.goto("about:blank")
    said.clear()  # Gradio complains of the streams that it leaves
    await page.goto(f"{app.url}/docs")
    await page.get_by_text("/conversations/{conversation_id}/stream").first.wait_for()
    assert said == []
    assert hosts <= {app.url, "blob:", "data:", "about:"}


async def test_the_policy_blocks_injected_content(page: Page, app: RunningApp, upstream: FakeUpstream) -> None:
    await ChatPage(page).open(app.url)
    foreign = f"http://127.0.0.1:{upstream.port}"
    upstream.all_requests.clear()
    outcome = await page.evaluate(BREAK_OUT, foreign)
    assert outcome["ran"] == []
    assert outcome["failed"] == 6
    assert {"connect-src", "img-src", "form-action", "frame-src", "object-src", "style-src-elem"} <= {
        *outcome["refused"]
    }
    assert {"script-src-elem", "script-src-attr", "worker-src", "font-src", "media-src"} <= {*outcome["refused"]}
    assert upstream.requests == []
    assert page.url.rstrip("/") == app.url


def _origin(request: Request) -> str:
    scheme, _, rest = request.url.partition(":")
    return f"{scheme}://{rest.lstrip('/').partition('/')[0]}" if scheme.startswith("http") else f"{scheme}:"
