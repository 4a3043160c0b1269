"""How a conversation's summary looks, and the offer to make one; assets/summary.js draws them."""

from collections.abc import Callable, Sequence

from chatbot.page.answer_details import Facts, summary_details
from chatbot.page.message_view import Line
from chatbot.replies.summarizing import SummaryState
from chatbot.types import StoredMessage


def show_summary(
    state: SummaryState,
    messages: Sequence[StoredMessage],
    rows: Sequence[Line],
    label: Callable[[str], str],
    *,
    always: bool,
) -> Facts | None:
    """The summary, with the id of the row `before` which it stands: the first after its messages, empty if none
    follows; and what the next would cover. None if there is neither. `always`: one is made after each answer when
    something has fallen out."""
    if not rows or not (state.current or state.offer or state.running):
        return None
    shown: Facts = {"always": always, "running": state.running}
    if made := state.current:
        place = _row_after(made.until, messages, rows)
        facts = {"text": made.text, "covers": made.covers, "made_at": made.created_at}
        shown["made"] = {**facts, "before": place, "details": summary_details(made, label)}
    if offer := state.offer:
        facts = {"messages": offer.messages, "tokens": offer.tokens, "cost": offer.cost or None}
        shown["offer"] = {**facts, "possible": offer.possible}
    if state.failure:
        shown["failure"] = state.failure.text.as_json()
    return shown


def _row_after(message_id: str, messages: Sequence[StoredMessage], rows: Sequence[Line]) -> str:
    """The id of the first row after a message; empty if none follows."""
    ids = [each.message_id for each in messages]
    following = ids[ids.index(message_id) + 1 :] if message_id in ids else ids
    return next((str(row["id"]) for row in rows if row["id"] in following), "")
