"""Emphasis beside Chinese, Japanese and Korean characters, which have no spaces between words.

By https://github.com/tats-u/markdown-cjk-friendly: a CJK character, punctuation included, counts as a letter on its own
side of `**`, and lets `**` beside it open or close before any punctuation.

Asterisks between numbers multiply (`2*3*4`, `2**10`): as emphasis they would make other numbers of them.
"""

import re
from unicodedata import category, east_asian_width

from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline.state_inline import Scanned, StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType

DUNDER = re.compile(r"__(\w+?)__(?!\w)")
PYTHON_NAMES = frozenset(
    name
    for kind in (object, type, int, list, dict, str, BaseException, re, type(re.compile))
    for name in dir(kind)
    if DUNDER.fullmatch(name)
) | {"__main__", "__all__", "__path__", "__version__", "__pycache__", "__enter__", "__exit__", "__slots__"}
"""Names that mean themselves in a sentence too, and no bold `init`."""

PRODUCT = re.compile(r"[0-9]\*{1,2}[0-9]|[0-9]\*[A-Za-z]|[A-Za-z]\*[0-9]")
"""Asterisks that mean themselves, with what is before and behind them."""

HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]")


class ChatState(StateInline):
    """An inline state whose delimiter runs know CJK characters."""

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:
        """What the run of `*`, `_` or `~` at `start` can do."""
        marker = self.src[start]
        end = start
        while end < self.posMax and self.src[end] == marker:
            end += 1
        before = self.src[start - 1] if start else " "
        after = self.src[end] if end < self.posMax else " "
        if marker == "*" and PRODUCT.fullmatch(f"{before}{self.src[start:end]}{after}"):
            return Scanned(False, False, end - start)
        left, right = _flanks(before, after), _flanks(after, before)
        can_open = left and (canSplitWord or not right or _is_punctuation(before))
        can_close = right and (canSplitWord or not left or _is_punctuation(after))
        return Scanned(can_open, can_close, end - start)


class ChatInline(ParserInline):
    """The inline parser with that state."""

    def parse(self, src: str, md: object, env: EnvType, tokens: list[Token]) -> list[Token]:
        """Parses `src` into `tokens`."""
        state = ChatState(src, md, env, tokens)  # type: ignore[arg-type]
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


def dunder(state: StateInline, silent: bool) -> bool:
    """The inline rule for Python's `__names__`: known ones, and others behind a dot or before a call or a dot."""
    match = DUNDER.match(state.src, state.pos, state.posMax)
    if not match or (state.pos and state.src[state.pos - 1].isalnum()):
        return False
    before = state.src[state.pos - 1 : state.pos] if state.pos else ""
    behind = state.src[match.end() : match.end() + 2]
    is_name = match[0] in PYTHON_NAMES or before == "." or behind[:1] == "(" or re.match(r"\.[a-z]", behind)
    if not is_name:
        return False
    if not silent:
        state.append_pending(match[0])
    state.pos = match.end()
    return True


def _flanks(outside: str, inside: str) -> bool:
    """Whether a run between two characters can belong to the word that is `inside`."""
    if isWhiteSpace(ord(inside)):
        return False
    is_plain = not _is_punctuation(inside) or is_cjk(inside)
    return is_plain or isWhiteSpace(ord(outside)) or _is_punctuation(outside) or is_cjk(outside)


def _is_punctuation(character: str) -> bool:
    return isMdAsciiPunct(ord(character)) or isPunctChar(character)


def is_cjk(character: str) -> bool:
    """Whether a character belongs to Chinese, Japanese or Korean text."""
    if character < "\u1100":
        return False
    is_wide = east_asian_width(character) in "WFH" and category(character) != "So"
    return is_wide or HANGUL.match(character) is not None
