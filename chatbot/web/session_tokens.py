"""Session tokens: who may see which conversations."""

import hashlib
import hmac
import secrets
from pathlib import Path

from itsdangerous import BadSignature, Signer

from chatbot.errors import SettingsError, Unauthorized
from chatbot.storage.atomic_json import replace_file

SECRET_BYTES = 32
SESSION_ID_BYTES = 16

ACCOUNT = "hf-"
"""What the session id of a Hugging Face account begins with; others are hexadecimal."""


class SessionTokens:
    """Issues tokens and checks them. A token is a random session id and our signature on it.

    The id alone names files and log lines; only the whole token opens anything. The signature is compared in
    constant time, by the library.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._signer = Signer(secret, salt="chatbot session", digest_method=hashlib.sha256)

    def new(self) -> str:
        """The token of a session that nobody had before."""
        return self._signer.sign(secrets.token_hex(SESSION_ID_BYTES)).decode()

    def for_account(self, subject: str) -> str:
        """The token of a Hugging Face account's session, the same wherever it signs in. `subject` is the account's own
        id, which stays when its name changes; the session's does not tell it."""
        digest = hmac.new(self._secret, f"account {subject}".encode(), hashlib.sha256).hexdigest()
        return self._signer.sign(ACCOUNT + digest[: 2 * SESSION_ID_BYTES]).decode()

    def session_id(self, token: object) -> str:
        """The session id of a token that we signed. Raises Unauthorized for everything else."""
        try:
            return self._signer.unsign(token if isinstance(token, str) else "").decode()
        except BadSignature:
            raise Unauthorized from None


def load_or_create_secret(directory: Path) -> str:
    """The secret of that data directory, made on first use and readable by its owner only.

    Raises SettingsError where it can neither be read nor made.
    """
    path = directory / "secret"
    try:
        kept = path.read_text().strip() if path.exists() else ""
        if not kept:  # an empty one would let anybody sign
            kept = secrets.token_hex(SECRET_BYTES)
            replace_file(path, kept.encode())
    except OSError as error:
        raise SettingsError(f"CHATBOT_DATA_DIR={str(directory)!r}: expected a directory to write in") from error
    return kept
