"""Tells whether it was a proxy or a certificate that kept a connection to a provider from being made."""

import ssl
from collections.abc import Iterator
from contextlib import suppress
from urllib.request import getproxies, proxy_bypass

import httpx2

from chatbot.errors import ProviderError, UnreachableProxy, UntrustedCertificate

NO_CONNECTION = (httpx2.ConnectError, httpx2.ConnectTimeout)


def network_error_class(error: Exception) -> type[ProviderError] | None:
    """The class of our error if a proxy or a certificate is the cause, else None."""
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return UntrustedCertificate
    if any(isinstance(cause, httpx2.ProxyError) for cause in causes):
        return UnreachableProxy
    is_unconnected = any(isinstance(cause, NO_CONNECTION) for cause in causes)
    return UnreachableProxy if is_unconnected and any(map(_has_proxy, causes)) else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current:
        yield current
        current = current.__cause__ or current.__context__


def _has_proxy(error: BaseException) -> bool:
    """Whether the request that failed went through a proxy of the environment."""
    with suppress(RuntimeError):  # httpx's, for an error without a request
        if request := getattr(error, "request", None):
            proxies = getproxies()
            is_set = proxies.get(request.url.scheme) or proxies.get("all")
            return bool(is_set) and not proxy_bypass(request.url.host)
    return False
