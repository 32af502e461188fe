"""Lists the kinds of definition, such as Job and Task, with names and models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic.alias_generators import to_camel

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.contention import (
    ConcurrencyProfile,
    ProfileType,
    RateLimitProfile,
)
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import (
    Platform,
)
from polysync_core.domain.definitions.receivers import (
    EmailReceiver,
    ReceiverType,
    SlackReceiver,
    TeamsReceiver,
    WebhookReceiver,
)
from polysync_core.domain.definitions.schedules import Calendar
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.definitions.webhooks import Webhook


@dataclass(frozen=True, slots=True)
class KindSpec:
    """Describes one kind of definition."""

    kind: Kind
    singular: str
    models: tuple[type[Definition], ...]
    type_names: tuple[str, ...] = ()
    """The values of the field `type` that choose among several models."""

    @property
    def path(self) -> str:
        """The path segment of the kind in the API."""
        return self.singular.replace(" ", "-") + "s"

    @property
    def json_name(self) -> str:
        """The kind as a JSON value, for example `contentionProfile`."""
        return to_camel(self.singular.replace(" ", "_"))

    @property
    def model_by_type(self) -> Mapping[str, type[Definition]]:
        """The models by the value of the field `type`; empty for a kind with one model."""
        return dict(zip(self.type_names, self.models, strict=False))


KINDS = (
    KindSpec(Kind.VAULT, "vault", (Vault,)),
    KindSpec(
        Kind.CONTENTION_PROFILE,
        "contention profile",
        (ConcurrencyProfile, RateLimitProfile),
        (ProfileType.CONCURRENCY.value, ProfileType.RATE_LIMIT.value),
    ),
    KindSpec(Kind.CALENDAR, "calendar", (Calendar,)),
    KindSpec(Kind.PLATFORM, "platform", (Platform,)),
    KindSpec(Kind.JOB, "job", (Job,)),
    KindSpec(Kind.TASK, "task", (Task,)),
    KindSpec(Kind.WEBHOOK, "webhook", (Webhook,)),
    KindSpec(
        Kind.RECEIVER,
        "receiver",
        (TeamsReceiver, SlackReceiver, EmailReceiver, WebhookReceiver),
        (
            ReceiverType.TEAMS.value,
            ReceiverType.SLACK.value,
            ReceiverType.EMAIL.value,
            ReceiverType.WEBHOOK.value,
        ),
    ),
)
"""In this order a kind refers only to itself and to earlier kinds."""

SPECS: Mapping[Kind, KindSpec] = {spec.kind: spec for spec in KINDS}
