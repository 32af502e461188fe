"""Recognises request headers that identify the caller, or that a proxy or tunnel adds."""

from __future__ import annotations

_IDENTITY = frozenset({"host", "origin", "x-ms-client-principal"})
"""The headers that name the server, the page and the signed-in caller."""

_FORWARDING = frozenset(
    {
        "cdn-loop",
        "client-ip",
        "disguised-host",
        "forwarded",
        "proxy-client-ip",
        "true-client-ip",
        "via",
        "wl-proxy-client-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-host",
        "x-originating-ip",
        "x-proxyuser-ip",
        "x-real-ip",
        "x-remote-addr",
        "x-remote-ip",
    }
)
_FORWARDING_PREFIXES = (
    "akamai-",
    "cf-",
    "cloudfront-",
    "fastly-",
    "fly-",
    "ngrok-",
    "tailscale-",
    "x-amz-cf-",
    "x-appengine-",
    "x-arr-",
    "x-azure-",
    "x-envoy-",
    "x-forwarded",
    "x-original-",
    "x-tunnel",
    "x-vercel-",
)


def is_forwarding_header(name: str) -> bool:
    """Return whether a proxy or a tunnel adds this header; the name is in lower case."""
    return name in _FORWARDING or name.startswith(_FORWARDING_PREFIXES)


def identifies_caller(name: str) -> bool:
    """Return whether a header is needed to identify the caller; the name is in lower case."""
    return name in _IDENTITY or is_forwarding_header(name)
