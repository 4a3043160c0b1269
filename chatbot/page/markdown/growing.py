"""An answer that grows: what is finished is rendered once, so an update costs what it adds.

CommonMark reads line by line: a new block ends the one before it, as does a new item of a list or a new row of a table.
What is before the last of them is kept as HTML, and only the rest is parsed at each update. A long paragraph is cut
where no mark is open, and code that has not ended is not parsed at all. tests/page/markdown/test_streaming.py shows
that every update equals the whole text parsed at once.
"""

import re
from dataclasses import dataclass

from markdown_it.token import Token

from chatbot.page.markdown.answers import normalize, render_unfinished
from chatbot.page.markdown.code import code_block
from chatbot.page.markdown.html import render_inline, render_list_opening, render_part, render_tokens
from chatbot.page.markdown.parser import (
    ListSoFar,
    Parsed,
    end_of_block,
    item_paragraphs,
    parse,
    parse_inline,
    set_loose,
)
from chatbot.page.markdown.unfinished import without_half_line

DEFINITION = re.compile(r"^[ >\-*+\d.)]*\[[^\]\n]+\]:", re.MULTILINE)
"""The start of a link reference definition, which changes text anywhere before and after it."""

OPEN_CODE = re.compile(r"(?:`{3,}(?P<info>[^`\n]*)|~{3,}(?P<other>[^\n]*))\n")
FENCE = re.compile(r"\n {0,3}(?:```|~~~)")
BLANK_END = re.compile(r"(?<=\n)[ \t]+\Z")
"""An empty line without its end, which is no line yet."""

UNCUT = 120
"""Characters of a paragraph that are parsed at each update before it is cut."""

CUT = re.compile(r"(?<=[^\s\\]) (?=[^\W\d_])")
"""Where a paragraph may be cut: what follows can begin no other block."""

OPEN_MARK = re.compile(r"[`$\[]|~~|\*(?!\s)|(?<!\s)\*|(?<!\w)_|_(?!\w)")
"""Marks that are left as text, and that later words may still close."""

LINE_DECIDES = frozenset(
    ("heading_open", "hr", "fence", "blockquote_open", "bullet_list_open", "ordered_list_open", "paragraph_open")
)
"""Blocks of which the first line decides that the one before has ended."""

MAY_BE_FORMULA = re.compile(r"\$\$|\\[(\[]")

SURE_START = re.compile(r"(?:[ ]{0,3}(?:[-*+]|\d{1,9}[.)])[ \t]+)?(?:\*\*)?[^\W\d_]|#{1,6} |\||.*\n")
"""A line whose kind no later character changes: a whole one, words, a heading, a row, an item with words."""


@dataclass(slots=True)
class SettledItems:
    """The HTML of the first items of a list, if it is tight and if it is loose: a later empty line decides which."""

    opening: Token
    tight: str
    loose: str
    so_far: ListSoFar


