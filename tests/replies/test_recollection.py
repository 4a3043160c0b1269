"""What goes along with a question is found while the question is being stored."""

from chatbot.replies.recollection import begin_recollecting
from tests.support.reply_setup import ReplySetup


def test_notes_and_passages_are_found_while_the_session_is_being_written(replies_setup: ReplySetup) -> None:
    memory = replies_setup.memory
    memory.notes.set_switches(recall=True)
    memory.notes.create("My boat is called Heron.")
    earlier = memory.create_conversation()
    memory.add_message(earlier, "user", "We keep the boat in the harbour of Stralsund.")
    with memory.transaction("a-new-one"):  # which nobody else could read before its end
        found = begin_recollecting(memory, "a-new-one", "Where do we keep the boat?", None, 800)()
    assert [each.text for each in found.notes] == ["My boat is called Heron."]
    assert [each.conversation_id for each in found.passages] == [earlier]
