"""A conversation of 200 messages: the page shows the newest, and earlier ones on request."""

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import ChatPage
from tests.browser.files import dated, talk
from tests.fake_upstream import FakeUpstream

pytestmark = pytest.mark.tier2


SHOWN = 30


@pytest.fixture
async def long(chat: ChatPage) -> ChatPage:
    """A page that shows the newest of 200 messages."""
    await chat.import_all(dated("A long one", 1, *talk(200)))
    await chat.open_conversation("A long one")
    await expect(chat.rows).to_have_count(SHOWN)
    return chat


async def texts(chat: ChatPage) -> list[str]:
    """The texts of the messages on the page."""
    return await chat.page.locator("#chat .message-row .message-content").all_inner_texts()


async def test_the_newest_messages_are_shown_and_the_last_is_visible(long: ChatPage) -> None:
    assert await texts(long) == [f"Message {number}" for number in range(171, 201)]
    await expect(long.rows.last).to_be_in_viewport()
    await expect(long.page.locator("#chat .earlier")).to_have_text("Show earlier messages (170)")


async def test_loading_earlier_messages_keeps_the_scroll_position(long: ChatPage) -> None:
    earlier = long.page.locator("#chat .earlier")
    for shown in (60, 90):
        await earlier.scroll_into_view_if_needed()
        await earlier.click()
        await expect(long.rows).to_have_count(shown)
        assert await texts(long) == [f"Message {number}" for number in range(201 - shown, 201)]
        await expect(earlier).to_have_text(f"Show earlier messages ({200 - shown})")
        await expect(long.rows.nth(SHOWN)).to_be_in_viewport()  # the first of those that were there before


async def test_all_messages_can_be_shown(long: ChatPage) -> None:
    earlier = long.page.locator("#chat .earlier")
    for shown in (60, 90, 120, 150, 180, 200):
        await earlier.click()
        await expect(long.rows).to_have_count(shown)
    await expect(earlier).to_have_count(0)
    assert (await texts(long))[0] == "Message 1"


async def test_a_new_answer_shortens_the_page_again(long: ChatPage, upstream: FakeUpstream) -> None:
    await long.page.locator("#chat .earlier").click()
    await expect(long.rows).to_have_count(2 * SHOWN)
    await long.type_model("pace:50x100")
    for question in ("First", "Second"):
        await long.begin(question, words=20)
        await expect(long.rows).to_have_count(SHOWN)
        await long.is_ready()
    await expect(long.page.locator("#chat .earlier")).to_be_visible()


async def test_each_edit_button_belongs_to_its_message(long: ChatPage) -> None:
    await long.type_model("pace:50x5000")
    await long.begin("First", words=20)
    await lines_belong_to_their_messages(long)
    await long.stop_button.click()
    await long.is_ready()
    await lines_belong_to_their_messages(long)


async def lines_belong_to_their_messages(chat: ChatPage) -> None:
    """Opens the editor of a few messages, and compares its text with the message."""
    for row in (0, 10, -2):
        await chat.press_at(row, "Edit")
        field = chat.page.locator(".editor textarea")
        said = await chat.page.locator(".message-row.editing .message-content").text_content()
        await expect(field).to_have_value((said or "").strip())
        await field.press("Escape")


async def test_the_count_of_earlier_messages_matches_the_first_shown(long: ChatPage) -> None:
    await long.send("First")
    await expect(long.answers.last).to_have_text("You said: First")
    await long.is_ready()
    await long.page.wait_for_function("""() => {
        const first = document.querySelector("#chat .message-row .message-content")?.innerText.split(" ")[1];
        return document.querySelector("#chat .earlier")?.textContent === `Show earlier messages (${first - 1})`;
    }""")


async def test_editing_an_early_message_keeps_the_messages_before_it(long: ChatPage) -> None:
    await long.page.locator("#chat .earlier").click()
    await expect(long.rows).to_have_count(2 * SHOWN)
    await long.edit(0, "Something else")
    await expect(long.answers.last).to_have_text("You said: Something else")
    await long.is_ready()
    assert len(await texts(long)) == SHOWN
    assert (await texts(long))[-3:] == ["Message 140", "Something else", "You said: Something else"]
    await expect(long.versions.last).to_have_text("2 / 2")
    await long.reload()
    assert (await texts(long))[-3:] == ["Message 140", "Something else", "You said: Something else"]
