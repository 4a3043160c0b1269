"""Session tokens: visitors are identified by a random signed token, which the browser keeps in local storage."""

import hashlib
import hmac
import secrets

from itsdangerous import BadSignature, Signer

from chatbot.errors import Unauthorized

SESSION_ID_BYTES = 16

ACCOUNT_PREFIX = "hf-"
"""Of the session id of a Hugging Face account; other ids are hexadecimal."""


class SessionTokens:
    """Issues and verifies tokens. A token is a random session id with our signature.

    The id alone names files and log lines; only the whole token opens anything. The library compares signatures in
    constant time.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._signer = Signer(secret, salt="chatbot session", digest_method=hashlib.sha256)

    def create(self) -> str:
        """Returns the token of a new session."""
        return self._signer.sign(secrets.token_hex(SESSION_ID_BYTES)).decode()

    def create_for_account(self, subject: str) -> str:
        """Returns the token of a Hugging Face account's session, the same at every sign-in. `subject` is the account's
        id, which stays when its name changes; the session id does not reveal it."""
        digest = hmac.new(self._secret, f"account {subject}".encode(), hashlib.sha256).hexdigest()
        return self._signer.sign(ACCOUNT_PREFIX + digest[: 2 * SESSION_ID_BYTES]).decode()

    def session_id(self, token: object) -> str:
        """The session id of a token that we signed. Raises Unauthorized for everything else."""
        try:
            return self._signer.unsign(token if isinstance(token, str) else "").decode()
        except BadSignature:
            raise Unauthorized from None
