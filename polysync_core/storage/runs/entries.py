"""Encodes the index entries of runs, and the row keys of each list."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import BackfillId, RunId
from polysync_core.domain.runs.listing import Listing, TagFilter
from polysync_core.domain.runs.run import TaskRun, TriggerType
from polysync_core.domain.runs.status import RunStatus
from polysync_core.domain.runs.stored import ActiveRun, failure_cause
from polysync_core.storage.rows import Change, Operation, Row, RowValue

ACTIVE = "a~"
ALL = "r~"
JOB = "j~"
LATE = "l~"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_MILLIS = 9_999_999_999_999
"""The number from which epoch milliseconds are subtracted, so that the newest run sorts first."""
_MILLISECOND = timedelta(milliseconds=1)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of a list."""

    run: ActiveRun
    position: str
    """The sort position within the list; a page continues after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of every list: after a position, within times of acceptance."""

    after: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def start(self) -> str:
        """The first sort position."""
        # "!" sorts before every character of a position, so the range begins after `after`.
        after = "" if self.after is None else f"{self.after}!"
        until = "" if self.until is None else f"{_newest_first(self.until) + 1:013}"
        return max(after, until)

    @property
    def stop(self) -> str | None:
        """The end of the sort positions, exclusive; None is the end of the list."""
        return None if self.since is None else f"{_newest_first(self.since) + 1:013}"

    def has_month(self, month: str) -> bool:
        """Return whether runs of a month can lie in the span."""
        newest = f"{_moment(self.start):%Y%m}" if self.start else month
        oldest = month if self.since is None else f"{self.since:%Y%m}"
        return oldest <= month <= newest


def list_entries(run: TaskRun) -> list[Operation]:
    """Return the writes that list a run in the lists of all statuses."""
    lists = [put_entry(run, prefix) for prefix in lists_of(ActiveRun.of(run))]
    return [*lists, *_scheduled_entries(run)]


def outcome_entries(run: TaskRun) -> list[Operation]:
    """Return the writes that list the outcome of a run, also with its Task."""
    if run.task is None:
        return []
    cause = failure_cause(run)
    lists = [f"s~{run.status}~", f"t~{run.task}~", *([f"c~{cause}~"] if cause else [])]
    return [*(put_entry(run, each) for each in lists), *_scheduled_entries(run)]


def _scheduled_entries(run: TaskRun) -> list[Operation]:
    """Return the writes that list a run by its scheduled time."""
    entry = ActiveRun.of(run)
    keys = scheduled_keys(entry)
    return [Operation(Change.REPLACE, Row(run.shard, key, _values(entry))) for key in keys]


def scheduled_prefix(task: str, born: int) -> str:
    """Return the key prefix of the runs of a Task by scheduled time."""
    return f"f~{born}~{task}~"


def following_prefix(task: str, born: int) -> str:
    """Return the key prefix of the runs with prerequisites, oldest scheduled time first."""
    return f"n~{born}~{task}~"


def scheduled_keys(entry: ActiveRun) -> tuple[str, ...]:
    """Return the row keys of a run in the lists by scheduled time."""
    if entry.task is None or entry.scheduled_time is None:
        return ()
    position = position_of(entry.scheduled_time, entry.run_id)
    keys = (scheduled_prefix(entry.task, entry.born) + position,)
    if not entry.has_prerequisites:
        return keys
    later = f"{milliseconds(entry.scheduled_time):013}~{entry.run_id}"
    return (*keys, following_prefix(entry.task, entry.born) + later)


def position_of(moment: datetime, run_id: str) -> str:
    """Return the sort position of a run in a list; the newest time comes first."""
    return f"{_newest_first(moment):013}~{run_id}"


def lists_of(entry: ActiveRun) -> tuple[str, ...]:
    """Return the lists of a run in any status; the first is its main list."""
    if entry.task is None:
        return (f"{JOB}{entry.job}~",)
    is_root = entry.graph_run_id == entry.run_id
    return (
        ALL,
        f"t~{entry.task}~",
        f"p~{entry.platform}~",
        f"o~{entry.job}~",
        f"i~{entry.trigger_type}~",
        *([] if is_root else [f"g~{entry.graph_run_id}~"]),
        *([] if entry.backfill_id is None else [f"b~{entry.backfill_id}~"]),
    )


def tag_entries(run: TaskRun) -> list[Operation]:
    """Return the writes that list a run by its tags: by the name alone, and with the value."""
    if run.task is None:
        return []
    filters = [
        TagFilter(name=name, value=each)
        for name, value in run.tags.items()
        for each in (None, value)
    ]
    return [put_entry(run, _of_tag(each)) for each in filters]


def _of_tag(tag: TagFilter) -> str:
    """Return the key prefix of the runs with a tag; a tag may have any characters."""
    text = json.dumps([tag.name, tag.value])
    return f"k~{hashlib.sha256(text.encode()).hexdigest()[:20]}~"


