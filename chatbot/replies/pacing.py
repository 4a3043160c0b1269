"""How often pages are sent a running answer: often enough to look live, and rarely enough to leave time for all."""

MIN_UPDATE_SECONDS = 0.03
"""Between a page's updates while few answers run. A little less than providers.read_pace.READ_SECONDS, so what was read
is sent at once."""
UPDATE_COST_SECONDS = 0.0012
"""Of the event loop's time for one update, at most: python -m tests.bench together."""
UPDATE_SHARE = 0.35
"""The share of the event loop's time that updates may take; the rest is for the providers' streams."""


def update_interval(answers: int) -> float:
    """Seconds between the updates of each of so many answers."""
    return max(MIN_UPDATE_SECONDS, answers * UPDATE_COST_SECONDS / UPDATE_SHARE)
