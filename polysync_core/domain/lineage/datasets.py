"""Substitutes parameters and run variables in the names of a Job's data sets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import Dataset, Job
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.security.secrets import is_secret_reference
from polysync_core.domain.variables import RunVariables, check_template, substitute

_PARAMETER = re.compile(r"(?<!\$)\$\{parameters\.([^{}]+)\}")
_LONGEST = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedDataset:
    """A data set that a run reads or writes."""

    namespace: str
    name: str


def dataset_problems(job: Job) -> Iterator[tuple[str, str]]:
    """Yield the path and the problem of each text that no run could resolve."""
    for field, datasets in (("inputs", job.inputs), ("outputs", job.outputs)):
        for index, dataset in enumerate(datasets):
            for part in ("namespace", "name"):
                problem = _problem(getattr(dataset, part), job)
                if problem is not None:
                    yield f"{field}[{index}].{part}", problem


def resolved_datasets(
    datasets: Sequence[Dataset], parameters: Mapping[str, JsonValue], variables: RunVariables
) -> list[ResolvedDataset]:
    """Return the data sets of a run; those without a value, or with a secret, are left out."""
    found: dict[ResolvedDataset, None] = {}
    for dataset in datasets:
        texts = [_text(each, parameters, variables) for each in (dataset.namespace, dataset.name)]
        if texts[0] and texts[1]:
            found[ResolvedDataset(namespace=texts[0], name=texts[1])] = None
    return list(found)


def _problem(text: str, job: Job) -> str | None:
    for name in _PARAMETER.findall(text):
        parameter = job.parameter(name)
        if parameter is None:
            return f"the Job has no parameter '{name}': define it, or correct the name"
        if parameter.is_secret:
            return f"the parameter '{name}' is a secret, which no name may hold"
    try:
        check_template(_PARAMETER.sub("", text))
    except ValueError as error:
        return str(error)
    return None


def _text(text: str, parameters: Mapping[str, JsonValue], variables: RunVariables) -> str | None:
    pieces = _PARAMETER.split(text)
    names = pieces[1::2]
    values = [parameters.get(name) for name in names]
    if any(value is None or _is_secret(value) for value in values):
        return None
    try:
        pieces[::2] = [substitute(piece, variables) for piece in pieces[::2]]
    except Invalid:
        return None
    pieces[1::2] = [each if isinstance(each, str) else json.dumps(each) for each in values]
    joined = "".join(pieces)
    return joined if 0 < len(joined) <= _LONGEST else None


def _is_secret(value: JsonValue) -> bool:
    return isinstance(value, str) and is_secret_reference(value)
