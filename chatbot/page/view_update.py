"""ViewUpdate: what the server tells the page about the conversation on display. assets/view.js takes it."""

from typing import Any, Literal, TypedDict

from chatbot.page.message_view import ShownMessage


class ViewUpdate(TypedDict, total=False):
    """A missing field stays as it is.

    `view` is the number that the browser gave the view that asked; the browser ignores updates of a view that it has
    left. `messages` are those before the `answer`, `queued` those that wait for its end, as the server read them at
    `queued_at`, in seconds of its monotonic clock; within a view the browser ignores an older queue. While an answer
    runs, they and the `lines` come as the JSON object `unchanged`, which is the same in all updates with one `part`.
    `box` is text for the message box, `returned` are ids of uploads that a refused message gives back, `undone` the
    attachments of a message that was taken back. `settings` are the values of the settings form, in the order of its
    fields, then the provider whose models are listed, and the preset.
    """

    view: int
    part: int
    phase: Literal["running", "idle"]
    token: str
    conversation_id: str
    messages: list[ShownMessage]
    answer: list[ShownMessage]
    lines: dict[str, Any]
    queued: list[dict[str, Any]]
    queued_at: float
    unchanged: str
    box: str
    returned: list[str]
    undone: list[dict[str, Any]]
    settings: list[Any]
