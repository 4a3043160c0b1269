"""The command line of a benchmark, and its report: a table and optionally JSON."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.figures import load, table

ROUNDS = 5


class Bench:
    """A benchmark. Add arguments, `read` them, measure, then `report`."""

    def __init__(self, name: str, description: str | None) -> None:
        self._parser = argparse.ArgumentParser(
            prog=f"python -m tests.bench {name}",
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self._parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
        self.argument = self._parser.add_argument
        self._machine = load()
        self._options = argparse.Namespace()

    def rounds(self, number: int = ROUNDS, maximum: int | None = None) -> None:
        """Adds the argument `--rounds`."""
        choices = range(1, maximum + 1) if maximum else None
        most = f", at most {maximum}" if maximum else ""
        words = f"{number} by default{most}; the table has their medians"
        self.argument("--rounds", type=int, default=number, choices=choices, metavar="ROUNDS", help=words)

    def read(self) -> argparse.Namespace:
        """Parses the command line."""
        self._options = self._parser.parse_args()
        return self._options

    def report(self, title: str, head: Sequence[str], rows: Mapping[str, Sequence[str]], figures: Any) -> None:
        """Prints a row for each name; writes `figures`, the data of the rows, if `--json` is given."""
        print(f"{title}\n{self._machine} at the start, then {load()}\n")
        print(table(("", *head), [(name, *cells) for name, cells in rows.items()]))
        if self._options.json:
            arguments = {name: str(value) for name, value in vars(self._options).items()}
            content = {"title": title, "arguments": arguments, "machine": self._machine, "figures": figures}
            self._options.json.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
