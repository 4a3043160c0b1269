"""An OpenID provider on loopback, in the place of Hugging Face. It logs `account` in without a password."""

import socket
import threading
import time
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID = "the-space"
CLIENT_SECRET = "what-the-space-shows-for-a-token"


class IdentityProvider:
    """Serves the authorization code flow inside its `with` block."""

    def __init__(self) -> None:
        self.account = "alice"
        self._key = RSAKey.generate_key(2048, {"kid": "key", "use": "sig", "alg": "RS256"})
        self._codes: dict[str, tuple[str, str]] = {}
        """Account and nonce by authorization code."""

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of a Space with `hf_oauth: true`."""
        return {
            "OAUTH_CLIENT_ID": CLIENT_ID,
            "OAUTH_CLIENT_SECRET": CLIENT_SECRET,
            "OAUTH_SCOPES": "openid profile",
            "OPENID_PROVIDER_URL": self._url,
        }

    def __enter__(self) -> Self:
        listening = socket.create_server(("127.0.0.1", 0))
        self._url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        routes = [
            Route("/.well-known/openid-configuration", self._configuration),
            Route("/oauth/authorize", self._authorize),
            Route("/oauth/token", self._token, methods=["POST"]),
            Route("/oauth/jwks", self._keys),
        ]
        self._server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="error"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]})
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()

    async def _configuration(self, _: Request) -> Response:
        names = {"authorization": "authorize", "token": "token"}
        endpoints = {f"{name}_endpoint": f"{self._url}/oauth/{path}" for name, path in names.items()}
        return JSONResponse({"issuer": self._url, "jwks_uri": f"{self._url}/oauth/jwks"} | endpoints)

    async def _authorize(self, request: Request) -> Response:
        query = request.query_params
        code = f"code-{len(self._codes)}"
        self._codes[code] = self.account, query["nonce"]
        answer = urlencode({"code": code, "state": query["state"]})
        return RedirectResponse(f"{query['redirect_uri']}{'&' if '?' in query['redirect_uri'] else '?'}{answer}")

    async def _token(self, request: Request) -> Response:
        account, nonce = self._codes.pop(str((await request.form())["code"]))
        now = int(time.time())
        token = {"access_token": "for-the-hub", "token_type": "bearer", "scope": "openid profile", "expires_in": 3600}
        claims = {"iss": self._url, "aud": CLIENT_ID, "nonce": nonce, "iat": now, "exp": now + 3600}
        signed = jwt.encode({"alg": "RS256", "kid": "key"}, claims | _profile(account), self._key)
        return JSONResponse(token | {"id_token": signed})

    async def _keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [self._key.as_dict(private=False)]})


def _profile(account: str) -> dict[str, Any]:
    return {
        "sub": f"id-of-{account}",
        "name": account.title(),
        "preferred_username": account,
        "profile": f"https://huggingface.co/{account}",
        "picture": "",
    }
