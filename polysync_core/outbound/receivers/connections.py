"""Creates senders for e-mail services: SMTP servers and Azure Communication Services.

Each library is imported on first use.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from polysync_core.domain.definitions.platforms import Auth, AuthMethod
from polysync_core.domain.definitions.receivers import EmailReceiver
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.identity import NO_IDENTITY, AppIdentity
from polysync_core.outbound.receivers.sender import SendSmtp

if TYPE_CHECKING:
    from email.message import EmailMessage

    from polysync_core.outbound.sign_in.cached_token import CachedToken


def smtp_sender(
    *, allow_loopback: bool = False, private_hosts: frozenset[str] = frozenset()
) -> SendSmtp:
    """Return the function that sends a mail by an SMTP server."""

    def send(mail: EmailMessage, receiver: EmailReceiver, password: Secret | None) -> None:
        from polysync_core.outbound.receivers.smtp import SmtpMail

        smtp = SmtpMail(allow_loopback=allow_loopback, private_hosts=private_hosts)
        smtp.send(mail, receiver, password)

    return send


def azure_mail_token(identity: AppIdentity = NO_IDENTITY) -> Callable[[], Secret]:
    """Return the function that returns a token of the app's identity, which is cached."""
    lock = threading.Lock()
    opened: list[CachedToken] = []

    def token() -> Secret:
        with lock:
            if not opened:
                opened.append(_open(identity))
        return opened[0].token()

    return token


def _open(identity: AppIdentity) -> CachedToken:
    from polysync_core.outbound.receivers.azure_communication import SCOPE
    from polysync_core.outbound.sign_in.clouds import Cloud
    from polysync_core.outbound.sign_in.entra import EntraToken, azure_credential

    auth = identity.complete_auth(Auth(method=AuthMethod.MANAGED_IDENTITY))
    return EntraToken(lambda: azure_credential(auth, Cloud.PUBLIC, None), SCOPE)
