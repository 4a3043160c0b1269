"""The command line of a measurement, and its report: a table for a person and JSON for a program."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.figures import load, table

ROUNDS = 5


class Bench:
    """One measurement, `name`, described by its module's docstring. Add arguments, `read` them, then `report`."""

    def __init__(self, name: str, description: str | None) -> None:
        self._parser = argparse.ArgumentParser(
            prog=f"python -m tests.bench {name}",
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self._parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there as well")
        self.argument = self._parser.add_argument
        self._machine = load()
        self._options = argparse.Namespace()

    def rounds(self, number: int = ROUNDS) -> None:
        """Add an argument for how often each thing is measured."""
        self.argument("--rounds", type=int, default=number, help=f"of which the median is taken; {number} by default")

    def read(self) -> argparse.Namespace:
        """What was asked for."""
        self._options = self._parser.parse_args()
        return self._options

    def report(self, title: str, head: Sequence[str], rows: Mapping[str, Sequence[str]], figures: Any) -> None:
        """Print a row for each name; write `figures`, which are whatever the rows were made from."""
        print(f"{title}\n{self._machine} at the start, then {load()}\n")
        print(table(("", *head), [(name, *cells) for name, cells in rows.items()]))
        if self._options.json:
            asked = {name: str(value) for name, value in vars(self._options).items()}
            written = {"title": title, "asked": asked, "machine": self._machine, "figures": figures}
            self._options.json.write_text(json.dumps(written, indent=2) + "\n", "utf-8")