class GrowingAnswer:
    """Renders a text again and again as it grows."""

    def __init__(self) -> None:
        self._start_over()

    def _start_over(self) -> None:
        self._settled, self._blocks = "", list[str]()
        self._begin_block()

    def _begin_block(self) -> None:
        self._items: SettledItems | None = None
        self._table_head, self._rows = "", ""  # the head's lines, and the HTML of rows
        self._cut, self._words = 0, ""  # the characters of a paragraph whose HTML are the words

    def render(self, text: str) -> list[str]:
        """The HTML of each block. Marks of a construct that has not ended yet are hidden."""
        text = normalize(text)
        if not text.startswith(self._settled):
            self._start_over()
        rest = text[len(self._settled) :]
        if "]:" in rest and DEFINITION.search(rest):
            return render_unfinished(text)
        shown = without_half_line(rest)
        if code := _open_code(shown):
            return [*self._blocks, code]
        tail = shown[self._cut :].strip() if self._cut else ""
        if tail and "\n" not in shown[self._cut :]:  # only words of the same line have come
            paragraph = f'<p dir="auto">{self._words}{render_inline(parse_inline(tail, is_tail=True))}</p>'
            self._settle_words(rest)
            return [*self._blocks, paragraph]
        parsed = self._parse(shown)
        made = self._continued(parsed, render_tokens(parsed))
        frame = [*self._blocks, *made]
        self._settle(rest, parsed, made)
        return frame

    def _parse(self, shown: str) -> Parsed:
        if self._cut:
            parsed = parse(shown[self._cut :], is_running=True)
            if parsed.blocks and parsed.blocks[0].type == "paragraph_open":
                return parsed
            self._begin_block()  # it is a heading or a table
        return parse(self._table_head + shown, is_running=True, so_far=self._items.so_far if self._items else None)

    def _continued(self, parsed: Parsed, made: list[str]) -> list[str]:
        """The blocks, the first with what is settled of it."""
        if self._words:
            return [made[0].replace(">", f">{self._words}", 1), *made[1:]]
        if self._rows:
            return [made[0].replace("<tbody>", f"<tbody>{self._rows}", 1), *made[1:]]
        if self._items is None:
            return made
        opening = parsed.blocks[0]
        before, after = self._items, made[0][len(render_list_opening(opening)) :]
        before.opening.meta["most"] = opening.meta.get("most")
        is_loose = _is_loose(parsed.blocks[: end_of_block(parsed.blocks)])
        items = before.loose if is_loose else before.tight
        return [f"{render_list_opening(before.opening)}{items}{after}", *made[1:]]

    def _settle(self, rest: str, parsed: Parsed, made: list[str]) -> None:
        """Keeps what the next update does not have to parse."""
        tops = [token for token in parsed.blocks if token.level == 0 and token.nesting >= 0]
        if not tops:
            return
        if len(tops) > 1:
            place = self._start_of(tops[-1], rest)
            if _is_sure(rest, place, tops[-1]):
                self._blocks += made[:-1]
                self._settled += rest[:place]
                self._begin_block()
        elif tops[0].type in ("bullet_list_open", "ordered_list_open"):
            self._settle_items(rest, parsed)
        elif tops[0].type == "table_open":
            self._settle_rows(rest, parsed)
        elif tops[0].type == "paragraph_open" and rest[:1].strip():
            self._settle_words(rest)

    def _start_of(self, token: Token, rest: str) -> int:
        """Where a block begins in the rest."""
        line = (token.map or [0])[0] - self._table_head.count("\n")
        place = self._cut
        for _ in range(line):
            place = rest.find("\n", place) + 1
        return place

    def _settle_items(self, rest: str, parsed: Parsed) -> None:
        starts = [at for at, each in enumerate(parsed.blocks) if each.type == "list_item_open" and each.level == 1]
        last = parsed.blocks[starts[-1]]
        place = self._start_of(last, rest)
        if len(starts) < 2 or not _is_sure(rest, place, last) or parsed.blocks[starts[-1] + 1].tag != "p":
            return  # only paragraphs show whether the list is loose
        opening, done = parsed.blocks[0], parsed.blocks[1 : starts[-1]]
        before, is_loose = self._items, _is_loose(parsed.blocks)
        tight, loose = (_render_items(parsed, done, is_loose=each) for each in (False, True))
        if before:
            opening, tight, loose = before.opening, before.tight + tight, before.loose + loose
        so_far = _list_so_far(before.so_far if before else None, opening, done, is_loose=is_loose)
        self._items = SettledItems(opening, tight, loose, so_far)
        self._settled += rest[:place]

    def _settle_rows(self, rest: str, parsed: Parsed) -> None:
        rows = [at for at, each in enumerate(parsed.blocks) if each.type == "tr_open"][1:]
        if len(rows) < 2:
            return
        last = next(each for each in parsed.blocks[rows[-1] :] if each.map)
        place = self._start_of(last, rest)
        if not _is_sure(rest, place, last):
            return
        self._rows += render_part(parsed, parsed.blocks[rows[0] : rows[-1]])
        if not self._table_head:
            head = parsed.blocks[0]
            start = self._start_of(head, rest)
            self._table_head = "".join(rest[start:].splitlines(keepends=True)[:2])
        self._settled += rest[:place]

    def _settle_words(self, rest: str) -> None:
        """Cuts the paragraph at the last word, if no mark before it is open."""
        cuts = list(CUT.finditer(rest, self._cut + UNCUT)) if len(rest) > self._cut + UNCUT else []
        if not cuts or "|" in rest[rest.rfind("\n", 0, cuts[-1].end()) + 1 :] or MAY_BE_FORMULA.search(rest):
            return  # the line may be the head of a table; formulas decide what later marks are
        tokens = parse_inline(rest[self._cut : cuts[-1].end()])
        if not _is_open(tokens):
            self._words += render_inline(tokens)
            self._cut = cuts[-1].end()


def _open_code(shown: str) -> str:
    """The HTML of code that has not ended, if that is all there is; otherwise empty."""
    opener = OPEN_CODE.match(shown)
    if not opener or FENCE.search(shown, opener.end() - 1):
        return ""
    code = BLANK_END.sub("", shown[opener.end() - 1 :])[1:]
    return code_block(code, opener["info"] or opener["other"] or "", is_finished=False)


def _is_sure(rest: str, place: int, token: Token) -> bool:
    """Whether what is before `place` has ended, whatever follows. A table or a formula may turn out to be words of the
    paragraph before it."""
    before = rest[:place]
    is_apart = before.endswith("\n\n")
    if not SURE_START.match(rest, place) or (not is_apart and MAY_BE_FORMULA.search(before)):
        return False
    return is_apart or token.type in LINE_DECIDES or token.level > 0


def _is_loose(blocks: list[Token]) -> bool:
    return any(not token.hidden for token in item_paragraphs(blocks))


def _render_items(parsed: Parsed, items: list[Token], *, is_loose: bool) -> str:
    set_loose(items, is_loose=is_loose)
    return render_part(parsed, items)


def _list_so_far(before: ListSoFar | None, opening: Token, items: list[Token], *, is_loose: bool) -> ListSoFar:
    following = [each.meta["next"] for each in items if each.level == 1 and "next" in each.meta]
    start = before.start if before else int(opening.attrs.get("start", 1))
    most = max((number - 1 for number in following), default=start)
    return ListSoFar(start, following[-1] if following else start, max(most, before.most if before else 0), is_loose)


def _is_open(tokens: list[Token]) -> bool:
    """Whether a mark among the words may still be closed."""
    spaces = {"softbreak": " ", "hardbreak": " "}
    words = "".join(each.content if each.type == "text" else spaces.get(each.type, ".") for each in tokens)
    specials = (token.content for token in tokens if token.type == "text_special")
    return OPEN_MARK.search(words) is not None or any(each in "([\\" for each in specials)
