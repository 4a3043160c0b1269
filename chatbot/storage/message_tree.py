"""A conversation's messages as a tree: each follows its parent, and messages with the same parent are versions.

Pure functions over records by message id, in the order in which they were added: each comes after its parent. The root,
which is no message, has the empty id. The head is the newest message on display.
"""

from collections import defaultdict
from typing import Any

Records = dict[str, dict[str, Any]]


def branch(records: Records, head: str, limit: int | None = None) -> list[str]:
    """The ids of the newest `limit` messages up to `head`, oldest first; of all of them if None."""
    ids: list[str] = []
    while head and (limit is None or len(ids) < limit):
        ids.append(head)
        head = records[head]["parent_id"]
    return ids[::-1]


def newest_leaf(records: Records, message_id: str) -> str:
    """The end of the branch that follows the newest child at every step."""
    newest_child = {record["parent_id"]: child for child, record in records.items()}
    while message_id in newest_child:
        message_id = newest_child[message_id]
    return message_id


def versions(records: Records, head: str) -> dict[str, tuple[str, ...]]:
    """For each message up to `head` that has versions, the ids of all of them, oldest first."""
    siblings = defaultdict(list)
    for message_id, record in records.items():
        siblings[_place(record)].append(message_id)
    displayed = {message_id: tuple(siblings[_place(records[message_id])]) for message_id in branch(records, head)}
    return {message_id: ids for message_id, ids in displayed.items() if len(ids) > 1}


def subtree(records: Records, message_id: str) -> list[str]:
    """The ids of the message and of all that follow it, in any branch."""
    found = {message_id: True}
    for child, record in records.items():
        if record["parent_id"] in found:
            found[child] = True
    return list(found)


def head_without(records: Records, head: str, message_id: str) -> str:
    """The head after the message and its subtree are removed. If the head is among them: the newest leaf of the
    youngest version that is left, else the message before."""
    if head not in subtree(records, message_id):
        return head
    place = _place(records[message_id])
    left = [other for other, record in records.items() if _place(record) == place and other != message_id]
    return newest_leaf(records, left[-1]) if left else str(place[0])


def _place(record: dict[str, Any]) -> tuple[str, str]:
    return record["parent_id"], record["role"]
