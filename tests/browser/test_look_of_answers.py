"""How answers look: nothing is clipped or hidden, blocks are apart, text is readable and runs in its direction."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.browser.chat_page import ChatPage
from tests.browser.test_answers_as_written import BROKEN_WORDS, MARKERS, OVERFLOW
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.running import RunningApp

pytestmark = pytest.mark.tier2

WINDOWS: dict[str, dict[str, Any]] = {
    "desk, light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "desk, dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "phone, light": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
    "phone, dark": {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
}

PATH = "/usr/local/share/a-very-long-path/without-any-space/that-is-wider-than-a-phone/and-than-a-cell.txt"

ANSWER = f"""# One
## Two with `code`
### Three
#### Four

Words, **bold**, *italic*, ~~struck~~, a [link](https://example.org) and `{PATH}` and https://example.org{PATH}

- Fruit
  - Apples
    1. Pippin
- First paragraph.

  Second paragraph.
- ```
  code in an item, with a long line that has to scroll, because it is longer than an item is wide, even on a wide screen
  ```
- Code:

  ```py
  def f(x: int = 1) -> str:  # a comment
  \treturn f"{{x}}" + 'a' * 3 if x is None else len([True])
  ```
- after it
  > a quote

- [ ] open
- [x] done

998. item
999. item
1000. item

> A quote

---

| Feature | Basic plan | Professional | Enterprise | Availability | Support | Notes |
|---|:-:|--:|---|---|---|---|
| Storage | 10 GB | 1,000 GB | Unlimited | Worldwide | E-mail | A sentence that needs several lines in its narrow cell |
| `{PATH}` | https://example.org{PATH} | 1 | 2 | 3 | 4 | 5 |

A formula: $x^2$

\\[ {" + ".join(f"a_{{{n}}} x^{{{n}}}" for n in range(20))} \\]

```json
{{"key": [1, true, null, "text"], "other": "{PATH}"}}
```

```diff
- removed
+ added
```
"""

HEBREW = """שלום עולם

- פריט ראשון

  עוד פסקה
- `npm install` מתקין

> ציטוט

> - רשימה בציטוט

| שם | ערך |
|---|---|
| ראשון | 1 |

1. English first
2. עברית שנייה
"""

CLIPPED = """(place) => {
  const frame = place.getBoundingClientRect();
  const isScrolled = (element) => element.closest("pre, .table, .formula, .copy-code");
  const isOutside = ({ left, right, width }) => width && (left < frame.left - 1 || right > frame.right + 1);
  return [...place.querySelectorAll("*")]
    .filter((element) => !isScrolled(element) && [...element.getClientRects()].some(isOutside))
    .map((element) => element.outerHTML.slice(0, 200));
}"""

CROWDED = """(place) => {
  const found = [];
  const blocks = "p, li, ul, ol, h1, h2, h3, h4, blockquote, hr, .code-block, .table, .formula-block";
  for (const element of place.querySelectorAll(blocks)) {
    const next = element.nextElementSibling;
    if (!next || next.matches("code, strong, em, br, a")) continue;
    const gap = next.getBoundingClientRect().top - element.getBoundingClientRect().bottom;
    const most = next.matches("h1, h2, h3, h4, hr") || element.matches("hr") ? 24 : 14;
    if (gap < 3 || gap > most) found.push(`${gap} px before ${next.outerHTML.slice(0, 100)}`);
  }
  return found;
}"""

PALE = """(place) => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const over = ([r, g, b, a = 1], under) => [r, g, b].map((value, at) => value * a + under[at] * (1 - a));
  const ground = (element) => {
    const own = parts(getComputedStyle(element).backgroundColor);
    const isOpaque = element === document.documentElement || own[3] === undefined;
    return isOpaque ? own : over(own, ground(element.parentElement));
  };
  const opacity = (element) => element ? getComputedStyle(element).opacity * opacity(element.parentElement) : 1;
  const light = (color) => color
    .map((value) => value / 255).map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
  const found = [];
  const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest(".katex")) continue;
    const under = ground(element);
    const [r, g, b, a = 1] = parts(getComputedStyle(element).color);
    const lights = [light(over([r, g, b, a * opacity(element)], under)), light(under)];
    const contrast = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
    if (contrast < 4.5) found.push(`${contrast.toFixed(2)}: ${node.data} in ${element.outerHTML.slice(0, 80)}`);
  }
  return found;
}"""


@pytest.fixture(params=WINDOWS)
async def chat(app: RunningApp, browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[ChatPage]:
    context = await browser.new_context(reduced_motion="reduce", **WINDOWS[request.param])
    yield await ChatPage(await context.new_page()).open(app.url)
    await context.close()


async def shown(chat: ChatPage, upstream: FakeUpstream, text: str, reasoning: str = "") -> Locator:
    """The place of an answer on the page, its formulas drawn."""
    upstream.queue(Scenario(reply=text, reasoning=(reasoning,) if reasoning else ()))
    await chat.ask("Show me")
    await expect(chat.page.locator("#chat .formula:not([data-drawn])")).to_have_count(0)
    return chat.page.locator("#chat .bot-row .written").last


async def values(elements: Locator, name: str) -> list[Any]:
    """A property of each element's computed style."""
    read = "(all, name) => all.map((each) => getComputedStyle(each).getPropertyValue(name))"
    return list(await elements.evaluate_all(read, name))


