"""Sends a notification message to a receiver: Teams, Slack, e-mail or webhook."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.receivers import (
    EmailReceiver,
    MailService,
    Receiver,
    SlackReceiver,
    TeamsReceiver,
    WebhookReceiver,
)
from polysync_core.domain.errors import Invalid, PolysyncError
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.notifications.messages import Message
from polysync_core.domain.runs.events import encode_message
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.receivers.posting import Post
from polysync_core.outbound.receivers.signatures import signed_headers
from polysync_core.outbound.receivers.slack import slack_body
from polysync_core.outbound.receivers.teams import teams_body
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.urls import read_url

if TYPE_CHECKING:
    from email.message import EmailMessage

_RETIRED = (".webhook.office.com", "outlook.office.com", "outlook.office365.com")
_REFUSED_BY = frozenset({401, 403, 404, 410})


class SendSmtp(Protocol):
    """Sends a mail by the SMTP server of a receiver; raises a `PolysyncError`."""

    def __call__(
        self, mail: EmailMessage, receiver: EmailReceiver, password: Secret | None
    ) -> None: ...


def check_receiver(receiver: Receiver, *, allow_loopback: bool) -> None:
    """Raise `Invalid` if an address of a receiver is not allowed; secrets are not read."""
    if isinstance(receiver, WebhookReceiver):
        read_url(receiver.url, path="url", allow_loopback=allow_loopback)
    if isinstance(receiver, EmailReceiver):
        _check_mail(receiver, allow_loopback=allow_loopback)


def _check_mail(receiver: EmailReceiver, *, allow_loopback: bool) -> None:
    if receiver.service is MailService.AZURE_COMMUNICATION_SERVICES:
        from polysync_core.outbound.receivers.azure_communication import endpoint_of

        endpoint_of(receiver, allow_loopback=allow_loopback)
        return
    from polysync_core.outbound.receivers.smtp import server_of

    server_of(receiver, allow_loopback=allow_loopback)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSender:
    """Sends messages; each secret is read for the delivery."""

    secrets: Secrets
    post: Post
    send_smtp: SendSmtp
    azure_token: Callable[[], Secret]
    """Returns a token of the app's identity for Azure Communication Services."""
    clock: Clock
    allow_loopback: bool = False

    def send(self, message: Message, receiver: Receiver) -> None:
        """Send a message once; raises a `PolysyncError` unless the receiver accepts it."""
        match receiver:
            case TeamsReceiver():
                self._with(receiver.url, lambda url: self._to_teams(url, message))
            case SlackReceiver():
                self._with(receiver.url, lambda url: self._post_json(url, slack_body(message)))
            case WebhookReceiver():
                self._with(receiver.secret, lambda key: self._signed(message, receiver, key))
            case EmailReceiver():
                self._mail(message, receiver)

    def _with(self, reference: str, call: Callable[[Secret], None]) -> None:
        """Call with a secret, and read it again next time if the receiver refused it."""
        try:
            call(self.secrets.resolve(reference))
        except PolysyncError as error:
            if getattr(error, "status", None) in _REFUSED_BY:
                self.secrets.forget(reference)
            raise

    def _to_teams(self, url: Secret, message: Message) -> None:
        _check_teams(url)
        self._post_json(url, teams_body(message))

    def _post_json(self, url: Secret, body: JsonObject) -> None:
        # UTF-8 is half as long as the escapes of JSON, and Teams limits the size of a request.
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
        self.post(url.reveal().strip(), {}, text.encode(errors="replace"))

    def _signed(self, message: Message, receiver: WebhookReceiver, key: Secret) -> None:
        body = encode_message(message.as_json()).encode()
        headers = signed_headers(
            kind=f"notification.{message.kind[0].lower()}{message.kind[1:]}",
            delivery=f"{message.id}/{receiver.name}",
            timestamp=str(int(self.clock().timestamp())),
            secret=key,
            body=body,
        )
        self.post(receiver.url, headers, body)

    def _mail(self, message: Message, receiver: EmailReceiver) -> None:
        send = (
            self._by_azure
            if receiver.service is MailService.AZURE_COMMUNICATION_SERVICES
            else self._by_smtp
        )
        reference = receiver.access_key or receiver.password
        if reference is None:
            send(message, receiver, None)
        else:
            self._with(reference, lambda secret: send(message, receiver, secret))

    def _by_azure(self, message: Message, receiver: EmailReceiver, key: Secret | None) -> None:
        # The mail package takes time to import, and most apps send no mail.
        from polysync_core.outbound.receivers.azure_communication import AzureMail

        service = AzureMail(
            post=self.post,
            token=self.azure_token,
            clock=self.clock,
            allow_loopback=self.allow_loopback,
        )
        service.send(message, receiver, key)

    def _by_smtp(self, message: Message, receiver: EmailReceiver, password: Secret | None) -> None:
        from polysync_core.outbound.receivers.mail import mail_of

        self.send_smtp(mail_of(message, receiver), receiver, password)


def _check_teams(url: Secret) -> None:
    """Raise `Invalid` for the URL of a retired connector."""
    host = (urlsplit(url.reveal().strip()).hostname or "").lower()
    if host.endswith(_RETIRED):
        raise Invalid.at(
            "url",
            "the secret holds the URL of an Office 365 connector, which Microsoft has retired: "
            "create a workflow with the trigger 'When a Teams webhook request is received'",
        )
