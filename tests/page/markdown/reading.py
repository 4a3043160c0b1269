"""What a person and a program find in rendered HTML: its text, its code, its links and its elements."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser

BLOCKS = frozenset(
    ("p", "div", "li", "ul", "ol", "blockquote", "pre", "table", "tr", "hr", *(f"h{n}" for n in range(1, 7)))
)


@dataclass
class Read:
    """`text` has a newline at each break and the border of each block; cells are apart by a tab."""

    text: str = ""
    code: list[str] = field(default_factory=list)
    inline_code: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    formulas: list[str] = field(default_factory=list)
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)

    @property
    def words(self) -> str:
        """The text with one space for any white space."""
        return " ".join(self.text.split())

    def tags(self, name: str) -> int:
        """How many elements have that name."""
        return sum(tag == name for tag, _ in self.elements)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.read = Read()
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.read.elements.append((tag, values))
        if tag in BLOCKS or tag == "br":
            self.read.text += "\n"
        if tag in ("td", "th"):
            self.read.text += "\t"
        if tag == "pre":
            self.read.languages.append(values.get("data-language") or "")
            self.read.code.append("")
        if tag == "code" and "pre" not in self._open:
            self.read.inline_code.append("")
        if tag == "a":
            self.read.links.append((values.get("href") or "", ""))
        if values.get("data-latex") is not None:
            self.read.formulas.append(values["data-latex"] or "")
        if tag not in ("br", "hr", "input"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag
        if tag in BLOCKS:
            self.read.text += "\n"

    def handle_data(self, data: str) -> None:
        self.read.text += data
        if "pre" in self._open:
            self.read.code[-1] += data
        elif "code" in self._open:
            self.read.inline_code[-1] += data
        if "a" in self._open:
            address, name = self.read.links[-1]
            self.read.links[-1] = address, name + data

    def end(self) -> Read:
        self.close()
        assert self._open == []
        return self.read


def read(blocks: Iterable[str]) -> Read:
    """Reads the blocks. Each must be one well-formed element, or the page could not change them one by one."""
    reader = _Reader()
    for block in blocks:
        assert re.match(r"<\w", block), block
        reader.feed(block)
        assert reader._open == [], block
    return reader.end()


DATA = ("data-language", "data-latex", "data-display")
ATTRIBUTES = frozenset(
    ("class", "dir", "href", "target", "rel", "title", "type", "disabled", "checked", "start", "value", *DATA)
)
INLINE = ("code", "a", "em", "strong", "del", "br", "span", "button", "input")
TAGS = BLOCKS.union(INLINE, ("thead", "tbody", "th", "td"))


def live_parts(found: Read) -> list[str]:
    """Elements and attributes that no message may have."""
    wrong = []
    for tag, attributes in found.elements:
        if tag not in TAGS or not attributes.keys() <= ATTRIBUTES:
            wrong.append(f"{tag} {attributes}")
        if tag == "input" and not (attributes.get("type") == "checkbox" and "disabled" in attributes):
            wrong.append(f"{tag} {attributes}")
        if "href" in attributes and not re.match(r"(?:https?://|mailto:)", attributes["href"] or "", re.IGNORECASE):
            wrong.append(f"{tag} {attributes}")
    return wrong
