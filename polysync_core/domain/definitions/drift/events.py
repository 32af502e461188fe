"""Defines the event that reports a changed or missing platform artefact of a Job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from polysync_core.domain.clock import rfc3339
from polysync_core.domain.definitions.drift.schemas import NO_DIFFERENCE, SchemaDifference
from polysync_core.domain.json_types import JsonObject

MAX_NAMES = 20
"""The most names of each kind in an event; with the length of names it bounds the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftEvent:
    """The drift of one Job, as found by the check of one day."""

    job: str
    platform: str
    job_type: str
    external_id: str
    state: str
    """`changed` or `gone`."""
    at: datetime
    reason: str
    difference: SchemaDifference = NO_DIFFERENCE
    tasks: Sequence[str] = ()
    """The Tasks that contradict the artefact."""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """The tags of the Job, by which webhooks filter."""

    @property
    def event_id(self) -> str:
        """The id by which webhooks deduplicate events: one for each Job and day."""
        return f"drift/{self.job}/{self.at:%Y-%m-%d}"

    def as_json(self) -> JsonObject:
        """Return the event as sent: bounded in size, without values of parameters."""
        difference = self.difference
        return {
            "eventId": self.event_id,
            "at": rfc3339(self.at),
            "drift": self.state,
            "job": self.job,
            "platform": self.platform,
            "jobType": self.job_type,
            "externalId": self.external_id,
            "added": [*difference.added[:MAX_NAMES]],
            "removed": [*difference.removed[:MAX_NAMES]],
            "typeChanged": [each.name for each in difference.type_changed[:MAX_NAMES]],
            "defaultChanged": [each.name for each in difference.default_changed[:MAX_NAMES]],
            "tasks": [*self.tasks[:MAX_NAMES]],
            "reason": self.reason,
            "jobUrl": f"/api/jobs/{self.job}",
        }
