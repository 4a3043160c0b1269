"""Answers that still grow: stable where they are finished, code where a fence is open, without half-written marks."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.page.markdown import render_answer
from chatbot.page.markdown.answers import render_chunk
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


def at_once(text: str, *, is_running: bool = False) -> list[str]:
    return render_chunk(text.replace("\r\n", "\n").replace("\r", "\n"), is_running=is_running)


@pytest.mark.parametrize("name", ANSWERS)
def test_every_prefix_in_chunks_equals_the_prefix_rendered_at_once(name: str) -> None:
    for prefix in prefixes(ANSWERS[name]):
        assert render_answer(prefix) == at_once(prefix)
        assert render_answer(prefix, is_running=True) == at_once(prefix, is_running=True)


@pytest.mark.parametrize("name", ANSWERS)
def test_finished_blocks_do_not_change_as_the_answer_grows(name: str) -> None:
    if name in CHANGE_BY_DEFINITION:
        return
    frames = [render_answer(prefix, is_running=True) for prefix in prefixes(ANSWERS[name])]
    for earlier, later in pairwise(frames):
        assert later[: len(earlier) - 1] == earlier[:-1]


@pytest.mark.parametrize("name", ANSWERS)
def test_no_frame_has_a_live_part_and_none_loses_a_word(name: str) -> None:
    for prefix in prefixes(ANSWERS[name]):
        found = read(render_answer(prefix, is_running=True))
        assert live_parts(found) == []
        assert words(found.text) in words(read(at_once(prefix)).text) or is_subsequence(found.text, prefix)
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


PIECES = st.sampled_from(
    [
        "a",
        "word ",
        "*",
        "**",
        "_",
        "~~",
        "`",
        "```",
        "```py\n",
        "~~~",
        "\n",
        "\n\n",
        "- ",
        "1. ",
        "> ",
        "# ",
        "|",
        "| a | b |\n",
        "|---|---|\n",
        "$",
        "$$",
        "\\(",
        "\\)",
        "\\[",
        "\\]",
        "[",
        "](",
        ")",
        "https://example.org/",
        "    ",
        "<b>",
        "\\",
        "。",
        "\t",
        "```markdown\n",
        "$$\n",
        "\n  ```\n",
        "[x]: https://example.org\n",
    ]
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_any_text_in_chunks_equals_the_text_rendered_at_once(text: str) -> None:
    assert render_answer(text) == at_once(text)
    assert render_answer(text, is_running=True) == at_once(text, is_running=True)
    assert live_parts(read(render_answer(text, is_running=True))) == []


TOP = [
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
INNER = [
    "  - nested\n",
    "  more\n",
    "   - deep\n",
    "  ```\n",
    "\n",
    "text\n",
    "---\n",
    "- - -\n",
    "# H\n",
    "- half `co",
]
LINES = st.sampled_from([*TOP, *INNER])


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.lists(LINES, max_size=12).map("".join))
def test_any_list_that_grows_equals_the_list_rendered_at_once(text: str) -> None:
    assert render_answer(text, is_running=True) == at_once(text, is_running=True)
    assert render_answer(text) == at_once(text)


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
    found = read(render_answer(markdown, is_running=True))
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
    found = read(render_answer(markdown, is_running=True))
    assert (found.words, found.links) == ("see the guide", [])


@pytest.mark.parametrize(
    "markdown", ["so \\(a + b", "so \\[a + b", "so $$\\alpha a + b", "so $a^2 + b", "\\[\na + b", "$$\na + b"]
)
def test_an_unfinished_formula_is_its_source_without_its_mark(markdown: str) -> None:
    found = read(render_answer(markdown, is_running=True))
    assert found.formulas == []
    assert re.search(r"a(\^2)? \+ b$", found.words)
    assert not re.search(r"\$|\\\(|\\\[", found.words)


@pytest.mark.parametrize("half", ["-", "--", "=", "#", "##", "*", "**", "`", "``", "```", "```py", "1.", ">", "_"])
def test_marks_alone_in_the_last_line_do_not_change_what_is_before(half: str) -> None:
    assert read(render_answer(f"One line\n{half}", is_running=True)).words == "One line"


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
    assert read(render_answer(running, is_running=True)).words == shown


def test_code_is_highlighted_once_its_fence_is_closed() -> None:
    running = render_answer("```py\nx = 1  # one\n", is_running=True)
    closed = render_answer("```py\nx = 1  # one\n```\n", is_running=True)
    assert read(running).code == read(closed).code == ["x = 1  # one\n"]
    assert "token" not in running[0]
    assert "token comment" in closed[0]
