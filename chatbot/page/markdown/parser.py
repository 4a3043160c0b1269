"""The Markdown parser: CommonMark and GFM's tables, task lists and `~~`.

tests/page/markdown/test_commonmark.py lists where it is meant to differ.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.parser_block import RuleFuncBlockType
from markdown_it.rules_block import StateBlock, blockquote, list_block
from markdown_it.token import Token

from chatbot.page.markdown.emphasis import ChatInline, dunder
from chatbot.page.markdown.escapes import escape
from chatbot.page.markdown.fences import line_of, nested_fence
from chatbot.page.markdown.formulas import formula_block, formula_in_text
from chatbot.page.markdown.links import autolink_bare, break_in_cell, is_web_address
from chatbot.page.markdown.tables import table
from chatbot.page.markdown.unfinished import close_emphasis, unfinished_code, unfinished_link

MOST_NESTING = 80
"""Levels of lists (two each) and quotes; the marks of more are text. The parser calls itself at each level."""


SHORT_NUMBER = re.compile(r"\d{1,3}[.)][ \t]+\S")


class References(dict[str, dict[str, Any]]):
    """The link reference definitions of a text, and which of them a link uses."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def get(self, label: str, default: Any = None) -> Any:
        """The definition of a label."""
        if label in self:
            self.used.add(label)
        return super().get(label, default)


@dataclass(frozen=True, slots=True)
class ListSoFar:
    """What the items of a list so far decide for the next ones: their numbers, and whether the list is loose."""

    start: int
    next: int
    most: int
    is_loose: bool


@dataclass(frozen=True, slots=True)
class Parsed:
    """The blocks of a text. Inline tokens are not parsed yet: `inline` does that."""

    parser: MarkdownIt
    blocks: list[Token]
    references: References
    is_running: bool = False
    tail: Token | None = None
    """The inline token that the next words may still change."""

    def inline(self, token: Token, *, is_cell: bool) -> list[Token]:
        """The tokens inside an inline token. `is_cell`: it is the content of a table's cell."""
        return parse_inline(token.content, self.parser, self.references, is_tail=token is self.tail, is_cell=is_cell)


