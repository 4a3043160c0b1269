"""Every answer that was once shown wrongly, and every message, as a person sees them on the page."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from chatbot.page.markdown import render_answer, render_typed
from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream, Scenario
from tests.page.markdown.reading import Read, read
from tests.page.markdown.test_cases import ANSWERS, FORMULAS, WORDS
from tests.page.markdown.test_typed import TYPED
from tests.support.api_client import Visitor
from tests.support.running import RunningApp

pytestmark = pytest.mark.tier2

TURNS = 15
"""Turns in a conversation: as many as the page shows at once."""

UNREADABLE = {"r26_regex_prose": 1, "r28_math_invalid": 2}
"""Formulas that KaTeX cannot read, and that therefore stay as they were written."""

SEEN = """(message) => {
  const copy = message.cloneNode(true);
  const formulas = copy.querySelectorAll(".formula:has(.katex)");
  formulas.forEach((formula) => formula.replaceWith(" "));
  return {
    words: copy.textContent.replace(/\\s+/g, " ").trim(),
    visible: message.innerText,
    code: [...message.querySelectorAll("pre code")].map((code) => code.textContent),
    links: [...message.querySelectorAll("a")].map((link) => [link.getAttribute("href"), link.textContent]),
    formulas: formulas.length,
    live: [...message.querySelectorAll("img, iframe, script, style, form, b, s, details, input:not([disabled])")]
      .map((element) => element.outerHTML),
    buttons: message.querySelectorAll("button").length,
  };
}"""


@pytest.fixture
async def visitor(page: Page, app: RunningApp) -> Visitor:
    """An API client with the page's session."""
    async with page.expect_response(re.compile("/gradio_api/run/")) as entered:
        await ChatPage(page).open(app.url)
    return Visitor(app.url, (await (await entered.value).json())["data"][0])


async def open_talk(page: Page, visitor: Visitor, upstream: FakeUpstream, turns: dict[str, str]) -> ChatPage:
    """Opens a conversation of these questions and their answers."""
    conversation = None
    for question, answer in turns.items():
        upstream.queue(Scenario(reply=answer))
        conversation = visitor.chat(question, conversation_id=conversation)["conversation_id"]
    chat = ChatPage(page)
    await chat.conversations.first.click()
    await page.wait_for_function("(id) => window.chatbot.view.conversation === id", arg=conversation)
    await expect(chat.rows).to_have_count(2 * len(turns))
    return chat


def words_outside_formulas(found: Read) -> str:
    text = found.text
    for formula in found.formulas:
        text = re.sub(r"(\\\(|\\\[|\$\$?)" + re.escape(formula) + r"(\\\)|\\\]|\$\$?)", " ", text, count=1)
    return text


def letters(text: str) -> str:
    """The text without white space, which blocks have none of in a page's text."""
    return re.sub(r"[\s\ufeff]+", "", text)


async def check(name: str, message: Locator) -> None:
    """Compares an answer on the page with what the server rendered, which tests/page/markdown/ tests in detail."""
    seen: dict[str, Any] = await message.evaluate(SEEN)
    expected = read(render_answer(ANSWERS[name]))
    assert seen["live"] == [], name
    assert seen["code"] == expected.code, name
    assert [tuple(link) for link in seen["links"]] == expected.links, name
    assert seen["buttons"] == len(expected.code), name
    assert seen["formulas"] == len(expected.formulas) - UNREADABLE.get(name, 0), name
    if name not in UNREADABLE:
        assert letters(seen["words"]) == letters(words_outside_formulas(expected)), name
    if name in WORDS and not FORMULAS.get(name) and not expected.formulas:
        assert letters(seen["visible"]) == letters(WORDS[name]), name


@pytest.mark.timeout(240)
async def test_every_answer_is_shown_as_written(page: Page, visitor: Visitor, upstream: FakeUpstream) -> None:
    names = [name for name, text in ANSWERS.items() if text.strip() and "<think>" not in text]
    assert len(names) > 75
    for first in range(0, len(names), TURNS):
        batch = names[first : first + TURNS]
        chat = await open_talk(page, visitor, upstream, {name: ANSWERS[name] for name in batch})
        for place, name in enumerate(batch):
            await expect(chat.answers.nth(place).locator(".formula:not([data-drawn])")).to_have_count(0)
            await check(name, chat.answers.nth(place))


async def test_every_message_is_shown_as_typed(page: Page, visitor: Visitor, upstream: FakeUpstream) -> None:
    texts = [text for text in TYPED.values() if text.strip()]
    for first in range(0, len(texts), TURNS):
        batch = texts[first : first + TURNS]
        chat = await open_talk(page, visitor, upstream, dict.fromkeys(batch, "Yes."))
        for place, text in enumerate(batch):
            visible = await chat.questions.nth(place).evaluate("(message) => message.innerText")
            code = read(render_typed(text)).code
            assert code or visible.rstrip("\n") == text.rstrip("\n").replace("\u2028", visible[text.find("\u2028")])


STREAMED = [
    "q01_crlf_img",
    "r82_code_exact",
    "r90_latex_multi",
    "q06_table6",
    "w01_top12",
    "r15_cjk_bold",
    "q28_vertical_list",
]


