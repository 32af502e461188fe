"""Builds the not-found error for a definition, with the most similar names."""

from __future__ import annotations

from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.validation.messages import nearest, similar
from polysync_core.domain.errors import NotFound

_MAX_NAMES = 1_000
"""The number of names that are compared; one storage call reads them."""
_MAX_KNOWN = 20


def unknown(reference: Reference, source: DefinitionSource) -> NotFound:
    """Return the error of a missing definition, at the cost of one read of names."""
    names = source.names(reference.kind, limit=_MAX_NAMES)
    hint = nearest(reference.name, names)
    return NotFound(
        f"There is no {reference}{hint}" if hint else f"There is no {reference}.",
        name=reference.name,
        nearest=similar(reference.name, names),
        known=names if len(names) <= _MAX_KNOWN else (),
    )
