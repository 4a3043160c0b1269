"""Session tokens and the secret that signs them."""

import stat
from pathlib import Path

import pytest

from chatbot.errors import SettingsError, Unauthorized
from chatbot.storage.backend import SECRET_BYTES
from chatbot.storage.disk_backend import load_or_create_secret
from chatbot.web.session_tokens import SessionTokens


def test_the_secret_is_created_once_and_readable_by_the_owner_only(tmp_path: Path) -> None:
    secret = load_or_create_secret(tmp_path)
    assert len(secret) == 2 * SECRET_BYTES
    assert load_or_create_secret(tmp_path) == secret
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_secret_file_is_not_used(content: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(content)
    forged = SessionTokens(content).create()
    with pytest.raises(Unauthorized):
        SessionTokens(load_or_create_secret(tmp_path)).session_id(forged)


def test_a_secret_that_cannot_be_stored_raises_settings_error(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    with pytest.raises(SettingsError, match="expected a directory to write in"):
        load_or_create_secret(tmp_path)
