"""Fences of Markdown that show other fences.

By CommonMark the first bare fence ends the outer block, so the rest of a README that a model quotes would become a part
of the answer. Inside a fence called `markdown` or `md` a fence with a language opens an inner one here.
"""

import re

from markdown_it.rules_block.state_block import StateBlock

OPENER = re.compile(r"(?P<marks>`{3,}|~{3,})[ \t]*(?:md|markdown)\b[^`]*$", re.IGNORECASE)


def nested_fence(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """The block rule; it takes only fences of Markdown that contain another fence."""
    opener = OPENER.match(line_of(state, start_line))
    if not opener or state.is_code_block(start_line):
        return False
    closing, has_inner = _closing_line(state, start_line, end_line, opener["marks"])
    if not has_inner or (closing is None and not state.env["is_running"]):
        return False
    if silent:
        return True
    end = end_line if closing is None else closing
    token = state.push("fence", "code", 0)
    token.info = line_of(state, start_line)[len(opener["marks"]) :]
    token.content = state.getLines(start_line + 1, end, state.sCount[start_line], True)
    state.line = end if closing is None else closing + 1
    token.map = [start_line, state.line]
    return True


def line_of(state: StateBlock, line: int) -> str:
    """A line without the marks and the indentation of its containers."""
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def is_last(state: StateBlock, line: int) -> bool:
    """Whether nothing follows a line in the whole text, outside of its containers too."""
    return state.eMarks[line] >= len(state.src.rstrip())


def _closing_line(state: StateBlock, start: int, end: int, marks: str) -> tuple[int | None, bool]:
    """The line that ends the outer fence, and whether there is an inner one."""
    depth, has_inner = 0, False
    for line in range(start + 1, end):
        text = line_of(state, line)
        if text and state.sCount[line] < state.blkIndent:
            return None, False
        if not text.startswith(marks) or state.is_code_block(line):
            continue
        info = text.lstrip(marks[0])
        if info.strip() and "`" not in info:
            depth, has_inner = depth + 1, True
        elif depth == 0:
            return line, has_inner
        else:
            depth -= 1
    return None, has_inner
