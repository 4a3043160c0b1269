"""Words of a text, for indexes and rankings: folded, and Chinese and Japanese in pieces of one and two characters."""

import re
from collections.abc import Sequence
from functools import lru_cache
from unicodedata import normalize

from chatbot.storage.search import fold

IDEOGRAPHS = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々"
HIRAGANA = "\u3041-\u309f"
KATAKANA = "\u30a0-\u30ff"

RUN = re.compile(rf"[{IDEOGRAPHS}]+|[{HIRAGANA}]+|[{KATAKANA}]+|[^\W_{IDEOGRAPHS}{HIRAGANA}{KATAKANA}]+")
UNSPACED = re.compile(rf"[{IDEOGRAPHS}{HIRAGANA}]")


@lru_cache(maxsize=4096)
def runs(text: str) -> tuple[str, ...]:
    """The words of the text, folded, in their order; of Chinese and Japanese the runs of one script."""
    folded = fold(text)
    return tuple(RUN.findall(folded if folded.isascii() else normalize("NFC", folded)))


def pieces(run: str) -> list[str]:
    """A run as an index has it: a word as it is, ideographs and hiragana one by one and in pairs."""
    return [*run, *pairs(run)] if is_unspaced(run) else [run]


def is_unspaced(run: str) -> bool:
    """Whether the run is of a script without spaces between words; one of katakana is a word."""
    return UNSPACED.match(run) is not None


def pairs(run: str) -> list[str]:
    """Each two neighbours of a run; a single character as it is."""
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


def text_pieces(text: str) -> Sequence[str]:
    """The pieces of all runs of the text, in their order."""
    return runs(text) if text.isascii() else [piece for run in runs(text) for piece in pieces(run)]


def indexed(text: str) -> str:
    """The text as words between spaces, for a full-text index that knows no other."""
    return " ".join(text_pieces(text))
