"""The model picker: a button that names the model, and a panel in which another one is found and chosen."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.chat_page import ChatPage
from tests.fake_upstream import FakeUpstream, Scenario
from tests.support.api_client import asked
from tests.support.chromium import CHROMIUM
from tests.support.running import RunningApp, two_providers

pytestmark = pytest.mark.tier2

NAMES = [f"org/chat-model-{number}-instruct" for number in range(40)]
VISION = "qwen/qwen3-vl-32b-instruct"
PRICED = {"context_length": 262144, "pricing": {"prompt": "0.00000015", "completion": "0.0000006"}}
LISTED = [{"id": "claude-haiku-5-5"}] + [{"id": name} for name in NAMES] + [{"id": VISION} | PRICED]
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def house() -> Iterator[FakeUpstream]:
    """A server with many models, which lists the same for all tests: the app may ask it at any time."""
    with FakeUpstream() as server:
        server.listed = LISTED
        yield server


@pytest.fixture(scope="module")
def app(house: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """An app that has the list of that server, and two other providers."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    server = {"COMPATIBLE_BASE_URL": house.openai_url, "COMPATIBLE_NAME": "House server"}
    settings = two_providers(house) | server | {"CHATBOT_PROVIDER": "compatible"}
    with RunningApp(tmp_path_factory.mktemp("picker"), settings) as running:
        while VISION not in httpx.get(f"{running.url}/models").text:
            pass
        yield running


@pytest.fixture
def upstream(house: FakeUpstream) -> FakeUpstream:
    house.all_requests.clear()
    return house


@pytest.fixture
def other(upstream_server: FakeUpstream) -> FakeUpstream:
    """The server of apps that a test starts itself."""
    upstream_server.reset()
    return upstream_server


@pytest.fixture
async def phone(app: RunningApp, browser: Browser) -> AsyncIterator[ChatPage]:
    context = await browser.new_context(**PHONE)
    yield await ChatPage(await context.new_page()).open(app.url)
    await context.close()


async def type_words(chat: ChatPage, words: str) -> None:
    """Opens the picker and types, a key at a time."""
    await chat.open_picker()
    await expect(chat.models.filter(has_text=VISION)).not_to_have_count(0)
    await chat.page.keyboard.type(words)


async def test_forty_models_stand_a_line_each_in_a_panel_as_wide_as_their_names(chat: ChatPage) -> None:
    await chat.open_picker()
    await expect(chat.models.filter(has_text=VISION)).not_to_have_count(0)
    house = chat.panel.get_by_role("group", name="House server").locator(".words")
    assert await house.count() == 42
    heights = await house.evaluate_all("names => names.map((name) => name.getBoundingClientRect().height)")
    assert max(heights) < 30


async def test_words_in_any_order_find_a_model_and_enter_chooses_it(chat: ChatPage, upstream: FakeUpstream) -> None:
    await type_words(chat, "VL qwen")
    await expect(chat.active_model).to_contain_text(VISION)
    await chat.page.keyboard.press("Enter")
    await expect(chat.picker).to_contain_text(VISION)
    await expect(chat.panel).to_be_hidden()
    await expect(chat.box).to_be_focused()
    await chat.ask("Hello")
    assert asked(upstream)[-1].body["model"] == VISION


async def test_escape_leaves_the_model_as_it_was(chat: ChatPage, upstream: FakeUpstream) -> None:
    await expect(chat.picker).to_contain_text("claude-haiku-5-5")  # the first of the list
    before = await chat.picker.inner_text()
    await type_words(chat, "qwen")
    await chat.page.keyboard.press("Escape")
    await expect(chat.panel).to_be_hidden()
    await expect(chat.picker).to_be_focused()
    assert await chat.picker.inner_text() == before
    await chat.ask("Hello")
    assert asked(upstream)[-1].body["model"] == before.split("\n")[0]


async def test_a_name_that_no_list_has_is_a_row_of_its_own(chat: ChatPage, upstream: FakeUpstream) -> None:
    await type_words(chat, "my-own-model")
    await expect(chat.active_model).to_contain_text("Use “my-own-model” with House server")
    await expect(chat.models).to_have_count(3)  # one for each provider
    await chat.page.keyboard.press("Enter")
    await expect(chat.picker).to_contain_text("my-own-model")
    await chat.ask("Hello")
    assert asked(upstream)[-1].body["model"] == "my-own-model"


async def test_the_arrow_keys_move_through_the_groups(chat: ChatPage) -> None:
    await chat.open_picker()
    await chat.page.keyboard.press("PageDown")
    first = await chat.active_model.inner_text()
    await chat.page.keyboard.press("ArrowDown")
    await expect(chat.active_model).not_to_have_text(first)
    await chat.page.keyboard.press("ArrowUp")
    assert await chat.active_model.inner_text() == first
    field = chat.panel.get_by_role("combobox")
    assert await field.get_attribute("aria-activedescendant") == await chat.active_model.get_attribute("id")


async def test_context_price_and_sight_are_named_if_they_are_known(chat: ChatPage) -> None:
    await type_words(chat, VISION)
    row = chat.models.filter(has_text=VISION).first
    await expect(row).to_contain_text("reads 262K tokens · $0.15 in, $0.60 out per million")
    await chat.panel.locator("input").fill("claude-haiku-5-5")
    anthropic = chat.panel.get_by_role("group", name="Anthropic").locator(".option").first
    await expect(anthropic).to_contain_text("sees pictures")
    await chat.panel.locator("input").fill(NAMES[0])
    house = chat.panel.get_by_role("group", name="House server").locator(".option").first
    await expect(house).to_contain_text(NAMES[0])
    await expect(house.locator(".facts")).to_have_count(0)


