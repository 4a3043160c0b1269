"""A tenth of the demo model's scoring, through the app's own API; all of it is in tier 3."""

import pytest

from tests.adapter.score import Scores, score

pytestmark = [pytest.mark.tier2, pytest.mark.timeout(900)]

SHARE = 0.1


@pytest.fixture(scope="module")
def scores() -> Scores:
    return score(seed=1, share=SHARE, first_share=SHARE)


def test_the_demo_model_remembers(scores: Scores) -> None:
    """So few cases vary from run to run, so the floor is below the goals in `cases.py`."""
    assert sum(scores.right.values()) / len(scores.right) >= 0.6, scores.wrong


def test_its_first_answers_end_and_do_not_go_round_in_circles(scores: Scores) -> None:
    assert scores.loops == []
    assert scores.ended >= 4 / 6, scores.first_answers
