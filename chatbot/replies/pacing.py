"""How often the pages are told how their answers have grown: at a pace that feels live, and leaves time for all."""

FASTEST_FRAMES = 1 / 15
"""Seconds between a page's updates while few answers run: text that comes this often seems to flow."""
FRAME_SECONDS = 0.0012
"""What one update of a page costs the event loop at most: python -m tests.bench together."""
FRAME_SHARE = 0.35
"""The share of the event loop's time that updates may take; the rest is for the providers' streams."""


def update_interval(answers: int) -> float:
    """Seconds between the updates of each of so many answers."""
    return max(FASTEST_FRAMES, answers * FRAME_SECONDS / FRAME_SHARE)
