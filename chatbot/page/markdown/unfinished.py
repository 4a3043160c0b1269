"""The end of a text that still grows: marks of what is not closed yet are hidden, its words never."""

import re

from markdown_it.rules_inline.state_inline import Delimiter, StateInline

HALF_LINE = re.compile(
    r"[ >]*(?:[-*+] +|\d+[.)] +)*"
    r"(?:[=\-*_+]{1,3}|={3,}|-{3,}|#{1,6}|(?:`{3,}|~{3,})[^`\n]*|[`~]+|\d{1,3}[.)])[ \t]*\Z"
)
"""A last line of marks alone: it may become a heading, a rule, a list, or the end of code."""

HALF_MARKS = re.compile(r"(?<![\\])(?:[*_~`$\[\]!<]+|\\[(\[]?|<(?=https?:\S*\Z)|<(?=[\w.+-]+@\S*\Z))\Z")
"""Marks at the end, of which one cannot know yet whether they open or close something."""

HALF_AUTOLINK = re.compile(r"<(?=(?:https?:|mailto:)[^\s<>]*\Z|[\w.+-]+@[\w.-]*\Z)")

UNFINISHED_LINK = re.compile(
    r"!?\[(?P<label>(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)"
    r"(?:\]\((?:<[^>\n]*|(?:[^()\s<]|\([^()\s]*\)?)*)(?:\s+[\"'(][^\n]*)?|\]\[[^\]\n]*)?\Z",
    re.DOTALL,
)

CODE = re.compile(r"(?P<marks>`+)(?=[^`\s])(?P<code>[^`]*)\Z")


def without_half_line(text: str) -> str:
    """The text without marks at its end that cannot be read yet."""
    half = HALF_LINE.match(text, text.rfind("\n") + 1)
    if half:
        return text[: half.start()]
    return HALF_AUTOLINK.sub("", text[: _end_of_words(text)], count=1)


def _end_of_words(text: str) -> int:
    marks = HALF_MARKS.search(text, max(0, len(text) - 20))
    return marks.start() if marks else len(text)


def unfinished_code(state: StateInline, silent: bool) -> bool:
    """The inline rule for a backtick that nothing closes, at the end of a running text."""
    if not state.env["is_tail"] or state.src[state.pos] != "`" or state.posMax < len(state.src):
        return False
    before = state.src[state.pos - 1] if state.pos else " "
    match = CODE.match(state.src, state.pos)
    if not match or before.isalnum() or before in "`\\":
        return False
    if not silent:
        state.push("code_inline", "code", 0).content = match["code"].replace("\n", " ")
    state.pos = state.posMax
    return True


def unfinished_link(state: StateInline, silent: bool) -> bool:
    """The inline rule for a link or an image without its end: its label is text, its address is not shown yet."""
    if not state.env["is_tail"] or state.src[state.pos] not in "![" or state.posMax < len(state.src):
        return False
    match = UNFINISHED_LINK.match(state.src, state.pos)
    if not match or silent:
        return False
    end = state.posMax
    state.pos, state.posMax = match.span("label")
    state.md.inline.tokenize(state)
    state.pos = state.posMax = end
    return True


def close_emphasis(state: StateInline) -> None:
    """Closes emphasis at the end of a running text: the rules after it then see a pair."""
    if not state.env["is_tail"]:
        return
    openers, closed = [], 0
    for place, each in enumerate(state.delimiters):
        closed = max(closed, each.end + 1)
        if each.open and place >= closed:
            openers.append(each)
    for opener in reversed(openers):
        if state.pending:
            state.pushPending()
        state.push("text", "", 0).content = state.tokens[opener.token].content
        opener.end = len(state.delimiters)
        token = len(state.tokens) - 1
        state.delimiters.append(Delimiter(opener.marker, opener.length, token, -1, open=False, close=True))
