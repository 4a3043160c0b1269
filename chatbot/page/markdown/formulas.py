r"""Formulas: `\(…\)`, `\[…\]`, `$$…$$` and `$…$`, where a writer means one.

`\(` and `\[` need their other half in the same paragraph; `\[` and `$$` may also open and close a block of their own,
with empty lines inside. Escaped brackets look the same (`\[text\](url)`, `\[x\] done`, `[^\[\]]`, `call\(a\)`), so in a
sentence `\[` needs something that only formulas have, and neither stands right behind a word or holds plain words.
Dollars are prices, variables and process ids as well, so in a sentence they follow Pandoc's rule (no space inside),
stand behind a space or an opening bracket and before a space or punctuation, and hold no prose.
"""

import re

from markdown_it.rules_block.state_block import StateBlock
from markdown_it.rules_inline.state_inline import StateInline

from chatbot.page.markdown.fences import is_last, line_of

CLOSERS = {"\\(": "\\)", "\\[": "\\]", "$$": "$$", "$": "$"}
IN_TEXT = {
    "\\(": re.compile(r"\\\((?P<latex>(?:[^\\]|\\(?![()]).)+?)\\\)", re.DOTALL),
    "\\[": re.compile(r"\\\[(?P<latex>(?:[^\\]|\\(?![\[\]]).)+?)\\\]", re.DOTALL),
    "$$": re.compile(r"\$\$(?P<latex>(?=\S)(?:[^$\\]|\\.)+?(?<=\S))\$\$(?=[\s.,;:!?)\]}\"'*_~|-]|$)", re.DOTALL),
    "$": re.compile(r"\$(?P<latex>(?=[^\s$])(?:[^$\\\n]|\\.)+?(?<=\S))\$(?=[\s.,;:!?)\]}\"'*_~|-]|$)"),
}
BEFORE_DOLLAR = re.compile(r"[\s([{\"'*_~|-]")
PROSE = re.compile(r"(?:(?<![\\\w{])[^\W\d_]{2,}[,;:]?\s+){3}|^[\d.,]+\s+[^\W\d_]{2,}|^[\d.,]+[,;:]?\s+(?:or|and|to)\b")
WORDS = re.compile(r"\s*[^\W\d_]{2,}(?:[\s,;:.'’-]+[^\W\d_]{2,})+[.!?]?\s*|\s*[^\W\d_]{3,}[.!?]?\s*")
"""Plain words between brackets: two or more, or one that is no product of two variables."""
SIGN = re.compile(
    r"\\(?:[A-Za-z]{2,}|[{}|,;!])|(?<=[\w)}\]])\^|(?:\b[A-Za-z]|[)}\]])_|\s[=+]\s|\b\w\s*[=+]|\w\s+[-*/<>]\s+\w"
    r"|[\u0370-\u03ff\u2200-\u22ff√×÷±]"
)
"""What formulas have and escaped brackets do not: a command, power, index, operation, sign or Greek letter."""
TEXT_COMMAND = re.compile(r"\\(?:text\w*|mbox|operatorname)\s*\{[^{}]*\}")
BLOCK_END = re.compile(r"(?:\\\]|\$\$)[ \t]*[.,;:]?[ \t]*$")


def formula_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    r"""The block rule: lines from `\[` or `$$` to the line that ends with its other half."""
    opener = line_of(state, start_line)[:2]
    if opener not in ("\\[", "$$") or state.is_code_block(start_line):
        return False
    last = _last_line(state, start_line, end_line, opener)
    if last is None and not _is_unfinished(state, start_line, end_line, opener):
        return False
    written = "\n".join(line_of(state, line) for line in range(start_line, end_line if last is None else last + 1))
    latex, _, behind = written.rstrip()[2:].rpartition(CLOSERS[opener]) if last is not None else (written[2:], "", "")
    if last is not None and (not latex.strip() or _is_text(latex, opener)):
        return False
    if silent:
        return True
    token = state.push("formula_block" if last is not None else "formula_unfinished", "div", 0)
    token.content, token.markup, token.info = latex.strip(), opener, behind.strip()
    state.line = end_line if last is None else last + 1
    token.map = [start_line, state.line]
    return True


