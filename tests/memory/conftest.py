"""The sessions that the tests of the memory fill."""

from pathlib import Path

import pytest

from chatbot.storage import ConversationMemory


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A session's directory, which is not there yet."""
    return tmp_path / "the-session"


@pytest.fixture
def memory(path: Path) -> ConversationMemory:
    """The session's memory."""
    return ConversationMemory(path)


@pytest.fixture
def other(tmp_path: Path) -> ConversationMemory:
    """Another session's."""
    return ConversationMemory(tmp_path / "another-session")
