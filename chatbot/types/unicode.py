"""Text that can be stored and sent, and cut without breaking a character."""

import regex

LONGEST_GRAPHEME = 64
"""Code points that are looked at behind a cut. Longer ones are no writing, but piles of accents."""


def clean(text: str) -> str:
    """Joins the two halves of a surrogate pair, and replaces a lone half by U+FFFD. JSON can carry half an emoji, which
    UTF-8, and so the store and the providers, cannot."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def cut(text: str, most: int) -> str:
    """The start of `text`, of at most `most` code points, that ends after a whole grapheme: no flag, no family and no
    accented letter is halved. A single grapheme that is longer is left out."""
    if len(text) <= most:
        return text
    ends = (match.end() for match in regex.finditer(r"\X", text[: most + LONGEST_GRAPHEME]))
    return text[: max((end for end in ends if end <= most), default=0)]