async def boxes(elements: Locator) -> list[dict[str, float]]:
    """The rectangle of each element."""
    return list(await elements.evaluate_all("(all) => all.map((each) => each.getBoundingClientRect().toJSON())"))


async def test_nothing_is_clipped_crowded_or_pale(chat: ChatPage, upstream: FakeUpstream) -> None:
    place = await shown(chat, upstream, ANSWER)
    assert await place.evaluate(CLIPPED) == []
    assert await place.evaluate(CROWDED) == []
    assert await place.evaluate(PALE) == []
    assert await chat.page.evaluate(OVERFLOW) <= 0
    assert min(await place.locator("ol").evaluate_all(MARKERS)) >= 0


async def test_reasoning_is_readable_and_apart_from_the_answer(chat: ChatPage, upstream: FakeUpstream) -> None:
    place = await shown(chat, upstream, "The answer.", ANSWER)
    thought = chat.page.locator("#chat .thought-group")
    await thought.locator("button").first.click()
    reasoning = thought.locator(".written")
    await expect(reasoning).to_be_visible()
    assert await reasoning.evaluate(CLIPPED) == []
    assert await reasoning.evaluate(PALE) == []
    assert (await boxes(place))[0]["top"] - (await boxes(thought))[0]["bottom"] >= 8


async def test_headings_paragraphs_and_tasks_differ(chat: ChatPage, upstream: FakeUpstream) -> None:
    place = await shown(chat, upstream, ANSWER)
    names = ("h1", "h2", "h3", "p")
    sizes = [float((await values(place.locator(name), "font-size"))[0][:-2]) for name in names]
    assert sizes == sorted(set(sizes), reverse=True)
    first, second = (await boxes(place.locator("li:has(> p + p)").first.locator("> p")))[:2]
    assert second["top"] >= first["bottom"]
    unchecked, checked = await values(place.locator(".task input"), "background-color")
    assert unchecked != checked


async def test_words_are_whole_in_cells_and_code_scrolls_in_its_box(chat: ChatPage, upstream: FakeUpstream) -> None:
    place = await shown(chat, upstream, ANSWER)
    cells = place.locator(":is(th, td):not(:has(code, a))")
    assert await cells.evaluate_all(BROKEN_WORDS) == []
    overfull = (
        "(cells) => cells.filter((cell) => cell.scrollWidth > cell.clientWidth + 1).map((cell) => cell.outerHTML)"
    )
    assert await place.locator(":is(th, td)").evaluate_all(overfull) == []
    assert (await boxes(place.locator("td.long").first))[0]["width"] >= 176
    lines = """(codes) => codes.map((code) =>
      Math.round(code.getClientRects()[0].height / parseFloat(getComputedStyle(code).lineHeight)))"""
    assert await place.locator("pre code").evaluate_all(lines) == [1, 2, 1, 2]
    assert set(await values(place.locator("pre code"), "tab-size")) == {"4"}
    reach = """([pre]) => {
      pre.scrollLeft = pre.scrollWidth;
      const range = document.createRange();
      range.selectNodeContents(pre.querySelector("code"));
      const button = pre.parentElement.querySelector("button").getBoundingClientRect();
      return button.left - range.getBoundingClientRect().right;
    }"""
    assert await place.locator("pre:not([data-language])").evaluate_all(reach) >= 0


async def test_each_block_runs_in_the_direction_of_its_words(chat: ChatPage, upstream: FakeUpstream) -> None:
    place = await shown(chat, upstream, HEBREW)
    assert await values(place.locator("> *"), "direction") == ["rtl", "rtl", "rtl", "rtl", "rtl", "ltr"]
    assert set(await values(place.locator("ul"), "direction")) == {"rtl"}
    assert await values(place.locator("blockquote"), "border-right-width") == ["3px", "3px"]
    first, second = await boxes(place.locator("th"))
    assert first["left"] > second["left"]
    sides = """([item]) => {
      const range = document.createRange();
      range.selectNodeContents(item);
      const words = range.getBoundingClientRect(), box = item.getBoundingClientRect();
      return words.left - box.left < box.right - words.right ? "left" : "right";
    }"""
    assert await place.locator("ol li").last.evaluate_all(sides) == "left"
    assert await place.locator("td").first.evaluate_all(sides) == "right"
