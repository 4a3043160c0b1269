"""Tokens as HTML. Every tag and attribute that a message can have is written here; all words are escaped."""

from collections.abc import Callable
from functools import lru_cache
from html import escape
from urllib.parse import unquote, urlsplit

from markdown_it.token import Token

from chatbot.page.markdown.code import code_block
from chatbot.page.markdown.formulas import CLOSERS
from chatbot.page.markdown.links import START, bare_address
from chatbot.page.markdown.parser import PARSER, Parsed, parse_inline

LINK = '<a href="{}" target="_blank" rel="noopener noreferrer nofollow"{}>'
DIRECTED = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote"))
"""Blocks whose own words decide whether they run from the left or from the right."""

BREAKS = ("softbreak", "hardbreak")
OPENING = {"table": '<div class="table" dir="auto"><table>', "hr": "<hr>"}
CLOSING = {"table": "</table></div>"}


def render_tokens(parsed: Parsed) -> list[str]:
    """The HTML of each top-level block."""
    words = {id(token): _render_words(parsed, token) for token in parsed.blocks if token.type == "inline"}
    blocks, start = [], 0
    for place, token in enumerate(parsed.blocks):
        if token.level == 0 and token.nesting <= 0:
            blocks.append("".join(_render(parsed, each, words) for each in parsed.blocks[start : place + 1]))
            start = place + 1
    return [block for block in blocks if block]


def render_part(parsed: Parsed, tokens: list[Token]) -> str:
    """The HTML of some of the tokens, in a text without link definitions."""
    return "".join(_render(parsed, token, {}) for token in tokens)


def _render(parsed: Parsed, token: Token, words: dict[int, str]) -> str:
    if token.type == "inline":
        return words[id(token)] if words else _render_words(parsed, token)
    return "" if token.hidden else _render_block(parsed, token)


def _render_words(parsed: Parsed, token: Token) -> str:
    is_cell = bool(token.meta.get("is_cell"))
    if parsed.references or token is parsed.tail or parsed.parser is not PARSER:
        return render_inline(parsed.inline(token, is_cell=is_cell))
    return _render_text(token.content, is_cell)


@lru_cache(2000)
def _render_text(text: str, is_cell: bool) -> str:
    """The HTML of words that stand for themselves: no definition changes them, and no more of them will come."""
    return render_inline(parse_inline(text, is_cell=is_cell))


def _render_block(parsed: Parsed, token: Token) -> str:
    if token.type in BLOCKS:
        return BLOCKS[token.type](token)
    if token.type == "fence":
        return code_block(token.content, token.info, is_finished=not parsed.is_running or _is_closed(token))
    if token.type == "definition":
        return "" if token.meta["id"] in parsed.references.used else _render_definition(token)
    if token.nesting < 0:
        return CLOSING.get(token.tag, f"</{token.tag}>")
    if token.tag in OPENING:
        return OPENING[token.tag]
    return f"<{token.tag}{_direction(token) if token.tag in DIRECTED else ''}>"


def _direction(token: Token) -> str:
    """The attribute by which a block finds its direction. The first block of an item or a quote has none: a browser
    would pass over its words when it looks for the direction of what is around it."""
    return "" if "is_first" in token.meta else ' dir="auto"'


def _is_closed(fence: Token) -> bool:
    """Whether a block of code has its closing fence: a line more than its code and its opening one."""
    first, end = fence.map or (0, 0)
    is_whole = not fence.content or fence.content.endswith("\n")
    return is_whole and end - first == fence.content.count("\n") + 2


def render_list_opening(token: Token) -> str:
    """A list; the class of an ordered one makes room for the digits of its numbers."""
    if token.tag == "ul":
        return f"<ul{_direction(token)}>"
    start = int(token.attrs.get("start", 1))
    number = f' start="{start}"' if start != 1 else ""
    return f'<ol{_direction(token)}{number} class="digits-{len(str(token.meta["most"]))}">'


def _render_item(token: Token) -> str:
    if "number" in token.meta:
        return f'<li value="{token.meta["number"]}">'
    if "task" not in token.meta:
        return "<li>"
    checked = " checked" if token.meta["task"] else ""
    return f'<li class="task"><input type="checkbox" disabled{checked}> '


def _render_cell(token: Token) -> str:
    return f'<{token.tag} class="{token.info}">' if token.info else f"<{token.tag}>"


