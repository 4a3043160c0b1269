"""A page that has left a view is sent no more of its answer, whichever the server hears of first."""

from tests.endurance.page import Page

ENDLESS = "pace:50x100000"


def test_an_answer_of_a_view_that_was_left_before_is_not_sent(page: Page) -> None:
    page.call("leave", "", {"view": 1})
    with page.watching(page.wiring.event("send"), "", ENDLESS, "Hello", {"view": 1}) as updates:
        assert next(updates, None) is None


def test_an_answer_of_the_view_that_follows_is_sent(page: Page) -> None:
    page.call("leave", "", {"view": 1})
    with page.watching(page.wiring.event("send"), "", ENDLESS, "Hello", {"view": 2}) as updates:
        assert next(updates)


def test_leaving_a_view_ends_its_updates_on_that_page_only(page: Page) -> None:
    with page.watching(page.wiring.event("send"), "", ENDLESS, "Hello", {"view": 1}) as updates:
        assert next(updates)
        page.call("leave", "", {"view": 1})
        for _ in updates:
            pass
    with page.watching(page.wiring.event("send"), "", ENDLESS, "Hello", {"view": 1}) as updates:
        assert next(updates)
