"""Time until a visitor can type and until they are answered, at the first visit and the next, with peers.

The first visit has an empty cache, the next one is a new page of the same browser. Over loopback and over a link of 50
ms each way, which delays data, not the opening of connections. All times are from the start of navigation, by the
browser's clock. "Drawn" is the first contentful paint. "Usable" is when one can type; then the question is typed and
Enter is pressed. "Loaded" is when the app has its own message box, "answered" when the first token is in the browser's
document, after 10 s "lost". Requests are those before the page was loaded; levels are the longest chain of requests of
which each began after the one before had ended.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from math import inf, isinf
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.parse import urlsplit

from PIL import Image
from playwright.async_api import Browser, BrowserContext, Error, Page, TimeoutError

from tests.bench.chromium import QUESTION, chromium
from tests.bench.command import Bench
from tests.bench.contestants import CONTESTANTS, Contestant, upstream
from tests.bench.first_token import LINKS
from tests.bench.proxy import delay

VISITS = ("first", "next")
ANSWER_TIMEOUT = 10_000
FILM_FRAMES, FILM_STEP = 25, 0.1
"""Pictures of a film, and seconds between them."""
STRIP_FRAMES, STRIP_WIDTH, STRIP_HEIGHT = 16, 160, 100
"""Of the strip that shows the films of all apps below each other: pictures a row, and the size of one in pixels."""

WATCH = """([box, early, answer]) => {
  const record = (window.bench = { usable: null, loaded: null, answered: null });
  const isUsable = (field) => field && !field.disabled && field.getClientRects().length > 0;
  const look = () => {
    if (isUsable(document.querySelector(early))) record.usable ??= performance.now();
    if (isUsable(document.querySelector(box))) record.loaded ??= performance.now();
    const answers = [...document.querySelectorAll(answer)];
    if (answers.some((each) => each.textContent.includes("word1"))) record.answered ??= performance.now();
    if (record.answered === null) requestAnimationFrame(look);
  };
  const everything = { childList: true, subtree: true, characterData: true, attributes: true };
  new MutationObserver(look).observe(document, everything);
}"""
"""Records when one can type, when the app's box is visible and when the answer's first token is there."""

REQUESTS = """() => {
  const entries = ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type));
  return entries.map((entry) => [entry.startTime, entry.responseEnd, entry.transferSize]);
}"""
FOCUS = "([early, box]) => (document.querySelector(early) ?? document.querySelector(box)).focus()"
DRAWN = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


class Visit(NamedTuple):
    """Milliseconds; requests, their levels and kilobytes until the page was loaded."""

    drawn: float
    usable: float
    loaded: float
    answered: float
    requests: float
    levels: float
    kilobytes: float


def main() -> None:
    """Measures, prints a table and writes the figures if `--json` is given."""
    bench = Bench("first_visit", __doc__)
    bench.rounds(7)
    bench.argument("--only", nargs="+", choices=CONTESTANTS, default=[*CONTESTANTS], help="apps to measure")
    bench.argument("--film", type=Path, help="a directory for pictures of the first visit over the slow link")
    options = bench.read()
    visits = asyncio.run(measure([CONTESTANTS[name] for name in options.only], options.rounds, options.film))
    rows = {name: _cells(each) for name, each in visits.items()}
    bench.report(f"Medians of {options.rounds} visits, times in ms", [*Visit._fields], rows, visits)


async def measure(contestants: Sequence[Contestant], rounds: int, film: Path | None = None) -> dict[str, list[Visit]]:
    """Returns the visits by contestant, link and visit. The first round is a warm-up."""
    visits: dict[str, list[Visit]] = {}
    with ExitStack() as servers:
        provider = servers.enter_context(upstream())
        urls = {each: _serve(servers, each, provider) for each in contestants}
        async with chromium() as browser:
            for number in range(rounds + 1):
                for contestant, by_link in urls.items():
                    for link, url in by_link.items():
                        pair = await _visit_twice(browser, contestant, url)
                        for name, visit in zip(VISITS, pair, strict=True):
                            samples = visits.setdefault(f"{contestant.name}, {link}, {name}", [])
                            samples.extend([visit] if number else [])
            for contestant, by_link in urls.items() if film else ():
                await _film(browser, by_link["slow link"], film / contestant.name)  # type: ignore[operator]
            if film:
                _strip([film / each.name for each in contestants]).save(film / "strip.png", optimize=True)
    return visits


def requests_before(entries: Sequence[Sequence[float]], end: float) -> tuple[int, int, float]:
    """Returns the number of requests that began before `end`, of their levels, and their kilobytes. `entries` are the
    start, the end and the size of each."""
    begun = sorted(tuple(entry) for entry in entries if entry[0] < end)
    levels: list[int] = []
    for place, (start, *_) in enumerate(begun):
        levels.append(1 + max((levels[other] for other in range(place) if begun[other][1] <= start), default=0))
    return len(begun), max(levels, default=0), sum(size for *_, size in begun) / 1000


def _serve(servers: ExitStack, contestant: Contestant, provider: str) -> Mapping[str, str]:
    url = servers.enter_context(contestant.serve(provider, "pace:50x10")).url
    port = urlsplit(url).port or 0
    return {
        link: f"http://127.0.0.1:{servers.enter_context(delay(port, seconds))}" if seconds else url
        for link, seconds in LINKS.items()
    }


async def _visit_twice(browser: Browser, contestant: Contestant, url: str) -> tuple[Visit, Visit]:
    context = await _new_context(browser)
    first, again = await _visit(context, contestant, url), await _visit(context, contestant, url)
    await context.close()
    return first, again


async def _new_context(browser: Browser) -> BrowserContext:
    return await browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")


async def _visit(context: BrowserContext, contestant: Contestant, url: str) -> Visit:
    page = await context.new_page()
    watched = [contestant.box, contestant.early_box or contestant.box, contestant.answer]
    await page.add_init_script(f"({WATCH})({watched!r})")
    await page.goto(url, wait_until="commit")
    answered = await _ask(page, contestant)
    usable, loaded = await page.evaluate("[bench.usable, bench.loaded]")
    drawn = await page.evaluate(DRAWN)
    requests = requests_before(await page.evaluate(REQUESTS), loaded)
    await page.close()
    return Visit(drawn or inf, usable, loaded, answered, *requests)


async def _ask(page: Page, contestant: Contestant) -> float:
    """Types the question as soon as that is possible; returns when its answer began."""
    await page.wait_for_function("bench.usable")
    await page.evaluate(FOCUS, [contestant.early_box or contestant.box, contestant.box])
    await page.keyboard.type(QUESTION)
    await page.keyboard.press("Enter")
    try:
        await page.wait_for_function("bench.answered", timeout=ANSWER_TIMEOUT)
    except TimeoutError:
        return inf
    return float(await page.evaluate("bench.answered"))


async def _film(browser: Browser, url: str, directory: Path) -> None:
    """Stores pictures of a first visit, named by the milliseconds since its start."""
    directory.mkdir(parents=True, exist_ok=True)
    context = await _new_context(browser)
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    loop = asyncio.get_running_loop()
    started = loop.time()
    going = asyncio.ensure_future(page.goto(url, wait_until="commit"))
    for number in range(FILM_FRAMES):
        await asyncio.sleep(max(0, started + number * FILM_STEP - loop.time()))
        with suppress(Error):  # nothing can be taken while one page gives way to the next
            picture = await page.screenshot(timeout=5000)
            (directory / f"{(loop.time() - started) * 1000:04.0f}.png").write_bytes(picture)
    await going
    await session.detach()
    await context.close()


def _strip(films: Sequence[Path]) -> Image.Image:
    """A row for each film: at each tenth of a second the last picture that was taken before."""
    strip = Image.new("RGB", (STRIP_FRAMES * STRIP_WIDTH, len(films) * STRIP_HEIGHT), "white")
    for row, film in enumerate(films):
        pictures = {int(path.stem) / 1000: path for path in sorted(film.glob("[0-9]*.png"))}
        for column in range(STRIP_FRAMES):
            taken = [at for at in pictures if at <= (column + 1) * FILM_STEP]
            if taken:
                small = Image.open(pictures[max(taken)]).convert("RGB").resize((STRIP_WIDTH - 4, STRIP_HEIGHT - 4))
                strip.paste(small, (column * STRIP_WIDTH + 2, row * STRIP_HEIGHT + 2))
    return strip


def _cells(visits: Sequence[Visit]) -> list[str]:
    return [_written(median(values)) for values in zip(*visits, strict=True)]


def _written(value: float) -> str:
    return "lost" if isinf(value) else f"{value:.0f}"


if __name__ == "__main__":
    main()
