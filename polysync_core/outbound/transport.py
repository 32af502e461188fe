"""The transport of every connector and vault: pooled connections to checked addresses.

The names of a host are resolved once for each new connection, all addresses are judged, and the
connection goes to one of those very addresses; TLS still verifies the certificate against the
name. So nobody can answer with a public address to the check and a private one to the connection.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family, create_connection

from polysync_core.outbound.hosts import AddressScope

POOLED_CONNECTIONS = 32
"""Idle connections kept per host: as many as an activity worker has threads."""

type Resolver = Callable[[str, int], Sequence[str]]


class AddressRefused(Exception):
    """The host's name leads to an address that must not be connected to."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, in the order the system prefers them."""
    found = socket.getaddrinfo(host, port, allowed_gai_family(), socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class CheckedAdapter(HTTPAdapter):
    """An HTTPAdapter whose connections end only where its `AddressScope` allows."""

    def __init__(self, reach: AddressScope, *, resolver: Resolver = resolve) -> None:
        self._pools = _pool_classes(reach, resolver)
        super().__init__(pool_connections=POOLED_CONNECTIONS, pool_maxsize=POOLED_CONNECTIONS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Build the pools on our connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools


@cache
def _adapter_of(reach: AddressScope) -> CheckedAdapter:
    return CheckedAdapter(reach)


_making = threading.Lock()


def shared_transport(reach: AddressScope) -> HTTPAdapter:
    """Return this process's transport, whose connections outlive the connectors that use it."""
    with _making:
        return _adapter_of(reach)


def _pool_classes(reach: AddressScope, resolver: Resolver) -> dict[str, type[HTTPConnectionPool]]:
    def open_socket(connection: HTTPConnection) -> socket.socket:
        return _open_socket(connection, reach, resolver)

    class CheckedHTTPConnection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return open_socket(self)

    class CheckedHTTPSConnection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return open_socket(self)

    class CheckedHTTPPool(HTTPConnectionPool):
        # urllib3's own classes fail this protocol too: its `host` is a property.
        ConnectionCls = CheckedHTTPConnection  # pyright: ignore[reportAssignmentType]

    class CheckedHTTPSPool(HTTPSConnectionPool):
        ConnectionCls = CheckedHTTPSConnection  # pyright: ignore[reportAssignmentType]

    return {"http": CheckedHTTPPool, "https": CheckedHTTPSPool}


def _open_socket(
    connection: HTTPConnection, reach: AddressScope, resolver: Resolver
) -> socket.socket:
    """Connect to the first address that answers, as urllib3's own `_new_conn` does by name."""
    addresses = _checked_addresses(connection, reach, resolver)
    failure: Exception = OSError("the name has no address")
    for address in addresses:
        try:
            return create_connection(
                (address, connection.port),
                connection.timeout,
                source_address=connection.source_address,
                socket_options=connection.socket_options,
            )
        except TimeoutError:
            failure = ConnectTimeoutError(connection, "The connection timed out.")
        except OSError:
            failure = NewConnectionError(connection, "The connection was refused.")
    raise failure


def _checked_addresses(
    connection: HTTPConnection, reach: AddressScope, resolver: Resolver
) -> Sequence[str]:
    try:
        addresses = resolver(connection.host, connection.port)
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    if not all(reach.allows(address) for address in addresses):
        # Not an OSError or urllib3 error: it must reach the client as it is, never be retried.
        raise AddressRefused
    return addresses
