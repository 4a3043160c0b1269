"""Who calls the API: the token of a session, in the Authorization header."""

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from chatbot.web.session_tokens import SessionTokens

bearer = HTTPBearer(auto_error=False, description="A session's token, from POST /session or from an answer.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


def owner(sessions: SessionTokens, credentials: HTTPAuthorizationCredentials | None) -> str:
    """The id of the caller's session. Raises Unauthorized."""
    return sessions.session_id(credentials.credentials if credentials else None)