async def test_a_streamed_answer_ends_as_the_same_elements_as_one_that_is_opened(
    chat: ChatPage, upstream: FakeUpstream
) -> None:
    for name in STREAMED:
        text = ANSWERS[name]
        pieces = tuple(text[start : start + 3] for start in range(0, len(text), 3))
        upstream.queue(Scenario(tokens=pieces, tokens_per_second=200))
        await chat.ask(f"Show {name}")
    drawn = "(messages) => messages.map((message) => message.innerHTML)"
    streamed = await chat.answers.evaluate_all(drawn)
    await chat.reload()
    await expect(chat.answers).to_have_count(len(STREAMED))
    await expect(chat.page.locator("#chat .formula:not([data-drawn])")).to_have_count(0)
    assert await chat.answers.evaluate_all(drawn) == streamed


async def test_a_selection_stays_while_the_answer_grows(chat: ChatPage, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(tokens=("First words.\n\n", *(f"word{n} " for n in range(200))), tokens_per_second=40))
    await chat.send("Go")
    await expect(chat.answers.last).to_contain_text("word3")
    select = """(message) => {
      const selection = getSelection();
      const [first, second] = message.querySelectorAll("p");
      selection.setBaseAndExtent(first.firstChild, 0, second.firstChild, 5);
    }"""
    await chat.answers.last.evaluate(select)
    before = await chat.page.evaluate("getSelection().toString()")
    await expect(chat.answers.last).to_contain_text("word30")
    assert before.split() == ["First", "words.", "word0"]
    assert await chat.page.evaluate("getSelection().toString()") == before
    await chat.stop_button.click()


async def test_code_is_copied_to_the_byte_and_a_formula_as_latex(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    upstream.queue(Scenario(reply=ANSWERS["r82_code_exact"] + "\n\nSo \\(x^2\\) it is."))
    await chat.ask("Show me")
    buttons = chat.answers.last.get_by_role("button", name="Copy the code")
    await expect(buttons).to_have_count(1)
    await buttons.click()
    code = read(render_answer(ANSWERS["r82_code_exact"])).code[0]
    assert "\t" in code
    assert await chat.page.evaluate("navigator.clipboard.readText()") == code.removesuffix("\n")
    await expect(chat.answers.last.locator(".katex")).to_have_count(1)
    await chat.answers.last.locator("p").last.evaluate("(words) => getSelection().selectAllChildren(words)")
    await chat.page.keyboard.press("Control+C")
    assert (await chat.page.evaluate("navigator.clipboard.readText()")).strip() == "So \\(x^2\\) it is."


BROKEN_WORDS = """(cells) => cells.flatMap((cell) => {
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  const broken = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const { index, 0: word } of node.data.matchAll(/\\S+/g)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) broken.push(word);
    }
  }
  return broken;
})"""

OVERFLOW = "() => document.documentElement.scrollWidth - innerWidth"
MARKERS = """(lists) => lists.map((list) => {
  const last = [...list.children].at(-1);
  const probe = document.createElement("span");
  probe.textContent = `${(list.start || 1) + list.children.length - 1}. `;
  probe.style.cssText = "position: absolute; white-space: pre; visibility: hidden";
  list.append(probe);
  const room = last.getBoundingClientRect().left - list.closest(".message-content").getBoundingClientRect().left;
  const needed = probe.getBoundingClientRect().width;
  probe.remove();
  return room - needed;
})"""


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800)])
async def test_tables_and_code_scroll_without_breaking_words_and_numbers_are_whole(
    chat: ChatPage, upstream: FakeUpstream, width: int, height: int
) -> None:
    await chat.page.set_viewport_size({"width": width, "height": height})
    numbers = "".join(f"{number}. item\n" for number in range(998, 1003))
    for text in (
        ANSWERS["q06_table6"],
        ANSWERS["r35_wide"],
        ANSWERS["r81_long_code_line"],
        ANSWERS["w01_top12"],
        numbers,
    ):
        upstream.queue(Scenario(reply=text))
        await chat.ask("Show me")
    assert await chat.page.locator("#chat :is(td, th)").evaluate_all(BROKEN_WORDS) == []
    assert await chat.page.evaluate(OVERFLOW) <= 0
    scrolling = "(boxes) => boxes.map((box) => box.scrollWidth > box.clientWidth)"
    assert await chat.page.locator("#chat .table").evaluate_all(scrolling) == [True, True]
    assert await chat.page.locator("#chat pre").evaluate_all(scrolling) == [True]
    assert min(await chat.page.locator("#chat ol").evaluate_all(MARKERS)) >= 0


async def test_right_to_left_blocks_begin_at_the_right(chat: ChatPage, upstream: FakeUpstream) -> None:
    upstream.queue(Scenario(reply=ANSWERS["r53_rtl"] + "\n\nEnglish."))
    await chat.ask("Show me")
    sides = """(blocks) => blocks.map((block) => {
      const range = document.createRange();
      range.selectNodeContents(block);
      const words = range.getBoundingClientRect(), box = block.getBoundingClientRect();
      return words.left - box.left > box.right - words.right ? "right" : "left";
    })"""
    found = await chat.answers.last.locator(".written :is(p, li, code:not(p code))").evaluate_all(sides)
    assert found == ["right", "right", "right", "right", "left", "left"]
