"""Selects the output values to store with a run, within limits and without secrets.

The Job's schema need not name an output, because many artefacts cannot declare theirs. An output is
sensitive if the schema says so, or if it holds a secret of the run or of its platform, in any form
that a `Redactor` finds. Of a sensitive output, not even the size is stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.security.redaction import NO_SECRETS, Redactor, quotes_trigger
from polysync_core.domain.strict_documents import checked

VALUE_BYTES = 64 * 1024
"""The largest stored value, as compact JSON in UTF-8."""
TOTAL_BYTES = 256 * 1024
"""The limit of all outputs of a run together, with their names."""
LONGEST_NAME = 255
"""The limit of parameter names, so that every stored output can be mapped."""
_MAX_NAMED = 20
_MAX_NAME_SHOWN = 60
_ADVICE = "pass a path to the data instead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """The stored outputs of an attempt."""

    values: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    redacted: tuple[str, ...] = ()
    """Names of sensitive outputs, whose values are not stored."""
    not_kept: Mapping[str, str] = field(default_factory=dict[str, str])
    """The reasons why outputs are not stored, by name; at most `_MAX_NAMED`."""
    note: str | None = None
    """The history entry about outputs that are not stored."""


def kept_outputs(
    job: Job, given: Mapping[str, JsonValue], redactor: Redactor = NO_SECRETS
) -> Outputs:
    """Return the outputs to store, in the platform's order.

    A value that exceeds the limits is skipped; smaller ones after it may still be stored. A value
    that holds a secret of the redactor is sensitive.
    """
    sensitive = {each.name for each in job.parameters if each.is_secret}
    values: dict[str, JsonValue] = {}
    redacted: list[str] = []
    refused: list[tuple[str, str]] = []
    left = TOTAL_BYTES
    for name, value in given.items():
        if redactor.holds(name):
            refused.append(("", "its name holds a secret"))
            continue
        if name in sensitive:
            redacted.append(name)
            continue
        size, why = _measured(name, value, left)
        if why is not None:
            refused.append((name, why))
            continue
        # The size check above also refused endless nesting.
        if redactor.holds(value) or quotes_trigger(value):
            redacted.append(name)
            continue
        values[name] = value
        left -= size
    return Outputs(
        values=values,
        redacted=tuple(redacted),
        not_kept=dict(_nameable(refused)),
        note=_note(refused),
    )


def none_kept(outputs: Outputs, why: str) -> Outputs:
    """Return the outputs of a run whose row has no room for any of them."""
    refused = [(name, why) for name in outputs.values]
    return Outputs(
        redacted=outputs.redacted, not_kept=dict(_nameable(refused)), note=_note(refused)
    )


def _measured(name: str, value: JsonValue, left: int) -> tuple[int, str | None]:
    """Return the size of an output, and the reason if it is refused."""
    if not 1 <= len(name) <= LONGEST_NAME:
        return 0, f"its name must have 1 to {LONGEST_NAME} characters"
    try:
        checked({name: value})
        size = _size(value)
        whole = size + _size(name) + 2  # a colon and a comma
    except Invalid as error:
        return 0, error.problems[0].message
    except ValueError:
        return 0, "it holds a number that is too long"
    if size > VALUE_BYTES:
        return 0, f"it has {size:,} bytes as JSON, and the maximum is {VALUE_BYTES:,}; {_ADVICE}"
    if whole > left:
        return 0, (
            f"with its {size:,} bytes as JSON the outputs together would exceed {TOTAL_BYTES:,}; "
            f"{_ADVICE}"
        )
    return whole, None


def _size(value: JsonValue) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _nameable(refused: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the refused outputs whose names can be stored and mapped."""
    fit = [each for each in refused if 1 <= len(each[0]) <= LONGEST_NAME and _is_storable(each[0])]
    return fit[:_MAX_NAMED]


def _is_storable(name: str) -> bool:
    try:
        checked({name: None})
    except Invalid:
        return False
    return True


def _note(refused: Sequence[tuple[str, str]]) -> str | None:
    if not refused:
        return None
    shown = [f"{_shown(name)} ({why})" for name, why in refused[:_MAX_NAMED]]
    more = len(refused) - len(shown)
    rest = f"; and {more} more" if more else ""
    return f"Outputs that were not kept: {'; '.join(shown)}{rest}."


def _shown(name: str) -> str:
    """Return a name for display: short, and on one line."""
    cut = name if len(name) <= _MAX_NAME_SHOWN else f"{name[:_MAX_NAME_SHOWN]}…"
    return "".join(char if char.isprintable() else "\ufffd" for char in cut) or "''"
