"""Sends e-mail by an SMTP server, over a checked and encrypted connection."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage

from polysync_core.domain.definitions.receivers import EmailReceiver, SmtpSecurity
from polysync_core.domain.errors import Invalid, PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import BaseAddress, HostRule
from polysync_core.outbound.transport import AddressRefused, Resolver, resolve

_TIMEOUT = 10.0
_PORTS = frozenset({25, 465, 587, 2525})
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """A checked address of an SMTP server."""

    base: BaseAddress
    port: int
    security: SmtpSecurity

    @property
    def name(self) -> str:
        """The server for error messages."""
        return f"{self.base.host}:{self.port}"


def server_of(receiver: EmailReceiver, *, allow_loopback: bool) -> SmtpServer:
    """Return the checked server of a receiver; raises `Invalid`."""
    host = receiver.host or ""
    security = receiver.security or SmtpSecurity.START_TLS
    port = receiver.port or (465 if security is SmtpSecurity.TLS else 587)
    is_local = allow_loopback and host in _LOOPBACK
    if security is SmtpSecurity.NONE and not is_local:
        raise Invalid.at("security", "an unencrypted connection is refused: use StartTls or Tls")
    if port not in _PORTS and not is_local:
        allowed = ", ".join(map(str, sorted(_PORTS)))
        raise Invalid.at("port", f"must be a port of mail servers: {allowed}")
    rule = HostRule(suffixes=("",), example="https://smtp.example.com", allow_loopback=is_local)
    base = rule.read(f"{'http' if is_local else 'https'}://{host}", path="host")
    return SmtpServer(base=base, port=port, security=security)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpMail:
    """Sends e-mails by the server that a receiver names."""

    allow_loopback: bool = False
    private_hosts: frozenset[str] = frozenset()
    """Names of hosts that may have private addresses."""
    resolver: Resolver = resolve
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context

    def send(self, mail: EmailMessage, receiver: EmailReceiver, password: Secret | None) -> None:
        """Send a mail; raises a `PolysyncError` with the exact answer code of the server."""
        server = server_of(receiver, allow_loopback=self.allow_loopback)
        failure: PolysyncError | None = None
        try:
            self._send(server, mail, receiver, password)
        except (smtplib.SMTPException, OSError, AddressRefused) as error:
            # The server's own words may repeat sent values, so only its codes are quoted.
            failure = _failure(server, error)
        if failure is not None:
            raise failure

    def _send(
        self,
        server: SmtpServer,
        mail: EmailMessage,
        receiver: EmailReceiver,
        password: Secret | None,
    ) -> None:
        with self._connected(server) as client:
            if server.security is SmtpSecurity.START_TLS:
                client.starttls(context=self.tls())
                client.ehlo()
            if receiver.username is not None and password is not None:
                client.login(receiver.username, password.reveal())
            refused = client.send_message(mail, receiver.sender, list(receiver.to))
        if refused:
            raise smtplib.SMTPRecipientsRefused(refused)

    def _connected(self, server: SmtpServer) -> smtplib.SMTP:
        """Return a client on a connection to a checked address; TLS verifies the name."""
        opened = _open(server, self._addresses(server))
        if server.security is SmtpSecurity.TLS:
            opened = self.tls().wrap_socket(opened, server_hostname=server.base.host)
        return _Client(server.base.host, server.port, opened)

    def _addresses(self, server: SmtpServer) -> Sequence[str]:
        scope = server.base.scope_with(self.private_hosts)
        addresses = self.resolver(server.base.host, server.port)
        if not all(scope.allows(address) for address in addresses):
            raise AddressRefused
        return addresses


class _Client(smtplib.SMTP):
    """An SMTP client on an open socket."""

    def __init__(self, host: str, port: int, opened: socket.socket) -> None:
        self._opened = opened
        super().__init__(host, port, local_hostname="polysync", timeout=_TIMEOUT)

    def _get_socket(self, host: str, port: int, timeout: float | None) -> socket.socket:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._opened


def _open(server: SmtpServer, addresses: Sequence[str]) -> socket.socket:
    failure: OSError = OSError("the host name has no address")
    for address in addresses:
        try:
            return socket.create_connection((address, server.port), timeout=_TIMEOUT)
        except OSError as error:
            failure = error
    raise failure


def _failure(server: SmtpServer, error: Exception) -> PolysyncError:
    """Return the error for a failed mail, with the remedy."""
    name = server.name
    match error:
        case AddressRefused():
            return PlatformRefused(
                f"{name} leads to an address that Polysync must not connect to",
                cause=FailureCause.SECRET,
            )
        case smtplib.SMTPAuthenticationError():
            return Unavailable(
                f"{name} refused the sign-in{_code(error.smtp_code, error.smtp_error)}: check "
                "username and password"
            )
        case smtplib.SMTPSenderRefused():
            code = _code(error.smtp_code, error.smtp_error)
            return Unavailable(f"{name} refused the sender{code}: check sender")
        case smtplib.SMTPRecipientsRefused():
            return _recipients_refused(name, error)
        case smtplib.SMTPResponseException():
            return Unavailable(f"{name} refused the mail{_code(error.smtp_code, error.smtp_error)}")
        case _:
            return Unavailable(f"{name} {_fault(error)}")


def _recipients_refused(name: str, error: smtplib.SMTPRecipientsRefused) -> PolysyncError:
    refused: dict[str, tuple[int, bytes]] = error.recipients
    codes = ", ".join(f"{address}{_code(*answer)}" for address, answer in refused.items())
    return Unavailable(f"{name} refused recipients: {codes}: check to")


def _fault(error: Exception) -> str:
    match error:
        case smtplib.SMTPNotSupportedError():
            return "does not offer what the receiver needs: check security and username"
        case smtplib.SMTPServerDisconnected():
            return "closed the connection: check port and security"
        case ssl.SSLCertVerificationError():
            return "could not prove its identity (TLS): its certificate is not trusted"
        case ssl.SSLError():
            return "cannot be reached: the TLS handshake failed; check port and security"
        case TimeoutError():
            return "did not answer in time"
        case socket.gaierror():
            return "cannot be reached: DNS does not resolve its name"
        case ConnectionRefusedError():
            return "cannot be reached: it refused the connection"
        case _:
            return "cannot be reached: the network reported an error"


def _code(code: int, text: bytes | str) -> str:
    """Return the answer code, with the enhanced code of RFC 3463 if there is one."""
    content = text.decode(errors="replace") if isinstance(text, bytes) else text
    enhanced = _ENHANCED.match(content)
    return f" ({code} {enhanced[0]})" if enhanced else f" ({code})"
