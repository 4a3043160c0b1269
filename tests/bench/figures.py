"""Summaries of samples, and the printed table."""

import math
import os
from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

Samples = Sequence[float]


class Summary(NamedTuple):
    """Median, 95th percentile and maximum of samples, in their unit."""

    median: float
    p95: float
    worst: float

    @classmethod
    def of(cls, samples: Samples) -> "Summary":
        """The 95th percentile is one of the samples, not interpolated."""
        ordered = sorted(samples)
        return cls(median(ordered), ordered[math.ceil(0.95 * len(ordered)) - 1], ordered[-1])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a text table with the first column aligned left and the others right."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(_line(line, widths) for line in lines)


def load() -> str:
    """Describes the machine's load, because figures from a busy machine are less reliable."""
    if not hasattr(os, "getloadavg"):  # Windows
        return f"load unknown, {os.cpu_count()} cores"
    return f"load {os.getloadavg()[0]:.2f} in the last minute, {os.cpu_count()} cores"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.rjust(width) if column else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join((first, *rest)).rstrip()
