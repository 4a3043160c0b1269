"""Records everything that hostile text achieves on a page."""

from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Page, Request

WATCH = """
window.seen = [];
window.pwned = () => { seen.push("a script ran"); };
addEventListener("securitypolicyviolation", (e) => seen.push(`refused: ${e.effectiveDirective} ${e.blockedURI}`));
const PLAIN = new Set(`P H1 H2 H3 H4 H5 H6 UL OL LI PRE CODE BLOCKQUOTE TABLE THEAD TBODY TR TH TD A EM STRONG DEL HR BR
  B I U S SUB SUP SMALL MARK KBD INS DETAILS SUMMARY DIV SPAN BUTTON svg g path`.split(/\\s+/));
const LINK = /^(https?|mailto|blob):/;
const judge = (e) => {
  if (!e.closest(".message-content")?.contains(e) || e.closest(".katex, .katex-error")) return;
  const task = e.matches("input[type=checkbox][disabled]");
  if (!PLAIN.has(e.tagName) && !task) seen.push(`an element: ${e.outerHTML}`);
  if ((e.id || e.style?.length) && !e.closest("svg")) seen.push(`an attribute: ${e.outerHTML}`);
  if ([...e.attributes].some(({ name }) => name.startsWith("on"))) seen.push(`a handler: ${e.outerHTML}`);
  if (e.tagName === "A" && e.hasAttribute("href") && !LINK.test(e.href)) seen.push(`a link: ${e.outerHTML}`);
};
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) for (const node of addedNodes) {
    if (node.nodeType !== 1) continue;
    judge(node);
    node.querySelectorAll("*").forEach(judge);
  }
}).observe(document, { childList: true, subtree: true });
"""
"""Runs before the page's own scripts, and checks every element that is ever added to a message."""

STANDING_OUT = """() => {
  const out = [];
  for (const message of document.querySelectorAll("#chat .message-content")) {
    if (getComputedStyle(message).contain !== "content") out.push("a message that is not contained");
    const box = message.getBoundingClientRect();
    for (const e of message.querySelectorAll("*")) {
      if (!["fixed", "absolute", "sticky"].includes(getComputedStyle(e).position)) continue;
      const { left, right, top, bottom } = e.getBoundingClientRect();
      const fits = left >= box.left - 1 && right <= box.right + 1 && top >= box.top - 1 && bottom <= box.bottom + 1;
      if (!fits) out.push(`outside: ${e.outerHTML.slice(0, 200)}`);
    }
  }
  for (const control of document.querySelectorAll("#message textarea, #new-chat, #search input")) {
    const { left, top, width, height } = control.getBoundingClientRect();
    const there = document.elementFromPoint(left + width / 2, top + height / 2);
    if (!control.contains(there)) out.push(`covered by ${there?.outerHTML.slice(0, 200)}`);
  }
  return out;
}"""


class Hostile:
    """Watches a page; `found` returns the violations so far."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._home = urlsplit(url).netloc
        self._asked: list[str] = []
        page.context.on("request", self._note)

    async def begin(self) -> None:
        """Starts watching before the page's first script."""
        await self.page.add_init_script(WATCH)

    async def found(self) -> list[Any]:
        """Scripts that ran, requests that were sent or blocked, forbidden parts of a message, and elements outside its
        box."""
        here = await self.page.evaluate("window.seen")
        return [*here, *self._asked, *(await self.page.evaluate(STANDING_OUT))]

    def _note(self, request: Request) -> None:
        at = urlsplit(request.url)
        is_ours = at.netloc == self._home and request.resource_type != "image" and not request.is_navigation_request()
        if at.scheme not in ("data", "blob") and not is_ours and at.path not in ("/", "/favicon.ico"):
            self._asked.append(f"asked for: {request.url}")
