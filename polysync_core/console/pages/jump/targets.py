"""Finds the console pages that match a quick-search text: sections, definitions and runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from polysync_core.application.definitions.name_search import NameSearch
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.console.navigation import Section
from polysync_core.console.paths import page_path, run_path
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.kinds import SPECS
from polysync_core.domain.errors import Ambiguous, NotFound
from polysync_core.domain.runs.identity import MIN_PREFIX

_PATHS = {
    Kind.TASK: "tasks",
    Kind.JOB: "jobs",
    Kind.PLATFORM: "platforms",
    Kind.CONTENTION_PROFILE: "limits",
    Kind.CALENDAR: "calendars",
    Kind.VAULT: "vaults",
    Kind.WEBHOOK: "webhooks",
    Kind.RECEIVER: "receivers",
}
_MOST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A page that the search has found."""

    text: str
    url: str
    kind: str
    """The kind of the page in words, such as `Task`."""


def targets(
    text: str, *, sections: Sequence[Section], names: NameSearch, runs: TaskRuns
) -> list[Target]:
    """Return the pages that a text may mean, the best first."""
    wanted = text.strip().lower()
    if not wanted:
        return [_section(each) for each in sections]
    found = [
        *_runs(wanted, runs),
        *(_section(each) for each in sections if wanted in each.label.lower()),
        *(_definition(each) for each in names.find(wanted, limit=_MOST)),
    ]
    return found[:_MOST]


def _section(section: Section) -> Target:
    return Target(text=section.label, url=section.address, kind="Page")


def _definition(reference: Reference) -> Target:
    return Target(
        text=reference.name,
        url=page_path(_PATHS[reference.kind], reference.name),
        kind=SPECS[reference.kind].singular.capitalize(),
    )


def _runs(wanted: str, runs: TaskRuns) -> Iterator[Target]:
    """Yield the runs whose ids begin with a text; a text of another form costs no read."""
    if len(wanted) < MIN_PREFIX:
        return
    try:
        ids = [runs.find(wanted)]
    except NotFound:
        return
    except Ambiguous as ambiguous:
        ids = ambiguous.candidates
    for run_id in ids:
        yield Target(text=str(run_id), url=run_path(str(run_id)), kind="Run")
