"""Policies that are read from the definitions of a test."""

from __future__ import annotations

from datetime import UTC, datetime

from polysync_core.application.definitions.policies import Policies
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import Reference, reference_to
from polysync_core.domain.definitions.stored import StoredDefinition

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def policies_of(*definitions: Definition) -> Policies:
    """Return the policies of these definitions. Other names have no limits."""
    known = {
        reference_to(each): StoredDefinition(definition=each, etag="1", updated_at=AT)
        for each in definitions
    }

    def read(kind: Kind, name: str) -> StoredDefinition[Definition] | None:
        return known.get(Reference(kind, name))

    return Policies(read)
