"""Who calls the API: a session's token or, if logins are set, a name and a password. And what its operations depend
on."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from hmac import compare_digest
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from chatbot.errors import LoginNeeded, Unauthorized
from chatbot.storage import ConversationMemory
from chatbot.web.client_address import client_address
from chatbot.web.login_throttle import LoginThrottle
from chatbot.web.services import Services
from chatbot.web.session_tokens import SessionTokens

PUBLIC_PATH = "/health"
"""Answers everybody, even if logins are set: for monitors."""

bearer = HTTPBearer(auto_error=False, description="A session's token, from POST /session or from an answer.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


def get_services(request: Request) -> Services:
    """The services of the app."""
    return cast(Services, request.app.state.services)


ServicesDep = Annotated[Services, Depends(get_services)]


def get_token(services: ServicesDep, credentials: Credentials) -> str:
    """The caller's token. Raises Unauthorized without a valid one."""
    token = credentials.credentials if credentials else ""
    services.tokens.session_id(token)
    return token


Token = Annotated[str, Depends(get_token)]


def get_session_id(services: ServicesDep, token: Token) -> str:
    """The id of the caller's session. Raises Unauthorized."""
    return services.tokens.session_id(token)


SessionId = Annotated[str, Depends(get_session_id)]


def get_memory(services: ServicesDep, session_id: SessionId) -> ConversationMemory:
    """The memory of the caller's session."""
    return services.store.memory(session_id)


Memory = Annotated[ConversationMemory, Depends(get_memory)]


def get_address(services: ServicesDep, request: Request) -> str:
    """The caller's address, for rate limits."""
    return client_address(request, services.is_behind_proxy)


Address = Annotated[str, Depends(get_address)]


class Authentication:
    """Checks credentials before anything else of a call is read. `logins` are (name, password) pairs."""

    def __init__(self, tokens: SessionTokens, logins: Iterable[tuple[str, str]], throttle: LoginThrottle) -> None:
        self._tokens = tokens
        self._throttle = throttle
        self._logins = [b64encode(f"{name}:{password}".encode()) for name, password in logins]

    def check(self, path: str, request: Request, security: Sequence[Mapping[str, Any]]) -> None:
        """Raises LoginNeeded, TooManyLogins or Unauthorized. `security` is the operation's in the OpenAPI description:
        empty if it takes no token, with an empty entry if the token is optional."""
        scheme, value = get_authorization_scheme_param(request.headers.get("authorization", ""))
        token = value if scheme.lower() == "bearer" else ""
        try:
            self._tokens.session_id(token)
        except Unauthorized:
            if self._logins and path != PUBLIC_PATH:
                self._check_login(request, scheme, value)
            if security and (token or {} not in security):
                raise

    def _check_login(self, request: Request, scheme: str, value: str) -> None:
        if scheme.lower() != "basic":
            raise LoginNeeded from None
        self._throttle.check(request)
        matches = [compare_digest(value.encode(), login) for login in self._logins]  # all, in constant time
        if not any(matches):
            self._throttle.count(request)
            raise LoginNeeded from None
