"""Writes the answers to the first questions, the base's beside the adapter's, as a page for anybody to read:
`python -m tests.adapter.first_answers ADAPTER.json BASE.json OUT.md`. The first two are what `score --answers` wrote.
"""

import json
import sys
from pathlib import Path

from tests.adapter.score import ANSWER_TOKENS

HEAD = f"""# What the demo model answers first

Questions that it never saw, each asked as the first of a conversation, with the adapter and without it (the base), at
temperature 0.2 and top_p 0.9. "…" is behind what had not ended after {ANSWER_TOKENS} tokens, or was ended because it
repeated itself. Nothing was chosen or corrected:
`python -m tests.adapter.score` and `python -m tests.adapter.first_answers` made this file.
"""


def page(ours: Path, base: Path) -> str:
    """The page in Markdown."""
    answers, others = (json.loads(path.read_text("utf-8"))["first_answers"] for path in (ours, base))
    parts = [HEAD]
    for each, other in zip(answers, others, strict=True):
        parts.append(f"## {each['question']}\n\n**Adapter**\n\n{_quoted(each)}\n\n**Base**\n\n{_quoted(other)}\n")
    return "\n".join(parts)


def _quoted(answer: dict[str, str]) -> str:
    text = answer["answer"] + ("" if answer["ended"] else " …")
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


if __name__ == "__main__":
    adapter, without, output = map(Path, sys.argv[1:])
    output.write_text(page(adapter, without), "utf-8")
