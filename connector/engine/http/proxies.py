"""Proxies: a request goes straight to the far side, or through the proxy that the environment names."""

from __future__ import annotations

import ssl
import threading
import urllib.request

import httpx

from connector.engine.http.connection import tls_context
from connector.engine.http.http1 import Http1
from connector.engine.http.messages import Pacer


class ByEnvironment(httpx.BaseTransport):
    """Heeds HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, as they are when a host is first asked for."""

    def __init__(self, *, verify: bool | ssl.SSLContext = True) -> None:
        self._verify = verify
        self._lock = threading.Lock()
        self._direct = Http1(verify=verify)
        self._ways: dict[tuple[str, str], httpx.BaseTransport] = {}
        self._proxied: dict[str, httpx.BaseTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        place = (request.url.scheme, request.url.netloc.decode("ascii"))
        way = self._ways.get(place)
        if way is None:
            with self._lock:
                way = self._ways[place] = self._way(*place)
        return way.handle_request(request)

    def close(self) -> None:
        self._direct.close()
        for proxied in self._proxied.values():
            proxied.close()

    def _way(self, scheme: str, netloc: str) -> httpx.BaseTransport:
        proxy = proxy_for(scheme, netloc)
        if proxy is None:
            return self._direct
        if proxy not in self._proxied:
            self._proxied[proxy] = self._through(proxy)
        return self._proxied[proxy]

    def _through(self, proxy: str) -> httpx.BaseTransport:
        context = tls_context(self._verify) if isinstance(self._verify, bool) else self._verify
        try:
            return PacedTransport(httpx.HTTPTransport(verify=context, proxy=proxy, trust_env=False))
        except ImportError as error:
            raise httpx.ProxyError(
                "the environment names a SOCKS proxy, which needs `pip install socksio`"
            ) from error
        except ValueError as error:  # never with its text, which may hold the proxy's password
            raise httpx.ProxyError("the environment names a proxy of a kind that is not known") from error


def proxy_for(scheme: str, netloc: str) -> str | None:
    """The address of the proxy that the environment names for this place, if it names one."""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(netloc):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


class PacedTransport(httpx.BaseTransport):
    """Sends by a transport that knows nothing of pacers, and tells of each request and its answer."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # Taken out: of what is told here, ours would tell again.
        pacer: Pacer | None = request.extensions.pop("pacer", None)
        if pacer is None:
            return self._inner.handle_request(request)
        pacer.leaves()
        response = self._inner.handle_request(request)
        pacer.arrived(0.0)
        return response

    def close(self) -> None:
        self._inner.close()
