r"""Backslashes: escapes where a writer would escape, and themselves in paths and patterns.

CommonMark drops a backslash before any ASCII punctuation, so `C:\Users\me\.config` would lose one. Here:

- in a word with a backslash before a letter or digit (`C:\Users\.x`, `\d+\.\d*`), or behind a drive, `~`, `.`, `..` or
  `%NAME%`, every backslash is itself: nobody escapes letters, so the word is a path or a pattern (`a\(b\)c` too);
- so is it in a path with spaces (`C:\Program Files\[x]`);
- before `" ' , / : ; = ? @ ^` it is itself: they mean nothing in Markdown;
- before `.`, `)` and `+`, `-` it escapes only where these could start a list item or follow a space.
"""

import re

from markdown_it.rules_inline.state_inline import StateInline

ALWAYS = frozenset("\\`*_[]{}<>()#!|~$&%")
PATH = re.compile(
    r"(?:[^\s\\]|\\[^A-Za-z0-9\s])*?\\(?:[A-Za-z0-9]|\)[A-Za-z0-9])"
    r"|[(\[\"'*_]*(?:[A-Za-z]:|~|\.{1,2}|%\w+%|\$\w+)\\"
)
SPACED_PATH = re.compile(
    r"[\"'][A-Za-z]:\\[^\"'\n]*\Z"
    r"|(?<![^\s(\[\"'*_])[A-Za-z]:\\(?:\S| (?=[A-Z(]))*\Z"
)
"""A path with spaces, up to a backslash: in quotes, or with words that begin like names (`C:\\Program Files (x86)`)."""

WORD = re.compile(r"\S{1,600}")
REACH = 300
"""Characters before a backslash that are looked at: a word of thousands must not cost its length at each backslash."""


def escape(state: StateInline, silent: bool) -> bool:
    """The inline rule for a backslash."""
    if state.src[state.pos] != "\\":
        return False
    following = state.src[state.pos + 1 : state.pos + 2]
    if following == "\n" and not _is_in_path(state):
        if not silent:
            state.push("hardbreak", "br", 0)
        end = state.pos + 2
        while end < state.posMax and state.src[end] in " \t":
            end += 1
        state.pos = end
        return True
    is_escape = state.pos + 1 < state.posMax and _escapes(state, following) and not _is_in_path(state)
    if not silent:
        token = state.push("text_special", "", 0)
        token.content = following if is_escape else "\\"
    state.pos += 2 if is_escape else 1
    return True


def _escapes(state: StateInline, following: str) -> bool:
    if following in ALWAYS:
        return True
    before = state.src[max(0, state.pos - 10) : state.pos]
    after = state.src[state.pos + 2 : state.pos + 3]
    if following == ".":
        return bool(re.search(r"(?:^|\D)\d{1,9}$", before)) and (not after or after.isspace())
    return following in "+-=" and (not before or before[-1].isspace())


def _is_in_path(state: StateInline) -> bool:
    """Whether the backslash stands in a word of which some backslash cannot be an escape."""
    src, start = state.src, state.pos
    while start and state.pos - start < REACH and not src[start - 1].isspace():
        start -= 1
    word = WORD.match(src, start)
    if word is not None and PATH.match(word[0]):
        return True
    return start < state.pos and SPACED_PATH.search(src, max(0, state.pos - REACH), state.pos) is not None
