"""Defines receivers of notifications: Teams, Slack, e-mail and HTTP addresses."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from polysync_core.domain.definitions.base import (
    Definition,
    ObjectName,
    SecretText,
    Tags,
    Value,
    refuse,
)
from polysync_core.domain.definitions.types.hints import ShownWhen
from polysync_core.domain.notifications.kinds import NotificationKind

_FEW = 100
_DAY = 86_400
_WORD = r"[A-Za-z0-9!#$%&'*/=?^_`{|}~+-]+"
_LOCAL_PART = rf"{_WORD}(?:\.{_WORD})*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"


class ReceiverType(StrEnum):
    """The types of receiver, under the names that the API uses."""

    EMAIL = "Email"
    SLACK = "Slack"
    TEAMS = "Teams"
    WEBHOOK = "Webhook"


class MailService(StrEnum):
    """The services that send e-mail."""

    AZURE_COMMUNICATION_SERVICES = "AzureCommunicationServices"
    SMTP = "Smtp"


class SmtpSecurity(StrEnum):
    """The encryption of the connection to an SMTP server."""

    START_TLS = "StartTls"
    TLS = "Tls"
    NONE = "None"
    """Only for a server on this machine, in development."""


def _check_address(text: str) -> str:
    if text.endswith("\n") or len(text.partition("@")[0]) > 64:
        raise ValueError("must be an e-mail address such as team@example.com, without a name")
    return text


type MailAddress = Annotated[
    str,
    StringConstraints(pattern=rf"^{_LOCAL_PART}@{_LABEL}(?:\.{_LABEL})+$", max_length=254),
    AfterValidator(_check_address),
]
"""An e-mail address of ASCII characters, without a display name."""


class NotificationFilter(Value):
    """Filters notifications: every part must match, and an empty part matches every one."""

    kinds: Annotated[tuple[NotificationKind, ...], Field(max_length=len(NotificationKind))] = (
        NotificationKind.FAILED,
        NotificationKind.LATE,
        NotificationKind.RECOVERED,
    )
    """The kinds of notification; an empty list is every kind."""
    tasks: Annotated[tuple[ObjectName, ...], Field(max_length=_FEW)] = ()
    """The Tasks of the runs."""
    platforms: Annotated[tuple[ObjectName, ...], Field(max_length=_FEW)] = ()
    """The Platforms of the runs."""
    tags: Tags = Field(default_factory=dict)
    """Tags that the Task of the run must have, with these values."""
    waiting_seconds: Annotated[int, Field(ge=60, le=6 * _DAY)] = 3600
    """The time in the queue after which a run waits too long."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        kinds, before = self.kinds, {NotificationKind.FAILED, NotificationKind.LATE}
        if NotificationKind.RECOVERED in kinds and before.isdisjoint(kinds):
            refuse("kinds", "holds Recovered without the kinds that it follows: add Failed or Late")
        return self

    def wants(self, kind: NotificationKind) -> bool:
        """Return whether the filter accepts a kind of notification."""
        return not self.kinds or kind in self.kinds

    def accepts(
        self,
        kind: NotificationKind,
        *,
        task: str | None,
        platform: str | None,
        tags: Mapping[str, str],
    ) -> bool:
        """Return whether the filter accepts a notification about a run."""
        return (
            self.wants(kind)
            and (not self.tasks or task in self.tasks)
            and (not self.platforms or platform in self.platforms)
            and all(tags.get(name) == value for name, value in self.tags.items())
        )


class Grouping(Value):
    """Joins notifications of one cause to one message, and limits the messages."""

    window_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    """The time for which notifications of one kind and cause are collected; 0 sends each alone."""
    max_per_hour: Annotated[int, Field(ge=1, le=1000)] = 20
    """The maximum number of messages within an hour; later ones are summarised."""


class ReceiverBase(Definition):
    """The fields that receivers of every type have."""

    events: NotificationFilter = NotificationFilter()
    """The notifications to send."""
    grouping: Grouping = Grouping()
    """The rule that joins and limits the messages."""
    enabled: bool = True


class TeamsReceiver(ReceiverBase):
    """A channel or chat of Microsoft Teams, by a workflow with a webhook trigger."""

    type: Literal[ReceiverType.TEAMS]
    url: SecretText
    """The reference of the workflow's URL, which is a secret."""


class SlackReceiver(ReceiverBase):
    """A channel of Slack, by an incoming webhook."""

    type: Literal[ReceiverType.SLACK]
    url: SecretText
    """The reference of the incoming webhook's URL, which is a secret."""


class WebhookReceiver(ReceiverBase):
    """A system that takes messages as JSON, such as an incident tool; each request is signed."""

    type: Literal[ReceiverType.WEBHOOK]
    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    """The address that receives the messages."""
    secret: SecretText
    """The reference of the key that signs the messages."""


_BY_AZURE = ShownWhen("service", (MailService.AZURE_COMMUNICATION_SERVICES.value,))
_BY_SMTP = ShownWhen("service", (MailService.SMTP.value,))


class EmailReceiver(ReceiverBase):
    """People with e-mail addresses."""

    type: Literal[ReceiverType.EMAIL]
    to: Annotated[tuple[MailAddress, ...], Field(min_length=1, max_length=50)]
    """The addresses that receive the messages."""
    sender: MailAddress
    """The address that sends the messages."""
    service: MailService
    """The service that sends the messages."""
    endpoint: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=300)] | None, _BY_AZURE
    ] = None
    """The address of the Azure Communication Services resource."""
    access_key: Annotated[SecretText | None, _BY_AZURE] = None
    """The reference of its access key; empty signs in as the app's managed identity."""
    host: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=253)] | None, _BY_SMTP
    ] = None
    """The name of the SMTP server."""
    port: Annotated[Annotated[int, Field(ge=1, le=65535)] | None, _BY_SMTP] = None
    """The port of the SMTP server; empty is 587, or 465 with `Tls`."""
    security: Annotated[SmtpSecurity | None, _BY_SMTP] = None
    """The encryption of the connection; empty is `StartTls`."""
    username: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=254)] | None, _BY_SMTP
    ] = None
    """The user name for the SMTP server; empty signs in nowhere."""
    password: Annotated[SecretText | None, _BY_SMTP] = None
    """The reference of the password for the SMTP server."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        of_azure = {"endpoint": self.endpoint, "accessKey": self.access_key}
        of_smtp = {
            "host": self.host,
            "port": self.port,
            "security": self.security,
            "username": self.username,
            "password": self.password,
        }
        by_smtp = self.service is MailService.SMTP
        needed, foreign = ("host", of_azure) if by_smtp else ("endpoint", of_smtp)
        for name, value in foreign.items():
            if value is not None:
                refuse(name, f"has no effect with service {self.service}: remove it")
        if {**of_azure, **of_smtp}[needed] is None:
            refuse(needed, f"is required with service {self.service}")
        if (self.username is None) != (self.password is None):
            refuse("password" if self.password is None else "username", "is required, too")
        return self


Receiver = TeamsReceiver | SlackReceiver | WebhookReceiver | EmailReceiver
"""A receiver of notifications; its type determines its fields."""
