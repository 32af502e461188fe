"""Computes one key per platform artefact, for any spelling of the external id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from polysync_core.platforms.connector import Artefact
from polysync_core.platforms.plugin import PlatformPlugin

type ArtefactKey = tuple[str, str]
"""The job type and the normal form of the external id."""


@dataclass(frozen=True, slots=True)
class ArtefactKeys:
    """Returns the keys of a platform's artefacts; one artefact has one key."""

    plugin: PlatformPlugin

    def key(self, job_type: str, external_id: str) -> ArtefactKey:
        """Return the key of an external id."""
        known = self.plugin.jobs.get(job_type)
        return job_type, external_id if known is None else known.normal_id(external_id)

    def of(self, artefact: Artefact) -> ArtefactKey:
        """Return the key of a discovered artefact."""
        return self.key(artefact.job_type, artefact.external_id)

    def by_any_type(self, external_ids: Iterable[str]) -> dict[ArtefactKey, set[str]]:
        """Return the external ids by the keys that they have for each job type."""
        found: dict[ArtefactKey, set[str]] = {}
        for external_id in external_ids:
            for job_type in self.plugin.jobs:
                found.setdefault(self.key(job_type, external_id), set()).add(external_id)
        return found
