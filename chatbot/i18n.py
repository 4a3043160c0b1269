"""The texts that people read: one JSON file a locale in `locales/`. English is complete by definition."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).with_name("locales")
ENGLISH = "en"
LOCALES = tuple(sorted(path.stem for path in DIRECTORY.glob("*.json")))

PLACEHOLDER = re.compile(r"\{(\w+)\}")
ACCEPTED = re.compile(r"([\w*-]+)(?:\s*;\s*q=([\d.]+))?")

SEPARATORS = {"de": ".,", "es": ".,", "fr": "\u202f,"}
"""Of thousands and of decimals; all other locales here write 1,234.5."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be worded later, in its reader's language: a key, and the values of its placeholders. A value that is a
    `Text` is worded too; a number is written as the reader writes numbers."""

    key: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.worded(ENGLISH)

    def worded(self, locale: str) -> str:
        """The words in that locale. Raises KeyError for a key that English does not have."""
        words = texts(locale).get(self.key) or texts(ENGLISH)[self.key]
        return PLACEHOLDER.sub(lambda match: _written(self.params[match[1]], locale), words)

    def as_json(self) -> dict[str, Any]:
        """The text as JSON's types, for the page's scripts and for files."""
        params = {name: each.as_json() if isinstance(each, Text) else each for name, each in self.params.items()}
        return {"key": self.key, **params}

    @classmethod
    def from_json(cls, value: Any) -> "Text | None":
        """What `as_json` made; None for anything else, a key included that no locale has."""
        if (
            not isinstance(value, Mapping)
            or not isinstance(value.get("key"), str)
            or value["key"] not in texts(ENGLISH)
        ):
            return None
        names = PLACEHOLDER.findall(texts(ENGLISH)[value["key"]])
        params = {name: cls.from_json(value.get(name)) or value.get(name, "") for name in names}
        return cls(
            value["key"], {name: each for name, each in params.items() if isinstance(each, Text | str | float | int)}
        )


@cache
def texts(locale: str) -> dict[str, str]:
    """The texts of a locale by their keys."""
    content: dict[str, str] = json.loads((DIRECTORY / f"{locale}.json").read_text("utf-8"))
    return content


def negotiate(accept_language: str) -> str:
    """The locale for a reader whose browser sends that Accept-Language header; English for one without."""
    accepted = [(float(quality or 1), tag) for tag, quality in ACCEPTED.findall(accept_language)]
    for _, tag in sorted(accepted, key=lambda each: -each[0]):
        for wanted in (tag.lower(), tag.lower().partition("-")[0]):
            if found := next((locale for locale in LOCALES if locale.lower() == wanted), None):
                return found
    return ENGLISH


def _written(value: Any, locale: str) -> str:
    if isinstance(value, Text):
        return value.worded(locale)
    if isinstance(value, str):
        return value
    thousands, decimals = tuple(SEPARATORS.get(locale, ",."))
    whole, point, fraction = f"{value:,.6g}".partition(".") if isinstance(value, float) else (f"{value:,}", "", "")
    return whole.replace(",", thousands) + point.replace(".", decimals) + fraction
