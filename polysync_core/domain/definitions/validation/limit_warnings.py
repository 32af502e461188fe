"""Warns if a concurrency limit is set below the weight of stored Tasks.

A Task above a limit is refused when it is saved. A profile or a Platform can still be changed, so
that stored Tasks come to lie above a limit: each of their runs then takes all slots.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.contention import ConcurrencyProfile
from polysync_core.domain.definitions.document import Reference, reference_to
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.validation.checks import Catalogue
from polysync_core.domain.errors import Problem

_MAX_EXAMINED = 1_000
_MAX_NAMED = 5


def limit_warnings(
    after: Definition, before: Definition | None, catalogue: Catalogue
) -> Iterator[Problem]:
    """Yield a warning for each limit that a change puts below the weight of Tasks."""
    match after:
        case ConcurrencyProfile():
            if not isinstance(before, ConcurrencyProfile) or _slots(after) < _slots(before):
                tasks = _under(reference_to(after), catalogue)
                yield from _warning("settings.maxConcurrentTasks", after, tasks)
        case Platform():
            known = before.contention_profiles if isinstance(before, Platform) else ()
            added = [each for each in after.contention_profiles if each not in known]
            for name in added if before is not None else ():
                profile = catalogue.find(Kind.CONTENTION_PROFILE, name)
                if isinstance(profile, ConcurrencyProfile):
                    tasks = _under(reference_to(after), catalogue)
                    yield from _warning("contentionProfiles", profile, tasks)
        case _:
            pass


def _slots(profile: ConcurrencyProfile) -> int:
    return profile.settings.max_concurrent_tasks


def _under(reference: Reference, catalogue: Catalogue) -> Iterator[Task]:
    """Yield the Tasks that a profile or a Platform limits, also through Platforms and Jobs."""
    for referrer in catalogue.referrers(reference):
        match referrer:
            case Task():
                yield referrer
            case Definition() if reference_to(referrer).kind in {Kind.PLATFORM, Kind.JOB}:
                yield from _under(reference_to(referrer), catalogue)
            case _:
                pass


def _warning(path: str, profile: ConcurrencyProfile, tasks: Iterable[Task]) -> Iterator[Problem]:
    slots = _slots(profile)
    examined = islice(tasks, _MAX_EXAMINED)
    heavy = sorted({task.name: task.weight for task in examined if task.weight > slots}.items())
    if not heavy:
        return
    named = ", ".join(f"{name} ({weight})" for name, weight in heavy[:_MAX_NAMED])
    more = f" and {len(heavy) - _MAX_NAMED} more" if len(heavy) > _MAX_NAMED else ""
    yield Problem(
        path,
        f"'{profile.name}' has fewer slots ({slots}) than the weight of these tasks: "
        f"{named}{more}. Each of their runs takes all slots. Lower the weight before you save "
        "such a task again",
    )
