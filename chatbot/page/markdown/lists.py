"""A list that still grows: all its items but the last are rendered once.

Answers are often one long list, which is one block: to parse it anew at every update would cost 3 ms for 4.5 kB instead
of 0.3 ms. Only tight lists are cut: whether any item of a list is loose decides how all of them look.
"""

import re
from bisect import bisect
from collections.abc import Callable

ITEM = re.compile(r"^(?:(?P<bullet>[-*+])|(?P<number>\d{1,9})(?P<mark>[.)])) +\S", re.MULTILINE)
ANY_ITEM = re.compile(r"^[ >]*(?:[-*+]|\d{1,9}[.)])[ \t]", re.MULTILINE)
OTHER_BLOCK = re.compile(r"```|~~~|\\\[|\$\$|^[ ]*>|\||^(?!(?:[-*+]|\d{1,9}[.)]) )\S", re.MULTILINE)
"""What may be more than a list: code, a formula, a quote, a table, or a line that is neither an item nor indented."""
INNER_ITEM = re.compile(r"^(?P<indent> +)(?:[-*+]|\d{1,9}[.)])[ \t]", re.MULTILINE)
LIST_TAG = re.compile(r"<(?:ul|ol)[^>]*>")


def render_list(
    text: str, render_head: Callable[[str], list[str]], render_tail: Callable[[str], list[str]]
) -> list[str]:
    """The blocks of a text, of which `render_head` renders the settled part and `render_tail` the last item; empty if
    the text does not end with a tight list that can be cut."""
    start = text.rfind("\n\n") + 2 if "\n\n" in text else 0
    items = list(ITEM.finditer(text, start))
    if len(items) < 2 or items[0].start() != start or OTHER_BLOCK.search(text, start) or ANY_ITEM.search(text[:start]):
        return []
    last = items[-1]
    if not _continues(items) or _has_half_indented_item(text, items):
        return []
    head, tail = render_head(text[: last.start()]), render_tail(text[last.start() :])
    if len(tail) != 1 or "value=" in head[-1] or head[-1][:3] != tail[0][:3] or not LIST_TAG.match(tail[0]):
        return []
    merged = head[-1][: -len("</ul>")] + LIST_TAG.sub("", tail[0], count=1)
    return [*head[:-1], _with_room_for(last["number"], merged)]


def _continues(items: list[re.Match[str]]) -> bool:
    """Whether the last item is the next one of the same list."""
    first, before, last = items[0], items[-2], items[-1]
    if last["bullet"]:
        return before["bullet"] == last["bullet"]
    if before["mark"] != last["mark"] or first["bullet"]:
        return False
    return (
        int(last["number"]) - int(before["number"]) == 1
        and int(last["number"]) - int(first["number"]) == len(items) - 1
    )


def _has_half_indented_item(text: str, items: list[re.Match[str]]) -> bool:
    """Whether an indented item is no part of the item above it, because it does not reach that item's words."""
    starts = [item.start() for item in items]
    for inner in INNER_ITEM.finditer(text, starts[0]):
        outer = items[bisect(starts, inner.start()) - 1]
        if len(inner["indent"]) < outer.end() - 1 - outer.start():
            return True
    return False


def _with_room_for(number: str | None, html: str) -> str:
    return re.sub(r'class="digits-\d"', f'class="digits-{len(str(int(number)))}"', html, count=1) if number else html