def lists_for(listing: Listing) -> tuple[str, ...]:
    """Return the key prefixes of the shortest lists that together hold all matching runs."""
    alone = () if listing.job is None else (f"{JOB}{listing.job}~",)
    if listing.without_task:
        return alone
    if listing.late:
        return (LATE,)
    own = (
        *_list_of("g", listing.graph_run_id),
        *_list_of("b", listing.backfill_id),
        *_list_of("t", listing.task),
    )
    return own[:1] or (*_shared_list(listing), *alone)


def _shared_list(listing: Listing) -> tuple[str, ...]:
    """Return the lists of runs of Tasks; those of active and unsuccessful runs are short."""
    if listing.cause is not None:
        return _list_of("c", listing.cause)
    statuses = listing.possible_statuses
    if statuses and RunStatus.SUCCEEDED not in statuses:
        return _by_status(statuses)
    found = (
        *_list_of("o", listing.job),
        *(() if listing.tag is None else (_of_tag(listing.tag),)),
        *_list_of("p", listing.platform),
        *_list_of("i", listing.trigger),
    )
    return found[:1] or _by_status(statuses)


def _list_of(sign: str, name: str | None) -> tuple[str, ...]:
    return () if name is None else (f"{sign}~{name}~",)


def _by_status(statuses: frozenset[RunStatus]) -> tuple[str, ...]:
    if not statuses or statuses == frozenset(RunStatus):
        return (ALL,)
    ended = sorted(status for status in statuses if status.is_terminal)
    active = () if len(ended) == len(statuses) else (ACTIVE,)
    return (*active, *(f"s~{status}~" for status in ended))


def main_key(entry: ActiveRun) -> str:
    """Return the row key in the run's main list."""
    return lists_of(entry)[0] + position_of(entry.queued_at, entry.run_id)


def put_entry(run: TaskRun, prefix: str) -> Operation:
    """Return the write of a run's entry in a list."""
    key = prefix + position_of(run.queued_at, run.run_id)
    return Operation(Change.REPLACE, Row(run.shard, key, _values(ActiveRun.of(run))))


def entry_of(row: Row, prefix: str) -> Entry:
    """Return the entry of a row."""
    values = row.values
    found = ActiveRun(
        run_id=RunId(row.text("run")),
        task=row.text("task") if "task" in values else None,
        graph_run_id=RunId(row.text("graph")),
        shard=row.partition,
        queued_at=instant(values["queued"]),
        job=row.text("job"),
        platform=row.text("platform"),
        trigger_type=TriggerType(row.text("trigger")),
        backfill_id=BackfillId(row.text("backfill")) if "backfill" in values else None,
        status=RunStatus(row.text("status")) if "status" in values else None,
        cause=FailureCause(row.text("cause")) if "cause" in values else None,
        scheduled_time=instant(values["fire"]) if "fire" in values else None,
        schedule_id=row.text("schedule") if "schedule" in values else None,
        born=int(str(values.get("born", 1))),
        has_prerequisites="prerequisites" in values,
    )
    return Entry(run=found, position=row.key.removeprefix(prefix))


def instant(value: RowValue) -> datetime:
    """Return the time that `micros` encoded."""
    return EPOCH + timedelta(microseconds=int(str(value)))


def milliseconds(moment: datetime) -> int:
    """Return a time as whole milliseconds since 1970, which are not negative."""
    return _MAX_MILLIS - _newest_first(moment)


def micros(moment: datetime) -> int:
    """Return a time as whole microseconds since 1970."""
    return (moment - EPOCH) // _MICROSECOND


def _values(entry: ActiveRun) -> dict[str, RowValue]:
    values: dict[str, RowValue] = {
        "run": entry.run_id,
        "graph": entry.graph_run_id,
        "queued": micros(entry.queued_at),
        "job": entry.job,
        "platform": entry.platform,
        "trigger": entry.trigger_type.value,
        "born": entry.born,
    }
    optional = {
        "prerequisites": 1 if entry.has_prerequisites else None,
        "fire": None if entry.scheduled_time is None else micros(entry.scheduled_time),
        "schedule": entry.schedule_id,
        "task": entry.task,
        "backfill": entry.backfill_id,
        "status": entry.status,
        "cause": entry.cause,
    }
    found = {name: value for name, value in optional.items() if value is not None}
    return values | {n: v if isinstance(v, int) else str(v) for n, v in found.items()}


def _newest_first(moment: datetime) -> int:
    millis = -((EPOCH - moment) // _MILLISECOND)
    return _MAX_MILLIS - min(max(millis, 0), _MAX_MILLIS)


def _moment(position: str) -> datetime:
    """Return the time in a position, to the millisecond."""
    return EPOCH + timedelta(milliseconds=_MAX_MILLIS - int(position[:13]))
