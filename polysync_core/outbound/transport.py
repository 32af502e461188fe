"""Creates pooled HTTP transports that connect to checked IP addresses only.

A host name is resolved once for each new connection. All its addresses are checked, and the
connection goes to one of exactly these addresses, which prevents DNS rebinding. TLS still verifies
the certificate against the name.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family, create_connection

from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import AddressScope
from polysync_core.outbound.http_request import ClientCertificate

POOLED_CONNECTIONS = 32
"""Idle connections per host: one for each thread of an activity worker."""

_TLS_TRANSPORTS = 32
"""TLS contexts whose connections are pooled; the least recently used one is dropped."""

_KEEP_ALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, option, seconds)
        for name, seconds in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 30))
        if (option := getattr(socket, name, None)) is not None
    ),
)
"""Packets on silent connections: Azure drops a connection that is silent for four minutes.
https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-idle-timeout"""

type Resolver = Callable[[str, int], Sequence[str]]


class AddressRefused(Exception):
    """The host's name resolves to a forbidden address."""


class ConnectionRefused(NewConnectionError):
    """The host answered that nothing listens on the port."""


class CertificateUnusable(Exception):
    """A client certificate has no private key, or an authority is not PEM."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, in the order the system prefers them."""
    found = socket.getaddrinfo(host, port, allowed_gai_family(), socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class CheckedAdapter(HTTPAdapter):
    """An HTTPAdapter that connects only to addresses in its `AddressScope`."""

    def __init__(
        self,
        scope: AddressScope,
        *,
        resolver: Resolver = resolve,
        ssl_context: ssl.SSLContext | None = None,
        has_own_authorities: bool = False,
    ) -> None:
        self._pools = _pool_classes(scope, resolver)
        self._ssl_context = ssl_context
        self._has_own_authorities = has_own_authorities
        super().__init__(pool_connections=POOLED_CONNECTIONS, pool_maxsize=POOLED_CONNECTIONS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Build the pools from checked connections."""
        if self._ssl_context is not None:
            kwargs["ssl_context"] = self._ssl_context
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Add the public authorities to the trusted ones, unless the context has its own."""
        super().cert_verify(conn, url, verify, cert)  # pyright: ignore[reportUnknownMemberType]
        if self._has_own_authorities:
            conn.ca_certs = conn.ca_cert_dir = None


@cache
def _adapter_of(scope: AddressScope) -> CheckedAdapter:
    return CheckedAdapter(scope)


@lru_cache(maxsize=_TLS_TRANSPORTS)
def _adapter_with(
    scope: AddressScope, pem: Secret | None, authorities: str | None
) -> CheckedAdapter:
    # Imported on first use: cryptography is slow to import.
    from polysync_core.outbound.sign_in.certificates import tls_context

    context = tls_context(pem, authorities)
    return CheckedAdapter(scope, ssl_context=context, has_own_authorities=authorities is not None)


_lock = threading.Lock()


def shared_transport(scope: AddressScope) -> HTTPAdapter:
    """Return the transport of this process, which outlives the connectors that use it."""
    with _lock:
        return _adapter_of(scope)


def private_authority_transport(scope: AddressScope, authorities: str) -> HTTPAdapter:
    """Return the transport of this process that trusts the given authorities (PEM) only.

    Raises `CertificateUnusable` for authorities that are not PEM.
    """
    with _lock:
        return _adapter_with(scope, None, authorities)


def certificate_transport(
    scope: AddressScope, certificate: ClientCertificate, *, authorities: str | None = None
) -> HTTPAdapter:
    """Return the transport of this process that presents a client certificate (mTLS).

    Raises `CertificateUnusable`.
    """
    with _lock:
        return _adapter_with(scope, certificate.pem, authorities)


def _pool_classes(scope: AddressScope, resolver: Resolver) -> dict[str, type[HTTPConnectionPool]]:
    def open_socket(connection: HTTPConnection) -> socket.socket:
        return _open_socket(connection, scope, resolver)

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
    connection: HTTPConnection, scope: AddressScope, resolver: Resolver
) -> socket.socket:
    """Connect to the first address that answers, as urllib3's own `_new_conn` does by name."""
    addresses = _checked_addresses(connection, scope, resolver)
    failure: Exception = OSError("the host name has no address")
    for address in addresses:
        try:
            return create_connection(
                (address, connection.port),
                connection.timeout,
                source_address=connection.source_address,
                socket_options=[*(connection.socket_options or ()), *_KEEP_ALIVE],
            )
        except TimeoutError:
            failure = ConnectTimeoutError(connection, "The connection timed out.")
        except ConnectionRefusedError:
            failure = ConnectionRefused(connection, "The connection was refused.")
        except OSError:
            failure = NewConnectionError(connection, "The host cannot be reached.")
    raise failure


def _checked_addresses(
    connection: HTTPConnection, scope: AddressScope, resolver: Resolver
) -> Sequence[str]:
    try:
        addresses = resolver(connection.host, connection.port)
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    if not all(scope.allows(address) for address in addresses):
        # Not an OSError or urllib3 error: it must reach the client unchanged, without a retry.
        raise AddressRefused
    return addresses
