"""Answers that still grow: stable where they are finished, code where a fence is open, without half-written marks."""

import json
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.page.markdown import GrowingAnswer, growing, parser, render_answer
from chatbot.page.markdown.answers import render_unfinished
from tests.page.markdown.reading import live_parts, read

ANSWERS: dict[str, str] = json.loads(Path(__file__).with_name("answers.json").read_text("utf-8"))

SHORT = 900
"""Characters; of longer answers not every prefix is tried, but one of PRIME."""
PRIME = 23

CHANGE_BY_DEFINITION = {"r04_link_angle", "r59_images"}
"""Answers in which a later link definition changes an earlier block, as the standard says."""


def prefixes(text: str) -> list[str]:
    step = 1 if len(text) < SHORT else PRIME
    return [text[:end] for end in (*range(0, len(text), step), len(text))]


def frames(texts: Iterable[str]) -> list[list[str]]:
    """What the page is sent as one answer grows."""
    growing = GrowingAnswer()
    return [growing.render(text) for text in texts]


@pytest.mark.first_case
@pytest.mark.parametrize("name", ANSWERS)
def test_every_update_of_a_growing_answer_equals_its_text_rendered_at_once(name: str) -> None:
    texts = prefixes(ANSWERS[name])
    assert frames(texts) == [render_unfinished(text) for text in texts]


@pytest.mark.first_case
@pytest.mark.parametrize("name", ANSWERS)
def test_finished_blocks_do_not_change_as_the_answer_grows(name: str) -> None:
    if name in CHANGE_BY_DEFINITION:
        return
    for earlier, later in pairwise(frames(prefixes(ANSWERS[name]))):
        assert later[: len(earlier) - 1] == earlier[:-1]


@pytest.mark.first_case
@pytest.mark.parametrize("name", ANSWERS)
def test_no_update_has_a_live_part_and_none_loses_a_word(name: str) -> None:
    texts = prefixes(ANSWERS[name])
    for prefix, blocks in zip(texts, frames(texts), strict=True):
        found = read(blocks)
        assert live_parts(found) == []
        assert words(found.text) in words(read(render_answer(prefix)).text) or is_subsequence(found.text, prefix)
        assert not missing_words(prefix, found.text)


def words(text: str) -> str:
    return re.sub(r"\W+", "", text)


def is_subsequence(text: str, whole: str) -> bool:
    """Whether the characters of words stand in `whole` in that order."""
    left = iter(words(whole))
    return all(character in left for character in words(text))


def missing_words(prefix: str, shown: str) -> list[str]:
    """Words of the prose before the last line break that are not shown. Addresses, languages, formulas and entities are
    not words."""
    settled = prefix[: max(prefix.rfind("\n"), prefix.rfind("\r"), 0)]
    prose = re.sub(r"\]\([^\n]*\)|\[[^\]\n]*\]:[^\n]*|(?m:^\s*(?:```|~~~).*$)|https?:\S+|&\w+;|\\n|\\t", " ", settled)
    return [word for word in re.findall(r"[A-Za-z]{3,}", prose) if word not in shown]


MARKS = [
    "*",
    "**",
    "_",
    "~~",
    "`",
    "$",
    "$$",
    "\\(",
    "\\)",
    "\\[",
    "\\]",
    "[",
    "](",
    ")",
    "<b>",
    "\\",
    "|",
    "&amp;",
    "\\* ",
]
LINES = ["\n", "\n\n", "    ", "\t", "- ", "1. ", "2. ", "> ", "# ", "===\n", "---\n", "- - -\n", "text\n", "  more\n"]
CODE = ["```", "```py\n", "~~~", "```markdown\n", "\n  ```\n", "    code\n", "```c | d\n"]
TABLES = ["| a | b |\n", "|---|---|\n", "| c | d |\n", "a | b\n", "-|-\n", "c | d\n"]
FORMULAS = [
    "$$\n",
    "\\[ x",
    "\\]\n",
    "with $x$ and \\(y\\) go on and on and on and on. " * 3,
    "`$$` word " + "word " * 20,
]
LISTS = [
    "- a\n",
    "- b\n",
    "* c\n",
    "1. a\n",
    "2. b\n",
    "3) c\n",
    "9. i\n",
    "10. j\n",
    "- [x] done\n",
    "2. half **bo",
    "-",
    "2.",
]
INNER = ["  - nested\n", "   - deep\n", "  ```\n", "- half `co", "\n- x\n", "   para\n", "2. b\n\n", "   c\n\n"]
WORDS = ["a", "word ", "snake_case ", "__init__ ", "。", "שלום ", "🙂", "plain words go on and on, plainly. " * 6]
MARKED = ["a **bold** `co` word word " * 6, "https://example.org/", "[x]: https://example.org\n"]
PIECES = st.sampled_from([*MARKS, *LINES, *CODE, *TABLES, *FORMULAS, *LISTS, *INNER, *WORDS, *MARKED])
STEPS = st.sampled_from([1, 2, 3, 7, 20])


def check_growth(text: str, step: int) -> None:
    texts = [text[:end] for end in (*range(0, len(text), step), len(text))]
    for prefix, blocks in zip(texts, frames(texts), strict=True):
        assert blocks == render_unfinished(prefix)
        assert live_parts(read(blocks)) == []