def formula_in_text(state: StateInline, silent: bool) -> bool:
    r"""The inline rule. An unfinished `\(` hides its mark, and what follows it is no Markdown."""
    opener = state.src[state.pos : state.pos + 2]
    if opener[:1] == "$" and opener != "$$":
        opener = "$"
    if opener not in IN_TEXT or (opener[0] == "$" and not _may_open(state, opener)):
        return False
    match = IN_TEXT[opener].match(state.src, state.pos, state.posMax)
    if (
        match
        and re.search(r"\w", match["latex"])
        and not (_is_text(match["latex"], opener) or _is_escaped(state, match, opener))
    ):
        if not silent:
            token = state.push("formula", "span", 0)
            token.content, token.markup = match["latex"].strip(), opener
        state.pos = match.end()
        return True
    if not state.env["is_tail"] or match or not _begins(state, opener):
        return False
    if not silent:
        state.push("text", "", 0).content = state.src[state.pos + len(opener) : state.posMax]
    state.pos = state.posMax
    return True


def reads_as_prose(latex: str) -> bool:
    """Whether the text between dollars is words and no formula."""
    return PROSE.search(TEXT_COMMAND.sub("", latex)) is not None


def _is_text(latex: str, opener: str) -> bool:
    return reads_as_prose(latex) if opener[0] == "$" else WORDS.fullmatch(latex) is not None


def _is_escaped(state: StateInline, match: re.Match[str], opener: str) -> bool:
    """Whether the marks of a match are escaped brackets: of a link, or, in a paragraph without a sure formula before,
    behind a word or without anything of a formula."""
    if opener[0] == "$":
        return False
    if state.src[match.end() : match.end() + 1] in ("(", "["):
        return True
    if any(token.type == "formula" and token.markup[0] == "\\" for token in state.tokens):
        return False
    before = state.src[match.start() - 1] if match.start() else " "
    is_at_word = before.isascii() and (before.isalnum() or before in "_])^")
    return is_at_word or (opener == "\\[" and not SIGN.search(match["latex"]))


def _last_line(state: StateBlock, start: int, end: int, opener: str) -> int | None:
    """The line that ends the block; None if there is none, or if something follows the formula in its line."""
    closer = CLOSERS[opener]
    for line in range(start, end):
        text = line_of(state, line)
        if (text and state.sCount[line] < state.blkIndent) or text.startswith(("```", "~~~")):
            return None
        if not text and opener == "$$" and line_of(state, start).strip() != "$$":
            return None
        if (place := text.find(closer, 2 if line == start else 0)) >= 0:
            return line if BLOCK_END.match(text, place) else None
    return None


def _is_unfinished(state: StateBlock, start: int, end: int, opener: str) -> bool:
    """Whether the other half of a block's `opener` may still come."""
    if not state.env["is_running"] or CLOSERS[opener] in state.src[state.bMarks[start] + state.tShift[start] + 2 :]:
        return False
    if not is_last(state, end - 1):
        return False  # the quote around it has ended
    begin = state.bMarks[start]
    if opener == "$$" and state.src.count("$$", state.src.rfind("\n\n", 0, begin) + 1, begin) % 2:
        return False  # it closes what is before it
    if any(state.sCount[line] < state.blkIndent and not state.isEmpty(line) for line in range(start, end)):
        return False  # the list item around it has ended
    line = line_of(state, start)[2:].strip()
    return not (opener == "$$" and line and reads_as_prose(line))


def _may_open(state: StateInline, opener: str) -> bool:
    """Whether dollars can open a formula here."""
    before = state.src[state.pos - 1] if state.pos else " "
    after = state.src[state.pos + len(opener) : state.pos + len(opener) + 1]
    return BEFORE_DOLLAR.match(before) is not None and bool(after) and not after.isspace()


def _begins(state: StateInline, opener: str) -> bool:
    """Whether the end of a running text is surely a formula: a dollar alone may be a price."""
    rest = state.src[state.pos + len(opener) : state.posMax]
    return opener[0] == "\\" or (re.search(r"[\\^_{]", rest) is not None and "`" not in rest)
