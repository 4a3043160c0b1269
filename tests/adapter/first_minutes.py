"""A newcomer's first two minutes with the demo model, as one picture: `python -m tests.adapter.first_minutes OUT.png`.

The newcomer types at the pace of a person, in Chromium, and reads for some seconds; there is no key. Each picture says
at which minute and second it was taken.
"""

import argparse
import asyncio
import io
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.async_api import Page

from tests.bench.chromium import chromium
from tests.browser.chat_page import ChatPage
from tests.support.running import RunningApp

WIDTH, HEIGHT, SHOWN_WIDTH, COLUMNS, CAPTION = 1280, 800, 480, 4, 22
"""Pixels of the page and of its picture, pictures a row, and pixels of the line above each."""
KEY_SECONDS, READING_SECONDS = 0.09, 5.0
"""Between two keys, about 130 words a minute; and before the next thing is done."""

Picture = tuple[str, Image.Image]
"""What the newcomer did, with the time, and what the page shows then."""


async def first_minutes(url: str) -> list[Picture]:
    """The pictures of the first two minutes at that page."""
    pictures: list[Picture] = []
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        started = time.monotonic()
        async for done in _newcomer(page, url):
            minutes, seconds = divmod(int(time.monotonic() - started), 60)
            picture = Image.open(io.BytesIO(await page.screenshot()))
            pictures.append((f"{minutes}:{seconds:02} {done}", picture))
            await asyncio.sleep(READING_SECONDS)
    return pictures


async def _newcomer(page: Page, url: str) -> AsyncIterator[str]:
    """Does one thing after the other, and says what."""
    chat = ChatPage(page)
    await page.goto(url)
    await chat.is_open()
    yield "opens the page"
    for text in ("hi", "My name is Alice", "What's my name?", "What can you do?"):
        yield await _ask(chat, text)
    yield await _ask(chat, "Remember that I am allergic to walnuts.")
    await chat.new_chat()
    yield await _ask(chat, "What am I allergic to?")
    yield await _ask(chat, "Write a poem about snow")
    await chat.reload()
    yield "reloads the page"
    await chat.open_picker()
    yield "opens the model picker"
    await chat.panel.get_by_role("button", name="Get a better model").click()
    yield "presses “Get a better model”"
    await page.keyboard.press("Escape")
    await chat.open_picker()
    await chat.panel.get_by_role("button", name="Add your own key").click()
    yield "presses “Add your own key”"


async def _ask(chat: ChatPage, text: str) -> str:
    await chat.box.press_sequentially(text, delay=KEY_SECONDS * 1000)
    await chat.ask(text)
    return f"“{text}”"


def strip(pictures: list[Picture]) -> Image.Image:
    """All pictures, one beside and below the other, each with its line."""
    height = HEIGHT * SHOWN_WIDTH // WIDTH
    rows = -(-len(pictures) // COLUMNS)
    whole = Image.new("RGB", (COLUMNS * SHOWN_WIDTH, rows * (height + CAPTION)), "white")
    pen, font = ImageDraw.Draw(whole), ImageFont.load_default(14)
    for number, (said, picture) in enumerate(pictures):
        left, top = number % COLUMNS * SHOWN_WIDTH, number // COLUMNS * (height + CAPTION)
        pen.text((left + 6, top + 3), said, "black", font)
        whole.paste(picture.convert("RGB").resize((SHOWN_WIDTH - 4, height - 4)), (left + 2, top + CAPTION))
    return whole


def main() -> None:
    """Takes the pictures and stores the strip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as data, RunningApp(Path(data), {}, forked=False) as app:
        pictures = asyncio.run(first_minutes(app.url))
    strip(pictures).quantize(64).save(options.output, optimize=True)


if __name__ == "__main__":
    main()
