"""GFM's tables, without losing words: a row with more cells than the table has columns keeps them."""

import re

from markdown_it.rules_block.state_block import StateBlock
from markdown_it.token import Token

from chatbot.page.markdown.fences import is_last, line_of

DELIMITER = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
HALF_DELIMITER = re.compile(r"[|:\- \t]*$")
CELL_END = re.compile(r"(?<!\\)((?:\\\\)*)\|")
ATOM = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)|\\\(.*?\\\)|\$[^\s$][^$|]*\|[^$]*\$")
"""Code and formulas: where a row has too many cells, the pipes in them are their own."""

ALIGNMENTS = {(True, True): "center", (True, False): "left", (False, True): "right", (False, False): ""}
"""By whether the cell of the delimiter row begins and ends with a colon."""

ADDRESS = re.compile(r"(?<=\])\([^\s)]*\)")
LONG_CELL = 40
"""Characters of a cell, without the addresses of its links: longer ones are wider than their longest word."""

MOST_EMPTY_CELLS = 65_536
"""Added to rows that are too short; markdown-it's limit, against tables that grow a thousandfold."""


def table(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """The block rule. The last line of a running text that begins with a pipe is the head of a table to come."""
    if state.is_code_block(start_line) or "|" not in (head := line_of(state, start_line)):
        return False
    alignment = _alignment(state, start_line, end_line, head)
    if not alignment or state.sCount[start_line] < state.blkIndent or _begins_block(state, start_line, end_line):
        return False
    if silent:
        return True
    last = _last_row(state, start_line + 2, end_line, len(alignment))
    state.push("table_open", "table", 1).map = [start_line, last]
    state.push("thead_open", "thead", 1)
    _push_row(state, start_line, alignment, "th")
    state.push("thead_close", "thead", -1)
    if last > start_line + 2:
        state.push("tbody_open", "tbody", 1)
        for line in range(start_line + 2, last):
            _push_row(state, line, alignment, "td")
        state.push("tbody_close", "tbody", -1)
    state.push("table_close", "table", -1)
    state.line = min(last, end_line)
    return True


def split_row(row: str, columns: int) -> list[str]:
    """The cells of a row; at most `columns` of them if any row can be read so."""
    row = row.strip()
    cells = _cells(row)
    if len(cells) > columns > 0:
        cells = _cells(_with_atoms(row))
    if len(cells) > columns > 0 and any(cell.strip() for cell in cells[columns:]):
        cells = [*cells[: columns - 1], "\\|".join(cells[columns - 1 :])]
    return [cell.strip().replace("\\|", "|") for cell in cells]


def _with_atoms(row: str) -> str:
    """The row with the pipes of code and formulas escaped."""
    return ATOM.sub(lambda atom: re.sub(r"(?<!\\)\|", r"\\|", atom[0]), row)


def _cells(row: str) -> list[str]:
    cells, start = [], 0
    for end in CELL_END.finditer(row):
        cells.append(row[start : end.end() - 1])
        start = end.end()
    cells.append(row[start:])
    first, last = not cells[0].strip(), len(cells) > 1 and not cells[-1].strip()
    return cells[int(first) : len(cells) - int(last)]


def _alignment(state: StateBlock, start: int, end: int, head: str) -> list[str] | None:
    """The alignment of each column; None if there is no table."""
    if start + 1 >= end or state.isEmpty(start + 1):
        is_half = state.env["is_running"] and is_last(state, start) and head.startswith("|")
        return [""] * len(split_row(head, 0)) if is_half and not state.src.endswith("\n\n") else None
    if state.is_code_block(start + 1) or state.sCount[start + 1] < state.blkIndent:
        return None
    delimiter = line_of(state, start + 1)
    if DELIMITER.match(delimiter) and ("|" in delimiter or ":" in delimiter or len(delimiter) > 1):
        found = [ALIGNMENTS[cell.startswith(":"), cell.endswith(":")] for cell in split_row(delimiter, 0)]
        if len(found) in (len(_cells(head.strip())), len(_cells(_with_atoms(head.strip())))):
            return found
    is_half = state.env["is_running"] and is_last(state, start + 1) and head.startswith("|")
    return [""] * len(split_row(head, 0)) if is_half and HALF_DELIMITER.match(delimiter) else None


def _begins_block(state: StateBlock, line: int, end: int) -> bool:
    """Whether a line is code's fence, a heading, a list's item or a quote, and so no row."""
    return any(rule(state, line, end, True) for rule in state.md.block.ruler.getRules("blockquote"))


def _last_row(state: StateBlock, start: int, end: int, columns: int) -> int:
    """The line behind the last row."""
    empty = 0
    for line in range(start, end):
        if state.isEmpty(line) or state.sCount[line] < state.blkIndent or state.is_code_block(line):
            return line
        if _begins_block(state, line, end):
            return line
        empty += columns - len(split_row(line_of(state, line), columns))
        if empty > MOST_EMPTY_CELLS:
            return line
    return max(start, end)


def _push_row(state: StateBlock, line: int, alignment: list[str], tag: str) -> None:
    state.push("tr_open", "tr", 1)
    cells = split_row(line_of(state, line), len(alignment))
    for place, align in enumerate(alignment):
        words = cells[place] if place < len(cells) else ""
        opened = state.push(f"{tag}_open", tag, 1)
        opened.info = f"{align} long".strip() if len(ADDRESS.sub("", words)) > LONG_CELL else align
        _push_words(state, line, words)
        state.push(f"{tag}_close", tag, -1)
    state.push("tr_close", "tr", -1)


def _push_words(state: StateBlock, line: int, words: str) -> Token:
    token = state.push("inline", "", 0)
    token.content, token.map, token.children = words, [line, line + 1], []
    token.meta = {"is_cell": True}
    return token
