"""Which outputs of a run are kept: all that its platform gives, within limits, and no secret.

The schema of the Job need not name an output for it to be kept, since many artefacts cannot tell
theirs beforehand. It says which of them are sensitive, and so is what holds a secret that the run
was given: of those, not even the size is kept.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.secrets import Secret
from polysync_core.domain.strict_documents import checked

VALUE_BYTES = 64 * 1024
"""The largest value that is kept, as compact JSON in UTF-8."""
TOTAL_BYTES = 256 * 1024
"""The most that all outputs of a run take together, with their names."""
LONGEST_NAME = 255
"""As long as the name of a parameter, so that every output that is kept can be mapped."""
_TELLING = 6
"""Characters from which a secret within a longer text is no chance."""
_NAMED = 20
_SHOWN = 60
_ADVICE = "pass a path to the data instead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What is kept of an attempt's outputs."""

    values: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    redacted: tuple[str, ...] = ()
    """Names of outputs that are sensitive: there was a value, and it is kept nowhere."""
    not_kept: Mapping[str, str] = field(default_factory=dict[str, str])
    """Why an output is not kept, by its name; the first of them, if they are many."""
    note: str | None = None
    """What the run's history says of outputs that are not kept."""


def kept_outputs(
    job: Job, given: Mapping[str, JsonValue], secrets: Collection[Secret] = ()
) -> Outputs:
    """Return what is kept of the outputs that a platform gave, in their order.

    A value that no longer fits is passed over, and smaller ones after it may still be kept. One
    that holds a secret which the run was given is as sensitive as one whose name says so.
    """
    sensitive = {each.name for each in job.parameters if each.is_secret}
    values: dict[str, JsonValue] = {}
    redacted: list[str] = []
    refused: list[tuple[str, str]] = []
    left = TOTAL_BYTES
    for name, value in given.items():
        if _holds(name, secrets):
            refused.append(("", "its name holds a secret that the run was given"))
            continue
        if name in sensitive:
            redacted.append(name)
            continue
        size, why = _measured(name, value, left)
        if why is not None:
            refused.append((name, why))
            continue
        # What is nested without end is refused by now.
        if _holds(value, secrets):
            redacted.append(name)
            continue
        values[name] = value
        left -= size
    return Outputs(
        values=values,
        redacted=tuple(redacted),
        not_kept=dict(_nameable(refused)),
        note=_note_of(refused),
    )


def none_kept(outputs: Outputs, why: str) -> Outputs:
    """Return the outputs of work that is done where the run has no room for any of them."""
    refused = [(name, why) for name in outputs.values]
    return Outputs(
        redacted=outputs.redacted, not_kept=dict(_nameable(refused)), note=_note_of(refused)
    )


def _holds(value: JsonValue, secrets: Collection[Secret]) -> bool:
    """Tell whether a value holds a secret, wherever in it; a short one must stand by itself."""
    match value:
        case dict():
            parts = (*value, *value.values())
            return any(_holds(each, secrets) for each in parts)
        case list():
            return any(_holds(each, secrets) for each in value)
        case _:
            text = value if isinstance(value, str) else json.dumps(value)
            return any(_is_in(each.reveal(), text) for each in secrets)


def _is_in(secret: str, text: str) -> bool:
    return text == secret or (len(secret) >= _TELLING and secret in text)


def _measured(name: str, value: JsonValue, left: int) -> tuple[int, str | None]:
    """Return how much room an output takes, and why it is not kept where it is not."""
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
        return 0, f"it has {size:,} bytes as JSON, and {VALUE_BYTES:,} are kept; {_ADVICE}"
    if whole > left:
        return 0, (
            f"with its {size:,} bytes as JSON the outputs together would pass {TOTAL_BYTES:,}; "
            f"{_ADVICE}"
        )
    return whole, None


def _size(value: JsonValue) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _nameable(refused: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return those that somebody may ask for by a name that can be stored."""
    fit = [each for each in refused if 1 <= len(each[0]) <= LONGEST_NAME and _is_storable(each[0])]
    return fit[:_NAMED]


def _is_storable(name: str) -> bool:
    try:
        checked({name: None})
    except Invalid:
        return False
    return True


def _note_of(refused: Sequence[tuple[str, str]]) -> str | None:
    if not refused:
        return None
    told = [f"{_shown(name)} ({why})" for name, why in refused[:_NAMED]]
    more = len(refused) - len(told)
    rest = f"; and {more} more" if more else ""
    return f"Outputs that were not kept: {'; '.join(told)}{rest}."


def _shown(name: str) -> str:
    """Return a name for people; whatever is in it, it stays on its line and is short."""
    cut = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"
    return "".join(char if char.isprintable() else "\ufffd" for char in cut) or "''"