def _limited(rule: RuleFuncBlockType) -> RuleFuncBlockType:
    """The rule of a container, unless it is too deep: markdown-it would leave out what is below."""

    def limited(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
        return state.level < MOST_NESTING and rule(state, start_line, end_line, silent)

    return limited


def _list(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """The rule of a list. By CommonMark one below a paragraph begins with 1, because a sentence may have a year at the
    start of a line. Inside an item it begins with any number up to 999 here: nobody breaks lines there by hand."""
    parent = state.parentType
    if parent == "paragraph" and state.listIndent >= 0 and SHORT_NUMBER.match(line_of(state, start_line)):
        state.parentType = "list"
    found: bool = list_block(state, start_line, end_line, silent)
    state.parentType = parent
    return found


def build_parser(is_address: Callable[[str], bool] = is_web_address) -> MarkdownIt:
    """A parser that makes links only of addresses for which `is_address` is true."""
    parser = MarkdownIt("commonmark", {"maxNesting": 2 * MOST_NESTING, "inline_definitions": True})
    parser.inline = ChatInline()
    parser.inline.ruler.disable(["linkify", "html_inline"])
    parser.block.ruler.disable("html_block")
    parser.validateLink = is_address  # type: ignore[method-assign, assignment]
    terminated = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.at("blockquote", _limited(blockquote), {"alt": terminated})
    parser.block.ruler.at("list", _limited(_list), {"alt": terminated[:-1]})
    parser.block.ruler.at("table", table, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.enable("table")
    parser.block.ruler.before("fence", "nested_fence", nested_fence, {"alt": terminated})
    parser.block.ruler.before("fence", "formula", formula_block, {"alt": terminated})
    inline = parser.inline.ruler
    inline.before("escape", "formula", formula_in_text)
    inline.at("escape", escape)
    inline.before("backticks", "unfinished_code", unfinished_code)
    inline.before("emphasis", "dunder", dunder)
    inline.before("link", "unfinished_link", unfinished_link)
    inline.before("autolink", "break_in_cell", break_in_cell)
    inline.before("text", "autolink_bare", autolink_bare)
    parser.inline.ruler2.after("balance_pairs", "unfinished", close_emphasis)
    return parser


PARSER = build_parser()


def parse_inline(
    text: str,
    parser: MarkdownIt = PARSER,
    references: References | None = None,
    *,
    is_tail: bool = False,
    is_cell: bool = False,
) -> list[Token]:
    """The tokens of a paragraph's, a heading's or a cell's words."""
    env = {"references": References() if references is None else references, "is_tail": is_tail, "is_cell": is_cell}
    tokens: list[Token] = []
    parser.inline.parse(text, parser, env, tokens)
    return tokens


def parse(
    text: str, *, is_running: bool = False, parser: MarkdownIt = PARSER, so_far: ListSoFar | None = None
) -> Parsed:
    """Parses the blocks of a text whose lines end with newlines. `is_running`: more of it will come. With `so_far` it
    begins with further items of that list."""
    references = References()
    env: dict[str, Any] = {"references": references, "is_running": is_running}
    blocks: list[Token] = []
    parser.block.parse(text, parser, env, blocks)
    if so_far:
        continue_list(blocks, so_far)
    mark_items(blocks)
    mark_first(blocks)
    tail = find_tail(blocks, text) if is_running else None
    return Parsed(parser, blocks, references, is_running, tail)


def continue_list(blocks: list[Token], so_far: ListSoFar) -> None:
    """Makes the first block the rest of a list: it counts on, and is loose if the items before are."""
    blocks[0].meta |= {"start": so_far.start, "next": so_far.next, "most": so_far.most}
    if so_far.is_loose:
        set_loose(blocks[: end_of_block(blocks)], is_loose=True)


def end_of_block(blocks: list[Token]) -> int:
    """The number of tokens of the first top-level block."""
    return next(place for place, token in enumerate(blocks, 1) if token.level == 0 and token.nesting <= 0)


def item_paragraphs(tokens: list[Token]) -> list[Token]:
    """The marks of the paragraphs in a top-level list that are shown only if it is loose."""
    return [token for token in tokens if token.level == 2 and token.tag == "p"]


def set_loose(tokens: list[Token], *, is_loose: bool) -> None:
    """Makes a top-level list loose or tight."""
    for token in item_paragraphs(tokens):
        token.hidden = not is_loose


def find_tail(blocks: list[Token], text: str) -> Token | None:
    """The last inline token, if the text ends with it."""
    last = next((token for token in reversed(blocks) if token.nesting == 0 and (token.content or not token.meta)), None)
    if last is None or last.type != "inline" or last.map is None or text.endswith("\n\n"):
        return None
    return last if last.map[1] >= len(text.rstrip("\n").split("\n")) else None


def mark_items(blocks: list[Token]) -> None:
    """Numbers the items of each list, and turns `[x]` at their start into the item's `task`."""
    lists: list[Token] = []
    for token in blocks:
        if token.type in ("ordered_list_open", "bullet_list_open"):
            lists.append(token)
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            lists.pop()
        elif token.type == "list_item_open":
            _number(lists[-1], token)
    for item, paragraph, words in zip(blocks, blocks[1:], blocks[2:], strict=False):
        if item.type != "list_item_open" or paragraph.type != "paragraph_open":
            continue
        mark, rest = words.content[:3].lower(), words.content[3:]
        if mark in ("[ ]", "[x]") and rest[:1].isspace():
            item.meta["task"] = mark == "[x]"
            words.content = rest.lstrip()


def mark_first(blocks: list[Token]) -> None:
    """Marks each block with which an item or a quote begins."""
    for container, block in pairwise(blocks):
        if container.type in ("list_item_open", "blockquote_open"):
            block.meta["is_first"] = True


def _number(listed: Token, item: Token) -> None:
    """Gives an item the number that was written. CommonMark counts on from the first, which would change `5.` behind
    `1.`; here it counts on only if an item repeats the first number."""
    if listed.type == "bullet_list_open":
        return
    start, written = listed.meta.get("start", int(listed.attrs.get("start", 1))), int(item.info)
    expected = listed.meta.get("next", start)
    number = expected if written == start else written
    if number != expected:
        item.meta["number"] = number
    listed.meta["next"] = item.meta["next"] = number + 1
    listed.meta["most"] = max(number, listed.meta.get("most", 0))