def _render_definition(token: Token) -> str:
    """A link definition that no link uses: a list of sources, say. It is shown as it was written."""
    title = f' "{token.meta["title"]}"' if token.meta["title"] else ""
    address = escape(token.meta["url"])
    link = f"{LINK.format(address, '')}{address}</a>"
    return f'<p dir="auto">[{escape(token.meta["label"])}]: {link}{escape(title)}</p>'


def _render_formula(token: Token, tag: str, *, is_display: bool) -> str:
    written = f"{token.markup}{token.content}{CLOSERS[token.markup]}"
    display = ' data-display="true"' if is_display else ""
    behind = f"<span>{escape(token.info)}</span>" if token.info else ""
    made = (
        f'<{tag} class="formula" dir="ltr" data-latex="{_attribute(token.content)}"{display}>{escape(written)}</{tag}>'
    )
    return f'<div class="formula-block">{made}{behind}</div>' if tag == "div" else made


def _attribute(text: str) -> str:
    return escape(text).replace("\n", "&#10;")


BLOCKS: dict[str, Callable[[Token], str]] = {
    "ordered_list_open": render_list_opening,
    "bullet_list_open": render_list_opening,
    "list_item_open": _render_item,
    "th_open": _render_cell,
    "td_open": _render_cell,
    "code_block": lambda token: code_block(token.content),
    "formula_block": lambda token: _render_formula(token, "div", is_display=True),
    "formula_unfinished": lambda token: f'<p class="as-written">{escape(token.content)}</p>',
}


def render_inline(tokens: list[Token]) -> str:
    """The HTML of the tokens inside a paragraph, a heading or a cell."""
    parts: list[str] = []
    address, depth = "", 0
    for place, token in enumerate(tokens):
        if token.type == "link_open":
            address, depth = str(token.attrs["href"]), depth + 1
            parts.append(_open_link(token, address) if address else "[")  # a link to nowhere is shown as it was written
            if address and _is_blank(tokens[place + 1 :]):
                parts.append(escape(address))
        elif token.type == "link_close":
            depth -= 1
            parts.append("</a>" if address else "]()")
        elif token.type == "image":
            parts.append(_render_image(token, is_in_link=depth > 0))
        else:
            parts.append(_render_part(token))
    return "".join(parts)


def _is_blank(tokens: list[Token]) -> bool:
    """Whether a link has no words, so that nobody would see it."""
    first = next((token for token in tokens if token.type != "text" or token.content.strip()), None)
    return first is None or first.type == "link_close"


def _render_part(token: Token) -> str:
    if token.type in ("text", "text_special"):
        return escape(token.content, quote=False)
    if token.type == "code_inline":
        return f'<code dir="ltr">{escape(token.content, quote=False)}</code>'
    if token.type in BREAKS:
        return "<br>"
    if token.type == "formula":
        return _render_formula(token, "span", is_display=token.markup in ("\\[", "$$"))
    tag = "del" if token.tag == "s" else token.tag
    return f"</{tag}>" if token.nesting < 0 else f"<{tag}>"


def _open_link(token: Token, address: str) -> str:
    title = f' title="{escape(str(token.attrs["title"]))}"' if token.attrs.get("title") else ""
    return LINK.format(escape(address), title)


def _render_image(token: Token, *, is_in_link: bool) -> str:
    """A link to the image, because to load it would tell its host what was said. It is called as its file if it has no
    other name."""
    address = str(token.attrs["src"])
    parts = urlsplit(address)
    words = "".join(" " if child.type in BREAKS else child.content for child in token.children or [])
    name = words.strip() or unquote(parts.path.rsplit("/", 1)[-1]) or parts.netloc
    if not address:
        return f"![{escape(name, quote=False)}]()"
    if is_in_link:
        return escape(name, quote=False)
    return f"{_open_link(token, address)}{escape(name, quote=False)}</a>"


def link_addresses(text: str) -> str:
    """Plain text with its web addresses as links."""
    parts: list[str] = []
    done = 0
    while start := START.search(text, done):
        address = bare_address(text, start.start(), len(text))
        parts.append(escape(text[done : start.start()], quote=False))
        if address:
            full = address if address.lower().startswith("http") else f"https://{address}"
            parts.append(f"{LINK.format(escape(full), '')}{escape(address, quote=False)}</a>")
        else:
            address = start[0]
            parts.append(escape(address, quote=False))
        done = start.start() + len(address)
    return "".join([*parts, escape(text[done:], quote=False)])
