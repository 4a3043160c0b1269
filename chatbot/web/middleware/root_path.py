"""Removes GRADIO_ROOT_PATH from the paths of requests, for proxies that pass it on."""

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send


class RootPath:
    """Makes `/talk/health` the path `/health` if `root_path` is `/talk` or a whole address that ends so.

    Outermost: the other middleware compares whole paths, while the router behind it ignores the root path. So it is
    removed as often as a path begins with it.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root = urlsplit(root_path).path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        while self._root and f"{path}/".startswith(f"{self._root}/"):
            path = path.removeprefix(self._root) or "/"
        await self._app({**scope, "path": path} if "path" in scope else scope, receive, send)
