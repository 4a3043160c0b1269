"""What processes that share a database tell each other."""

from collections.abc import Callable
from typing import Literal, NamedTuple


class Event(NamedTuple):
    """The session was written in (`changed`; without a session, any may have been), or its conversation's answer is to
    be stopped (`stop`; `stop_first` if something else happens before what is queued). `lost` is about this process: it
    was taken for gone, and its answers count as interrupted."""

    kind: Literal["changed", "stop", "stop_first", "lost"]
    session_id: str = ""
    conversation_id: str = ""


Listener = Callable[[Event], None]
