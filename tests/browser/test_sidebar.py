"""The list of conversations beside the chat."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.browser.chat_page import ChatPage
from tests.browser.files import archive, dated, talk
from tests.fake_upstream import FakeUpstream
from tests.support.reply_setup import until
from tests.support.running import RunningApp

pytestmark = pytest.mark.tier2


async def test_conversations_are_listed_newest_first_and_grouped_by_day(chat: ChatPage) -> None:
    await chat.import_all(dated("From last month", 30), dated("From yesterday", 1), dated("From last week", 7))
    await chat.ask("From now")
    await expect(chat.conversations).to_have_text(["From now", "From yesterday", "From last week", "From last month"])
    days = ["Today", "Yesterday", "Previous 7 days", "Previous 30 days"]
    await expect(chat.page.locator("#conversations .day")).to_have_text(days)
    counts = [await group.locator("li").count() for group in await chat.page.locator("#conversations .group").all()]
    assert counts == [1, 1, 1, 1]


async def test_a_new_message_moves_its_conversation_to_the_top(chat: ChatPage) -> None:
    await chat.import_all(dated("From last week", 7))
    await chat.ask("From now")
    await chat.open_conversation("From last week")
    await chat.ask("Anything new?")
    await expect(chat.conversations).to_have_text(["From last week", "From now"])


async def test_a_title_is_the_shortened_first_message(chat: ChatPage) -> None:
    await chat.ask("Please explain the difference between a list and a tuple in the Python language to me")
    await expect(chat.conversations).to_have_text(["Please explain the difference between a list and a tuple in…"])


async def test_the_open_conversation_is_marked(chat: ChatPage) -> None:
    await chat.ask("First")
    await expect(chat.opened).to_have_text(["First"])
    await chat.new_chat()
    await chat.ask("Second")
    await expect(chat.opened).to_have_text(["Second"])
    await chat.open_conversation("First")
    await expect(chat.opened).to_have_text(["First"])
    await expect(chat.questions).to_have_text(["First"])
    await expect(chat.answers).to_have_text(["You said: First"])


async def test_a_conversation_is_marked_while_its_answer_runs(chat: ChatPage) -> None:
    await chat.type_model("pace:50x150")
    await chat.begin("Take your time, since this title is far too long for the list")
    mark = chat.conversation("Take your time").locator(".running")
    await expect(mark).to_be_in_viewport(ratio=1)
    await chat.new_chat()
    await expect(mark).to_be_in_viewport(ratio=1)
    await expect(mark).to_have_count(0)


@pytest.mark.parametrize(("key", "title"), [("Enter", "Another"), ("Escape", "First"), (None, "Another")])
async def test_a_title_is_edited_in_place(chat: ChatPage, key: str | None, title: str) -> None:
    await chat.ask("First")
    await chat.rename("First", "Another", key)
    await expect(chat.conversations).to_have_text([title])
    await chat.reload()
    await expect(chat.conversations).to_have_text([title])
    await expect(chat.questions).to_have_text(["First"])


@pytest.mark.tier2
async def test_a_title_edited_during_an_answer_is_kept(chat: ChatPage) -> None:
    await chat.type_model("pace:50x150")
    await chat.begin("First")
    await chat.rename("First", "Another", "Enter")
    await expect(chat.conversations).to_contain_text(["Another"])
    await chat.is_ready()
    await expect(chat.conversations).to_have_text(["Another"])


async def test_a_month_ago_and_more_is_named_by_month(chat: ChatPage) -> None:
    await chat.import_all(dated("Old", 70), dated("Older", 400))
    months = [f"{datetime.now(UTC) - timedelta(days=days):%B %Y}" for days in (70, 400)]
    await expect(chat.page.locator("#conversations .day")).to_have_text(months)


async def test_deleting_can_be_undone_for_ten_seconds(chat: ChatPage, app: RunningApp) -> None:
    await chat.ask("First")
    await chat.new_chat()
    await chat.ask("Second")
    await chat.remove("First", for_good=False)
    await expect(chat.conversations).to_have_text(["Second"])
    await chat.undo_notice.get_by_role("button", name="Undo").click()
    await expect(chat.conversations).to_have_text(["Second", "First"])
    await chat.remove("Second", for_good=False)
    await expect(chat.rows).to_have_count(0)
    await chat.undo_notice.get_by_role("button", name="Undo").click()
    await expect(chat.questions).to_have_text(["Second"])  # it was open
    async with chat.page.expect_response(lambda response: response.request.method == "DELETE"):
        await chat.remove("First", for_good=False)
    await expect(chat.undo_notice).to_be_empty()
    await chat.reload()
    await expect(chat.conversations).to_have_text(["Second"])


async def test_a_deletion_is_final_when_the_page_is_left(chat: ChatPage, app: RunningApp) -> None:
    await chat.ask("First")
    await chat.new_chat()
    await chat.ask("Second")
    await chat.remove("First", for_good=False)
    await chat.page.goto("about:blank")
    again = await ChatPage(await chat.page.context.new_page()).open(app.url)
    await expect(again.conversations).to_have_text(["Second"])


async def test_the_list_is_one_stop_of_the_tab_key_and_the_arrow_keys_move_in_it(chat: ChatPage) -> None:
    await chat.import_all(*(dated(title, days) for days, title in enumerate(("One", "Two", "Three"), 1)))
    await chat.search_box.focus()
    await chat.page.keyboard.press("Tab")
    await expect(chat.conversations.nth(0)).to_be_focused()
    await chat.page.keyboard.press("Tab")
    assert not await chat.page.evaluate("Boolean(document.activeElement.closest('#conversations'))")
    await chat.page.keyboard.press("Shift+Tab")
    for key, place in (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowDown", 2), ("Home", 0), ("End", 2), ("ArrowUp", 1)):
        await chat.page.keyboard.press(key)
        await expect(chat.conversations.nth(place)).to_be_focused()
    await chat.page.keyboard.press("Enter")
    await expect(chat.opened).to_have_text(["Two"])


async def test_with_many_conversations_the_head_and_the_foot_of_the_sidebar_stay(chat: ChatPage) -> None:
    await chat.import_file(archive(*(dated(f"Chat {number}", 1) for number in range(64))), "all.zip")
    await expect(chat.conversations).to_have_count(64)
    await chat.conversations.last.scroll_into_view_if_needed()
    for part in ("#new-chat", "#search input", "#open-settings", "#data button >> nth=0"):
        await expect(chat.page.locator(part)).to_be_in_viewport()


async def test_a_conversation_is_exported_from_its_menu_by_its_title(chat: ChatPage) -> None:
    await chat.ask("Größe: pears / plums?")
    await chat.new_chat()
    async with chat.page.expect_download() as started:
        await chat.choose_action("Größe", "This chat as text")
    assert (await started.value).suggested_filename == "Größe pears plums.md"


async def test_each_conversation_has_an_address_for_back_bookmarks_and_tabs(chat: ChatPage, app: RunningApp) -> None:
    await chat.ask("First")
    await expect(chat.page).to_have_url(re.compile(r"[?]c="))
    await expect(chat.page).to_have_title("First · Chatbot")
    first = chat.page.url
    await chat.new_chat()
    await expect(chat.page).to_have_title("Chatbot")
    assert "c=" not in chat.page.url
    await chat.ask("Second")
    await expect(chat.page).to_have_title("Second · Chatbot")
    await chat.open_conversation("First")
    assert chat.page.url == first
    await chat.page.go_back()
    await expect(chat.questions).to_have_text(["Second"])
    await chat.page.go_forward()
    await expect(chat.questions).to_have_text(["First"])
    bookmarked = await ChatPage(await chat.page.context.new_page()).open(first)
    await expect(bookmarked.questions).to_have_text(["First"])


IS_LEFT_TO_THE_BROWSER = """(link) => {
  link.removeAttribute("href");
  return link.dispatchEvent(new MouseEvent("click", { ctrlKey: true, bubbles: true, cancelable: true }));
}"""
"""Whether Ctrl and a click open a tab. None is opened: there the headless shell crashes on a busy machine."""


async def test_a_click_with_ctrl_opens_the_conversation_in_another_tab(chat: ChatPage) -> None:
    await chat.ask("First")
    await chat.new_chat()
    await chat.ask("Second")
    link = chat.conversation("First").locator("a.title")
    address = await link.evaluate("(link) => link.href")
    assert await link.evaluate(IS_LEFT_TO_THE_BROWSER)
    await expect(chat.questions).to_have_text(["Second"])
    other = await ChatPage(await chat.page.context.new_page()).open(address)
    await expect(other.questions).to_have_text(["First"])


async def test_the_address_of_anothers_conversation_shows_nothing_of_it(
    chat: ChatPage, app: RunningApp, browser: Browser
) -> None:
    await chat.ask("Elderberries")
    await expect(chat.page).to_have_url(re.compile(r"[?]c="))
    stranger = await ChatPage(await (await browser.new_context()).new_page()).open(chat.page.url)
    await expect(stranger.rows).to_have_count(0)
    assert "Elderberries" not in await stranger.page.content()


async def test_deleting_the_open_conversation_leaves_a_working_empty_chat(chat: ChatPage) -> None:
    await chat.ask("First")
    await chat.remove("First")
    await expect(chat.conversations).to_have_count(0)
    await expect(chat.rows).to_have_count(0)
    assert await chat.ask("Second") == "You said: Second"
    await expect(chat.conversations).to_have_text(["Second"])


@pytest.mark.tier2
async def test_deleting_a_conversation_stops_its_answer(chat: ChatPage, upstream: FakeUpstream) -> None:
    await chat.type_model("pace:50x1000")
    await chat.begin("First")
    await chat.remove("First")
    await expect(chat.conversations).to_have_count(0)
    await expect(chat.rows).to_have_count(0)
    await chat.is_ready()
    await until(lambda: upstream.closed_early)
    await chat.type_model("gpt-6-luna")
    assert await chat.ask("Second") == "You said: Second"


async def test_search_finds_titles_and_texts_while_typing(chat: ChatPage) -> None:
    await chat.import_all(
        dated("Trip to Málaga", 3, *talk(2, m2="There is a train at noon")),
        dated("Cooking", 2, *talk(2, m1="What goes with a tomato?")),
    )
    await chat.search("malag")
    await expect(chat.hits).to_have_count(1)
    await expect(chat.hits.locator("strong")).to_have_text(["Trip to Málaga"])
    await expect(chat.hits.locator("mark")).to_have_text(["Málag"])
    await expect(chat.conversations.first).to_be_hidden()
    await chat.search_box.fill("")
    await chat.search("TRAIN")
    await expect(chat.hits.locator("span")).to_have_text(["There is a train at noon"])
    await expect(chat.hits.locator("mark")).to_have_text(["train"])
    await chat.search_box.fill("")
    await chat.search("zzz")
    await expect(chat.page.locator("#search li")).to_have_text(["Nothing found."])


async def test_search_marks_the_match_after_emoji_and_markup(chat: ChatPage) -> None:
    title = "🍑🍑 <img src=x onerror=alert(1)> ${1} {{x}} Straße"
    await chat.import_all(dated(title, 3, *talk(2)))
    await expect(chat.conversations).to_have_text([title])
    await chat.search_box.fill("strasse")
    await expect(chat.hits.locator("strong")).to_have_text([title])
    await expect(chat.hits.locator("mark")).to_have_text(["Straße"])


async def test_a_title_is_edited_by_keyboard_and_keeps_focus(chat: ChatPage) -> None:
    await chat.ask("First")
    await chat.conversations.first.focus()
    for key in ("ArrowRight", "Enter", "Enter"):  # the menu's button, the menu, its first action
        await chat.page.keyboard.press(key)
    await expect(chat.page.locator("#conversations .rename-field")).to_be_focused()
    await chat.page.keyboard.type("Another")
    await chat.page.keyboard.press("Enter")
    await expect(chat.conversations).to_have_text(["Another"])
    await expect(chat.conversations.first).to_be_focused()


async def test_the_last_of_several_quickly_opened_conversations_is_shown(chat: ChatPage) -> None:
    await chat.import_all(*(dated(title, 1, *talk(2)) for title in ("One", "Two", "Three")))
    await chat.page.evaluate("""() => {
        for (const line of document.querySelectorAll("#conversations .title")) line.click();
    }""")
    last = await chat.conversations.last.inner_text()
    await expect(chat.opened).to_have_text([last])
    await expect(chat.questions).to_have_count(1)


async def test_escape_ends_a_search(chat: ChatPage) -> None:
    await chat.ask("First")
    await chat.search("first")
    await expect(chat.hits).not_to_have_count(0)
    await chat.search_box.press("Escape")
    await expect(chat.search_box).to_have_value("")
    await expect(chat.hits).to_have_count(0)
    await expect(chat.conversations).to_have_text(["First"])
    await expect(chat.conversations.first).to_be_visible()


async def test_a_search_result_opens_at_its_message(chat: ChatPage) -> None:
    await chat.import_all(dated("A long one", 1, *talk(200, m41="Here is the needle")))
    await chat.search("needle")
    await chat.hits.first.click()
    found = chat.page.locator("#chat .message-row.found")
    await expect(found).to_contain_text("Here is the needle")
    await expect(found).to_be_in_viewport()
    await expect(chat.opened).to_have_text(["A long one"])


async def test_a_search_result_in_another_version_opens_that_version(chat: ChatPage) -> None:
    await chat.ask("Tell me about pears")
    await chat.edit(0, "Tell me about plums")
    await expect(chat.answers).to_have_text(["You said: Tell me about plums"])
    await chat.is_ready()
    await chat.new_chat()
    await chat.search("said pears")
    await chat.hits.first.click()
    await expect(chat.answers).to_have_text(["You said: Tell me about pears"])
    await expect(chat.page.locator("#chat .found")).to_contain_text("pears")


async def test_the_sidebar_on_a_phone_opens_and_closes(
    browser: Browser, app: RunningApp, upstream: FakeUpstream
) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    chat = await ChatPage(await context.new_page()).open(app.url)
    await chat.ask("First")
    await expect(chat.conversations.first).not_to_be_in_viewport()
    await chat.sidebar.locator(".toggle-button").click()
    await expect(chat.conversations.first).to_be_in_viewport()
    await chat.conversations.first.click()
    await expect(chat.conversations.first).not_to_be_in_viewport()
    await expect(chat.questions).to_have_text(["First"])
    width = await chat.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    await context.close()


async def test_a_click_sends_an_example(chat: ChatPage) -> None:
    await chat.page.locator("#examples .example").first.click()
    await expect(chat.questions).to_have_text(["Explain recursion to a ten-year-old"])
    await expect(chat.answers).to_have_text(["You said: Explain recursion to a ten-year-old"])
    await expect(chat.page.locator("#examples .example").first).to_be_hidden()
    await chat.is_ready()
    await expect(chat.questions).to_have_count(1)


async def test_a_pinned_conversation_stands_first_until_it_is_unpinned(chat: ChatPage) -> None:
    for title in ("One", "Two", "Three"):
        await chat.new_chat()
        await chat.ask(title)
    heads = chat.page.locator("#conversations .day")
    await chat.choose_action("One", "Pin")
    await expect(chat.conversations).to_have_text(["One", "Three", "Two"])
    await expect(heads).to_have_text(["Pinned", "Today"])
    await chat.reload()
    await expect(chat.conversations).to_have_text(["One", "Three", "Two"])
    await chat.choose_action("One", "Unpin")
    await expect(chat.conversations).to_have_text(["Three", "Two", "One"])
    await expect(heads).to_have_text(["Today"])
