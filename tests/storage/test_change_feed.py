"""ChangeFeed: waiters learn of every write in their session."""

import asyncio
import threading
from pathlib import Path

import pytest

from chatbot.errors import StorageError
from chatbot.storage import ChangeFeed, Store
from chatbot.storage.change_feed import MAX_REVISIONS
from chatbot.types import ModelChoice, Options
from tests.support.stored_files import add_conversation


@pytest.fixture
def changes() -> ChangeFeed:
    return ChangeFeed()


async def test_a_waiter_is_woken_only_by_its_own_session(changes: ChangeFeed) -> None:
    seen = {name: changes.revision(name) for name in ("anna", "ben")}
    waiting = {name: asyncio.create_task(changes.wait(name, seen[name])) for name in seen}
    await asyncio.sleep(0)
    await asyncio.to_thread(changes.notify, "anna")
    assert await asyncio.wait_for(waiting["anna"], 5) == changes.revision("anna") != seen["anna"]
    assert changes.revision("ben") == seen["ben"]
    assert not waiting["ben"].done()
    changes.notify("ben")
    await asyncio.wait_for(waiting["ben"], 5)


async def test_wait_returns_at_once_if_the_revision_already_changed(changes: ChangeFeed) -> None:
    seen = changes.revision("anna")
    changes.notify("anna")
    assert await asyncio.wait_for(changes.wait("anna", seen), 5) == changes.revision("anna")


async def test_wait_returns_the_seen_revision_after_the_timeout(changes: ChangeFeed) -> None:
    changes.notify("anna")
    seen = changes.revision("anna")
    assert await changes.wait("anna", seen, timeout=0.01) == seen
    assert await changes.wait("anna", seen, timeout=0) == seen


async def test_a_cancelled_or_timed_out_waiter_is_removed(changes: ChangeFeed) -> None:
    waiting = asyncio.create_task(changes.wait("anna", 0))
    other = asyncio.create_task(changes.wait("anna", 0))
    await changes.wait("ben", 0, timeout=0.001)
    waiting.cancel()
    await asyncio.wait([waiting])
    changes.notify("anna")
    assert await asyncio.wait_for(other, 5)
    assert changes._waiters == {}


async def test_evicted_sessions_miss_no_change(changes: ChangeFeed) -> None:
    changes.notify("anna")
    seen = {name: changes.revision(name) for name in ("anna", "ben")}
    for name in seen:
        changes.notify(name)
    for number in range(3 * MAX_REVISIONS):
        changes.notify(f"visitor{number}")
    assert len(changes._revisions) == MAX_REVISIONS
    for name, revision in seen.items():
        assert await changes.wait(name, revision, timeout=0) != revision


@pytest.mark.usefixtures("threads_switch_often")
def test_waiters_on_several_loops_see_the_last_change(changes: ChangeFeed) -> None:
    done: list[int] = []

    async def watch() -> None:
        seen = 0
        while seen < 800:
            seen = await changes.wait("anna", seen, timeout=10)
        done.append(seen)

    def write() -> None:
        for _ in range(200):
            changes.notify("anna")

    threads = [threading.Thread(target=asyncio.run, args=(watch(),)) for _ in range(3)]
    threads += [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [800] * 3


async def test_a_waiter_on_a_closed_loop_stops_no_writer(changes: ChangeFeed) -> None:
    def close_loop_while_waiting() -> None:
        loop = asyncio.new_event_loop()
        waiting = loop.create_task(changes.wait("anna", 0))
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        changes.notify("anna")
        waiting._log_destroy_pending = False  # type: ignore[attr-defined]

    await asyncio.to_thread(close_loop_while_waiting)
    assert changes.revision("anna") == 1


def test_every_write_and_nothing_else_is_a_new_revision(tmp_path: Path) -> None:
    store = Store(tmp_path)
    memory = store.memory("anna")
    other = store.changes.revision("ben")
    conversation_id = add_conversation(memory, "A", "B")
    first = memory.get_messages(conversation_id)[0]
    options = Options(ModelChoice("openai", "m"), "", 1, 1)
    for change in (
        lambda: memory.add_message(conversation_id, "user", "C"),
        lambda: memory.update_message(conversation_id, first),
        lambda: memory.show_version(conversation_id, first.message_id),
        lambda: memory.set_options(conversation_id, options),
        lambda: memory.rename_conversation(conversation_id, "New"),
        lambda: memory.remove_from(conversation_id, first.message_id),
        lambda: memory.clear_conversation(conversation_id),
        lambda: memory.delete_conversation(conversation_id),
        memory.create_conversation,
        lambda: memory.prompts.save("Name", "Text"),
        lambda: memory.prompts.delete("Name"),
        memory.delete_all,
    ):
        before = store.changes.revision("anna")
        change()
        assert store.changes.revision("anna") == before + 1
    before = store.changes.revision("anna")
    conversation_id = add_conversation(memory)
    with memory.transaction(conversation_id):
        memory.add_message(conversation_id, "user", "A")
        memory.add_message(conversation_id, "user", "B")
        assert store.changes.revision("anna") == before + 1
    assert store.changes.revision("anna") == before + 2
    assert (memory.search("A"), memory.list_conversations(), memory.all_messages(conversation_id)) != ([], [], [])
    (tmp_path / "sessions" / "anna" / "draft").mkdir()
    with pytest.raises(StorageError):
        memory.add_message(conversation_id, "user", "C")
    assert store.changes.revision("anna") == before + 2
    assert store.changes.revision("ben") == other
    store.close()
