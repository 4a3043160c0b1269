"""Session tokens, and the secret that signs them."""

import stat
from pathlib import Path

import pytest

from chatbot.errors import SettingsError, Unauthorized
from chatbot.web.session_tokens import SECRET_BYTES, SessionTokens, load_or_create_secret


def test_the_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    kept = load_or_create_secret(tmp_path)
    assert len(kept) == 2 * SECRET_BYTES
    assert load_or_create_secret(tmp_path) == kept
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("left", ["", "\n"])
def test_a_secret_that_a_killed_process_left_empty_signs_nothing(left: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(left)
    forged = SessionTokens(left).create()
    with pytest.raises(Unauthorized):
        SessionTokens(load_or_create_secret(tmp_path)).session_id(forged)


def test_a_secret_that_cannot_be_kept_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    with pytest.raises(SettingsError, match="expected a directory to write in"):
        load_or_create_secret(tmp_path)
