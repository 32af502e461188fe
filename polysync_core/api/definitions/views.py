"""Builds the JSON responses that contain stored definitions, with ETag and last write time."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, create_model

from polysync_core.api.models import Page, Time, View
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.kinds import KINDS, SPECS
from polysync_core.domain.definitions.stored import StoredDefinition

type StoredView = Definition
"""A definition with the fields `etag` and `updatedAt`."""

_ETAG = Annotated[str, Field(description="The version, for the header `If-Match`.")]
_UPDATED_AT = Annotated[Time, Field(description="The time of the last write.")]


class BrokenView(View):
    """A stored definition that this version cannot read: replace it or delete it."""

    reason: str
    """The wrong fields."""
    content: dict[str, Any]
    """The stored document as it is; the fields beside have placeholders for wrong values."""


_BUNDLE = Annotated[
    str | None,
    Field(
        description="The bundle that owns the definition and may prune it.",
        exclude_if=operator.not_,
    ),
]
_BROKEN = Annotated[
    BrokenView | None, Field(description="Set if the stored definition breaks a rule.")
]


def _with_etag(model: type[Definition]) -> type[Definition]:
    return create_model(
        f"Stored{model.__name__}",
        __base__=model,
        __doc__=model.__doc__,
        __module__=__name__,
        etag=(_ETAG, ...),
        updated_at=(_UPDATED_AT, ...),
        bundle=(_BUNDLE, None),
        broken=(_BROKEN, None),
    )


STORED: Mapping[type[Definition], type[Definition]] = {
    model: _with_etag(model) for spec in KINDS for model in spec.models
}
"""The model of the answer for each model of a definition."""


def answer_of(kind: Kind) -> Any:
    """Return the response model of one definition of a kind."""
    first, *others = (STORED[model] for model in SPECS[kind].models)
    answer: Any = first
    for other in others:
        answer |= other
    return answer


def page_of(kind: Kind) -> Any:
    """Return the response model of a list of definitions of a kind."""
    return Page[answer_of(kind)]


def view(stored: StoredDefinition[Definition]) -> StoredView:
    """Return the view of a definition: every field, the ETag and the time of the last write."""
    definition = stored.definition
    model = STORED[type(definition)]
    broken = None
    if stored.broken is not None:
        broken = BrokenView(reason=stored.broken.reason, content=stored.broken.content)
    # The definition is valid already.
    return model.model_construct(
        **dict(definition),
        etag=stored.etag,
        updated_at=stored.updated_at,
        bundle=stored.bundle,
        broken=broken,
    )
