"""The environment variables of the libraries below: made usable, or reported before one of them fails.

HTTP clients read those for proxies and certificates when they are created, which can be in the middle of an answer.
"""

import os
import re
import ssl
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from chatbot.errors import SettingsError
from chatbot.settings import Settings

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")
"""Those that httpx knows. Desktops write `socks`, which they mean as `socks5`."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")


UNUSED = (
    "GRADIO_NUM_PORTS",
    "GRADIO_NODE_NUM_PORTS",
    "GRADIO_NUM_WORKERS",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY",
    "GRADIO_DEBUG",
    "GRADIO_TEMP_DIR",
    "GRADIO_EXAMPLES_CACHE",
    "GRADIO_ALLOWED_PATHS",
    "GRADIO_MCP_SERVER",
    "WEB_CONCURRENCY",
)
"""Variables of Gradio and uvicorn for what this app does not have. Nonsense in some ends the start."""


def prepare_environment(settings: Settings) -> None:
    """Checks proxies and certificates, and adds this machine to NO_PROXY, so that servers on it are never reached
    through a proxy. Call it before Gradio is imported. Raises SettingsError, whose one line names the variable that
    cannot be used."""
    for name in UNUSED:
        os.environ.pop(name, None)
    proxies = [name for name, value in os.environ.items() if name.upper() in PROXY_VARIABLES and value.strip()]
    for name in proxies:
        os.environ[name] = _usable_proxy(name, os.environ[name].strip(" \"'"))
    if proxies:  # alone, NO_PROXY would hide the proxies that are set up in macOS and Windows
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(_hosts_without_proxy(settings))
    _check_certificates()


def _usable_proxy(variable: str, value: str) -> str:
    """The proxy's address as httpx accepts it; it also accepts one without a scheme."""
    address = value if "://" in value else f"http://{value}"
    if address.startswith("socks://"):
        address = address.replace("socks", "socks5", 1)
    try:
        parts = urlsplit(address)
        usable = parts.scheme in PROXY_SCHEMES and parts.hostname and parts.port != 0 and address.isprintable()
        usable = usable and not set(address) & set(' "<>\\^`{|}')
    except ValueError:  # a port that is no number
        usable = False
    if not usable:
        shown = "(hidden)" if "@" in value else repr(value)  # a password may stand before the @
        raise SettingsError(f"{variable}={shown}: expected the address of a proxy, such as http://proxy.example:3128")
    return address


def _hosts_without_proxy(settings: Settings) -> list[str]:
    """The entries of NO_PROXY, this machine, and the providers' addresses on it."""
    entries = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    plain = filter(None, map(_usable_host, re.split(r"[,;\s]+", entries)))
    urls = (settings.openai_base_url, settings.anthropic_base_url, settings.compatible_base_url)
    hosts = (urlsplit(url).hostname or "" for url in urls if url)
    return [*dict.fromkeys([*plain, *LOOPBACK, *filter(_is_loopback, hosts)])]


def _usable_host(entry: str) -> str:
    """An entry of NO_PROXY in a form that httpx can read; empty if there is none. At networks of IPv6 and at names that
    are not ASCII it fails, and every client with it."""
    with suppress(ValueError):
        return str(ip_address(re.sub(r"\](:\d+)?$", "", entry.removeprefix("["))))
    is_usable = re.fullmatch(r"([a-z]+://)?(?!.*xn--)[\w.*-]+(:\d{1,5}|/\d{1,2})?", entry, re.ASCII)
    return entry if is_usable else ""


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host.endswith(".localhost")


def _check_certificates() -> None:
    for name in ("SSLKEYLOGFILE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        if name in os.environ:
            os.environ[name] = os.environ[name].strip(" \"'")
    if log_file := os.environ.get("SSLKEYLOGFILE"):
        path = Path(log_file)
        if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
            raise SettingsError(f"SSLKEYLOGFILE={log_file!r}: expected a file that can be written")
    if file := os.environ.get("SSL_CERT_FILE"):
        try:
            ssl.create_default_context(cafile=file)
        except OSError:
            raise SettingsError(f"SSL_CERT_FILE={file!r}: expected a file with certificates in PEM format") from None
        return  # the clients read no other
    folders = os.environ.get("SSL_CERT_DIR")
    if folders and not any(Path(folder).is_dir() for folder in folders.split(os.pathsep)):
        raise SettingsError(f"SSL_CERT_DIR={folders!r}: expected a directory with certificates")
