"""A conversation's messages as a tree: each follows another, and those that follow the same one are its versions.

Pure functions over records by message id, in the order in which they were added, so that each comes after its parent.
The beginning, which is no message, has the empty id. The head is the newest message on show.
"""

from collections import defaultdict
from typing import Any

Records = dict[str, dict[str, Any]]


def branch(records: Records, head: str, limit: int | None = None) -> list[str]:
    """The ids of the newest `limit` messages up to `head`, oldest first; of all of them with None."""
    ids: list[str] = []
    while head and (limit is None or len(ids) < limit):
        ids.append(head)
        head = records[head]["parent_id"]
    return ids[::-1]


def newest_leaf(records: Records, message_id: str) -> str:
    """Where one gets to from a message by going on to the newest that follows, again and again."""
    newest = {record["parent_id"]: follower for follower, record in records.items()}
    while message_id in newest:
        message_id = newest[message_id]
    return message_id


def versions(records: Records, head: str) -> dict[str, tuple[str, ...]]:
    """For each message up to `head` that has versions, the ids of all of them, oldest first."""
    places = defaultdict(list)
    for message_id, record in records.items():
        places[_place(record)].append(message_id)
    shown = {message_id: tuple(places[_place(records[message_id])]) for message_id in branch(records, head)}
    return {message_id: same for message_id, same in shown.items() if len(same) > 1}


def following(records: Records, message_id: str) -> list[str]:
    """The ids of the message and of all that followed it, in any branch."""
    found = {message_id: True}
    for follower, record in records.items():
        if record["parent_id"] in found:
            found[follower] = True
    return list(found)


def head_without(records: Records, head: str, message_id: str) -> str:
    """The head when the message and all that followed it will be gone: where it is among them, the newest branch of
    the youngest version that is left, or else the message before."""
    if head not in following(records, message_id):
        return head
    place = _place(records[message_id])
    left = [other for other, record in records.items() if _place(record) == place and other != message_id]
    return newest_leaf(records, left[-1]) if left else str(place[0])


def _place(record: dict[str, Any]) -> tuple[str, str]:
    return record["parent_id"], record["role"]
