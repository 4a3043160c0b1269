"""Two empty sessions for the storage tests."""

from pathlib import Path

import pytest

from chatbot.storage import ConversationMemory


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A session's directory that does not exist yet."""
    return tmp_path / "the-session"


@pytest.fixture
def memory(path: Path) -> ConversationMemory:
    return ConversationMemory(path)


@pytest.fixture
def other(tmp_path: Path) -> ConversationMemory:
    """The memory of another session."""
    return ConversationMemory(tmp_path / "another-session")
