"""Opens the sockets that the app listens on, and says whether it was the host or the port that could not be used."""

import errno
import socket

from chatbot.errors import SettingsError

FIRST_PORT, LAST_PORT = 7860, 7959
"""Gradio's range: the first free port is taken if none is set."""

WILDCARDS = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound


def open_sockets(host: str, port: int | None) -> list[socket.socket]:
    """Sockets for every address of `host`, all on the same port: `port`, or the first free one. `::` accepts IPv4 too.
    Raises SettingsError, which names GRADIO_SERVER_NAME or GRADIO_SERVER_PORT."""
    addresses = _addresses(host)
    for number in range(FIRST_PORT, LAST_PORT + 1) if port is None else [port]:
        try:
            return _bind(addresses, number)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise _wrong_host(host) from None
    wanted = f"={port}: expected a port that is free" if port else f": expected a free port from {FIRST_PORT} on"
    raise SettingsError(f"GRADIO_SERVER_PORT{wanted}")


def local_url(host: str, port: int) -> str:
    """The address of the page for this machine's browser."""
    name = "localhost" if host in WILDCARDS else host.strip("[]")
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/"


def _addresses(host: str) -> list[tuple[socket.AddressFamily, str]]:
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise _wrong_host(host) from None
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _bind(addresses: list[tuple[socket.AddressFamily, str]], port: int) -> list[socket.socket]:
    """Binds every address that this machine has: it may know `localhost` as ::1 without having IPv6."""
    opened: list[socket.socket] = []
    failed: OSError | None = None
    for family, address in addresses:
        is_dual = family == socket.AF_INET6 and address == "::"
        try:
            server = socket.create_server((address, port), family=family, dualstack_ipv6=is_dual)
        except OSError as error:
            failed = error
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                break
        else:
            # asyncio turns off Nagle's algorithm, which holds answers for 40 ms, only if a socket is said to be TCP.
            opened.append(socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=server.detach()))
    if failed and (not opened or failed.errno in (errno.EADDRINUSE, errno.EACCES)):
        for each in opened:
            each.close()
        raise failed
    return opened


def _wrong_host(host: str) -> SettingsError:
    return SettingsError(
        f"GRADIO_SERVER_NAME={host!r}: expected a name or address of this machine, such as 127.0.0.1, 0.0.0.0 or ::1"
    )
