"""Web addresses: what may be a link, where a bare one ends, and line breaks in cells."""

import re

from markdown_it.rules_inline.state_inline import StateInline

WEB = re.compile(r"(?:https?://[^\s/]|mailto:[^\s@]+@)", re.IGNORECASE)

PUNCTUATION = (
    "\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\u2018-\u201f\u2026\u2014\u00ab\u00bb"
    "\u2190-\u21ff"
)
"""Of Chinese, Japanese and Korean, and arrows."""

BARE = re.compile(rf"(?:https?://|www\.)(?=[^\s.])[^\s<>\[\]`\"{{}}|\\^{PUNCTUATION}]+", re.IGNORECASE)
"""An address without marks. It ends before CJK punctuation and arrows, which have no space before them."""
START = re.compile(r"(?<![A-Za-z0-9_@/.-])(?:https?://|www\.)", re.IGNORECASE)
TRAILING = re.compile(r"(?:[?!.,:;*_~'\"]|&\w+;)+$")
BREAK = re.compile(r"<br[ ]?/?>", re.IGNORECASE)


def is_web_address(address: str) -> bool:
    """Whether a link may lead there: only to a host, or to a mail program. Others do not exist for a visitor."""
    return WEB.match(address) is not None


def bare_address(text: str, position: int, end: int) -> str:
    """The address that begins at `position`, as GFM ends it: without trailing punctuation and unbalanced brackets."""
    match = BARE.match(text, position, end)
    address = match[0] if match else ""
    while address:
        shorter = TRAILING.sub("", address)
        if shorter.endswith(")") and shorter.count(")") > shorter.count("("):
            shorter = shorter[:-1]
        if shorter == address:
            break
        address = shorter
    host = address.split("//")[-1].split("/")[0]
    return address if host and ("." in host or address.lower().startswith("http")) and host != "www" else ""


def autolink_bare(state: StateInline, silent: bool) -> bool:
    """The inline rule for text, up to an address; and for an address at the start of it."""
    if state.linkLevel:
        return False
    # Not beyond the next mark: to look through all that follows at every piece would take quadratic time.
    special = state.md.inline.terminator_re.search(state.src, state.pos)
    end = special.start() if special else state.posMax
    start = START.search(state.src, state.pos, min(end + len("https://"), state.posMax))
    if not start or start.start() > end:
        return False
    if start.start() > state.pos:
        if not silent:
            state.append_pending(state.src[state.pos : start.start()])
        state.pos = start.start()
        return True
    address = bare_address(state.src, state.pos, state.posMax)
    if not address:
        return False
    if not silent:
        push_link(state, address)
    state.pos += len(address)
    return True


def push_link(state: StateInline, address: str) -> None:
    """Adds a link that shows its address."""
    full = address if address.lower().startswith("http") else f"https://{address}"
    state.push("link_open", "a", 1).attrs = {"href": state.md.normalizeLink(full)}
    state.push("text", "", 0).content = address
    state.push("link_close", "a", -1)


def break_in_cell(state: StateInline, silent: bool) -> bool:
    """The inline rule for `<br>` between the words of a table's cell: Markdown has no other line break there."""
    if not state.env["is_cell"]:
        return False
    match = BREAK.match(state.src, state.pos)
    if not match or not state.src[: match.start()].strip() or not state.src[match.end() :].strip():
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = match.end()
    return True
