"""Ends an answer that goes round in circles, as small models do."""

import re
from collections import Counter

SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
MIN_LENGTH = 16
"""Shorter sentences and lines, in characters, may well come twice: "Yes.", "}", a word in a list."""


class RepetitionGuard:
    """Reads an answer as it comes."""

    def __init__(self) -> None:
        self._unfinished = ""
        self._seen: Counter[str] = Counter()

    def is_repeating(self, text: str) -> bool:
        """Reads the next piece. Whether it finished a sentence or line that the answer has said before."""
        *finished, self._unfinished = SENTENCE_END.split(self._unfinished + text)
        said = [re.sub(r"\W+", " ", each).strip().casefold() for each in finished]
        self._seen.update(each for each in said if len(each) >= MIN_LENGTH)
        return any(self._seen[each] > 1 for each in said)