async def test_recently_used_models_come_first_after_a_reload_too(chat: ChatPage) -> None:
    await chat.type_model(VISION)
    await chat.choose_provider("Anthropic")
    await chat.reload()
    await chat.open_picker()
    recent = chat.panel.get_by_role("group", name="Recently used").locator(".words")
    await expect(recent).to_have_count(2)
    assert (await recent.all_inner_texts())[1] == VISION
    assert "claude" in (await recent.all_inner_texts())[0]


async def test_the_button_names_the_model_of_the_conversation_that_is_opened(chat: ChatPage) -> None:
    await chat.type_model(VISION)
    await chat.ask("Seen by a vision model")
    await chat.new_chat()
    await chat.choose_provider("Anthropic")
    await chat.ask("Asked of Claude")
    await chat.open_conversation("Seen by a vision model")
    await expect(chat.picker).to_contain_text(VISION)
    await expect(chat.picker).to_contain_text("House server")


async def test_on_a_phone_the_panel_is_a_sheet_that_brings_up_no_keyboard(phone: ChatPage) -> None:
    await phone.open_picker()
    sheet = await phone.panel.bounding_box()
    assert sheet
    assert (sheet["x"], sheet["width"]) == (0, 390)
    assert round(sheet["y"] + sheet["height"]) == 844
    await expect(phone.panel.locator("input")).not_to_be_focused()
    await expect(phone.models.filter(has_text=VISION)).not_to_have_count(0)
    await phone.panel.locator("input").fill("vl")
    await phone.models.first.tap()
    await expect(phone.picker).to_contain_text(VISION)
    await expect(phone.box).not_to_be_focused()


async def test_a_list_that_is_late_is_announced_and_fills_the_open_panel(
    page: Page, other: FakeUpstream, tmp_path: Path
) -> None:
    other.listed = [{"id": "late-model"}]
    other.holds_list = True
    settings = {"COMPATIBLE_BASE_URL": other.openai_url, "LOCAL_MODEL": "off"}
    with RunningApp(tmp_path, settings) as app:
        chat = ChatPage(page)
        await page.goto(app.url)
        await chat.picker.click()
        await expect(chat.panel).to_contain_text("Asking for the list of models…")
        other.holds_list = False
        await expect(chat.models.filter(has_text="late-model")).not_to_have_count(0)
        await expect(chat.panel).not_to_contain_text("Asking for")


@pytest.mark.tier2
async def test_the_chosen_model_is_the_marked_one_although_its_list_is_late(
    page: Page, other: FakeUpstream, tmp_path: Path
) -> None:
    other.listed = [{"id": "gpt-6-luna"}, {"id": "gpt-6-sol"}]
    other.holds_list = True
    settings = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": other.openai_url, "LOCAL_MODEL": "default"}
    with RunningApp(tmp_path, settings) as app:
        chat = ChatPage(page)
        await page.goto(app.url)
        await chat.picker.click()
        await expect(chat.active_model).to_contain_text("default")
        other.holds_list = False
        await expect(chat.models.filter(has_text="gpt-6-sol")).not_to_have_count(0)
        await expect(chat.active_model).to_contain_text("gpt-6-luna")


@pytest.mark.parametrize(
    ("listed", "status", "says"),
    [([], 200, "This provider lists no models."), ([{"id": "hidden"}], 500, "could not be fetched")],
    ids=["empty", "failed"],
)
async def test_without_a_list_the_panel_says_why_and_takes_a_name(
    page: Page, other: FakeUpstream, tmp_path: Path, listed: list[dict[str, str]], status: int, says: str
) -> None:
    other.listed = listed
    other.scenario = Scenario(status=status)
    settings = {"COMPATIBLE_BASE_URL": other.openai_url, "LOCAL_MODEL": "off"}
    with RunningApp(tmp_path, settings) as app:
        chat = await ChatPage(page).open(app.url)
        await chat.open_picker()
        await expect(chat.panel).to_contain_text(says)
        other.scenario = Scenario()
        await chat.page.keyboard.type("some-model")
        await expect(chat.active_model).to_contain_text("Use “some-model”")
        await chat.page.keyboard.press("Enter")
        assert await chat.ask("Hello") == "You said: Hello"


async def test_without_a_provider_the_header_offers_nothing_and_a_key_ends_the_notice(
    page: Page, tmp_path: Path, other: FakeUpstream
) -> None:
    with RunningApp(tmp_path, {"LOCAL_MODEL": "off"}) as app:
        chat = await ChatPage(page).open(app.url)
        assert (await chat.picker.inner_text()).strip() == "Choose a model"
        notice = page.locator("#model-state")
        await expect(notice).to_contain_text("No model is set up")
        await chat.open_picker()
        await expect(chat.panel).to_contain_text("No model is set up here")
        await expect(chat.models).to_have_count(0)
        await chat.panel.get_by_role("button", name="Add your own key…").click()
        field = await chat.fill_key("anthropic", "sk-ant-nobodys")
        await field.press("Enter")
        await expect(notice).to_be_empty()
        await expect(chat.picker).to_contain_text("Anthropic")
