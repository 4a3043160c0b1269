"""Who may call the API: whoever bears a session's token, and, where logins are set, whoever logs in to get one."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hmac import compare_digest
from typing import Any

from fastapi.security.utils import get_authorization_scheme_param
from starlette.requests import Request

from chatbot.errors import Unauthorized
from chatbot.web.login_throttle import LoginThrottle
from chatbot.web.session_tokens import SessionTokens

FOR_MONITORS = "/health"
"""Answers whoever asks, also where logins are set."""


class LoginNeeded(Unauthorized):
    """Logins are set, and this call bears neither one of them nor a session's token."""

    sentence = "This needs a login: a name and a password."


class Access:
    """Checks what a call bears before anything else of it is looked at. `logins` are (name, password) pairs."""

    def __init__(self, sessions: SessionTokens, logins: Iterable[tuple[str, str]], brake: LoginThrottle) -> None:
        self._sessions = sessions
        self._brake = brake
        self._logins = [b64encode(f"{name}:{password}".encode()) for name, password in logins]

    def check(self, path: str, request: Request, security: Sequence[Any]) -> None:
        """`security` is the operation's own in the API's description: none, a token that may be there, or one that
        has to be. Raises LoginNeeded, TooManyLogins or Unauthorized."""
        scheme, given = get_authorization_scheme_param(request.headers.get("authorization", ""))
        token = given if scheme.lower() == "bearer" else ""
        try:
            self._sessions.session_id(token)
        except Unauthorized:
            if self._logins and path != FOR_MONITORS:
                self._log_in(request, scheme, given)
            if security and (token or {} not in security):
                raise

    def _log_in(self, request: Request, scheme: str, given: str) -> None:
        if scheme.lower() != "basic":
            raise LoginNeeded from None
        self._brake.check(request)
        same = [compare_digest(given.encode(), login) for login in self._logins]  # all of them: each takes its time
        if not any(same):
            self._brake.count(request)
            raise LoginNeeded from None