@pytest.mark.tier2
@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(PIECES, max_size=14).map("".join), STEPS)
def test_every_update_of_any_text_equals_the_text_rendered_at_once(text: str, step: int) -> None:
    check_growth(text, step)


@pytest.mark.tier2
@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from([*LISTS, *INNER, *LINES[:2]]), max_size=14).map("".join), STEPS)
def test_every_update_of_any_list_equals_the_list_rendered_at_once(text: str, step: int) -> None:
    check_growth(text, step)


FOUND = [
    ("1. a\n\n2.\n- x\n", 3),
    ("```py\n    ", 3),
    ("```c | d\n|---|---|\n", 1),
    ("- half `co\n1. 2.", 1),
    ("https://example.org/_\\]" + "with $x$ and \\(y\\) go on here and on and on and on. " * 3, 3),
    ("plain words go on and on and on, plainly. " * 4 + "```py\n1. 1. ", 2),
    ("_3) c\n1. 10. j\n", 1),
    ("| a | b |\n- 2. b\n\n", 1),
]
"""Texts of which an update once differed."""


@pytest.mark.parametrize(("text", "step"), FOUND)
def test_texts_that_once_differed_are_the_same(text: str, step: int) -> None:
    check_growth(text, step)


LONG = {
    "paragraph": "Words with **bold** and `code` and $x^2$ go on. " * 400,
    "paragraphs": "Some **bold** text with `code`.\n\n" * 600,
    "list": "".join(f"{number}. **Item**: with `code`\n   - nested\n" for number in range(1, 500)),
    "loose list": "".join(f"{number}. **Item**: words\n\n   More.\n\n" for number in range(1, 600)),
    "table": "| a | b |\n|---|---|\n" + "| **n** | some words |\n" * 800,
    "code": "```python\n" + "x = 1\n" * 3000,
}


@pytest.mark.parametrize("kind", LONG)
def test_only_the_end_of_a_long_answer_is_parsed_again(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []

    def parse_counted(text: str, **options: Any) -> parser.Parsed:
        parsed.append(len(text))
        return parser.parse(text, **options)

    monkeypatch.setattr(growing, "parse", parse_counted)
    frames(LONG[kind][:end] for end in range(0, len(LONG[kind]), 40))
    assert max(parsed, default=0) < 500


UNFINISHED = [
    ("see **bold te", "see bold te", "strong"),
    ("see *it", "see it", "em"),
    ("see ~~gone", "see gone", "del"),
    ("run `ls -l", "run ls -l", "code"),
    ("**bold *both", "bold both", "em"),
    ("- item **bold", "item bold", "strong"),
    ("> quote `co", "quote co", "code"),
    ("| a | b", "a b", "table"),
    ("| a | b |\n|--", "a b", "table"),
    ("| a | b |\n|---|---|\n| **x", "a b x", "strong"),
    ("text:\n```py\nprint(1)\n``", "text: print(1)", "pre"),
    ("## Head **bo", "Head bo", "strong"),
]


@pytest.mark.parametrize(("markdown", "text", "element"), UNFINISHED)
def test_what_is_not_closed_yet_hides_its_marks_and_shows_its_words(markdown: str, text: str, element: str) -> None:
    found = read(render_unfinished(markdown))
    assert found.words == text
    assert found.tags(element)


@pytest.mark.parametrize(
    "markdown",
    [
        "see [the guide",
        "see [the guide]",
        "see [the guide](",
        "see [the guide](https://exam",
        "see ![the guide](https://exam",
    ],
)
def test_an_unfinished_link_is_its_words(markdown: str) -> None:
    found = read(render_unfinished(markdown))
    assert (found.words, found.links) == ("see the guide", [])


@pytest.mark.parametrize(
    "markdown", ["so \\(a + b", "so \\[a + b", "so $$\\alpha a + b", "so $a^2 + b", "\\[\na + b", "$$\na + b"]
)
def test_an_unfinished_formula_is_its_source_without_its_mark(markdown: str) -> None:
    found = read(render_unfinished(markdown))
    assert found.formulas == []
    assert re.search(r"a(\^2)? \+ b$", found.words)
    assert not re.search(r"\$|\\\(|\\\[", found.words)


@pytest.mark.parametrize("half", ["-", "--", "=", "#", "##", "*", "**", "`", "``", "```", "```py", "1.", ">", "_"])
def test_marks_alone_in_the_last_line_do_not_change_what_is_before(half: str) -> None:
    assert read(render_unfinished(f"One line\n{half}")).words == "One line"


@pytest.mark.parametrize(
    ("running", "shown"),
    [
        ("It costs $5", "It costs $5"),
        ("It costs $5 or $", "It costs $5 or"),
        ("PID $$ an", "PID $$ an"),
        ("a * b", "a * b"),
        ("2 < 3", "2 < 3"),
        ("5 * 3 * ", "5 * 3 *"),
    ],
)
def test_what_is_no_mark_stays(running: str, shown: str) -> None:
    assert read(render_unfinished(running)).words == shown


def test_code_is_highlighted_once_its_fence_is_closed() -> None:
    running = render_unfinished("```py\nx = 1  # one\n")
    closed = render_unfinished("```py\nx = 1  # one\n```\n")
    assert read(running).code == read(closed).code == ["x = 1  # one\n"]
    assert "token" not in running[0]
    assert "token comment" in closed[0]
