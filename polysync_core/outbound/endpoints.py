"""Addresses of services that are not ours to know: any public host, with a path and a query."""

from __future__ import annotations

import re
from dataclasses import dataclass

from polysync_core.domain.errors import Invalid
from polysync_core.outbound.hosts import BaseAddress, HostRule

EXAMPLE = "https://hooks.example.com/polysync"

_ADDRESS = re.compile(
    r"(?P<origin>[^:/?#]*://[^/?#]*)(?P<target>[^#]*)(?P<fragment>#.*)?", re.DOTALL
)
# What RFC 3986 lets stand in a path or a query; anything else comes percent-encoded.
_TARGET = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:[/?]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A checked address: where to connect, and what to ask for there."""

    base: BaseAddress
    target: str
    """Path and query, beginning with a slash."""

    @property
    def url(self) -> str:
        """The whole address."""
        return self.base.url + self.target


def read_endpoint(text: str, *, path: str, allow_loopback: bool) -> Endpoint:
    """Return a checked address, or raise `Invalid` at `path` naming the rule it breaks.

    The name is judged here; what it resolves to is judged when it is connected to.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise Invalid.at(path, f"only https addresses are allowed, such as {EXAMPLE}")
    if found["fragment"] is not None:
        raise Invalid.at(path, "a fragment (#…) is never sent: leave it out")
    # Every suffix will do: `HostRule` refuses addresses and names without a dot by itself.
    rule = HostRule(suffixes=("",), example=EXAMPLE, allow_loopback=allow_loopback)
    base = rule.read(found["origin"], path=path)
    target = found["target"]
    if _TARGET.fullmatch(target) is None or _DOTS.search(target.partition("?")[0]):
        raise Invalid.at(path, "the path or query holds what must be percent-encoded, or dots")
    return Endpoint(base, target if target.startswith("/") else f"/{target}")
