"""Composes the text of a notification about a run: headline, failure, remedy and links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.notifications.kinds import NotificationKind
from polysync_core.domain.notifications.remedies import remedy_for
from polysync_core.domain.runs.run import TaskRun

_LONGEST_WHY = 1_000
_MOST_UPSTREAM = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """An event of a run that a receiver is notified of."""

    kind: NotificationKind
    event: JsonObject
    since: datetime | None = None
    """The begin of the state: the first failure of the Task, or the begin of the wait."""
    former_run: str | None = None
    """The run that failed before a recovery."""

    @property
    def id(self) -> str:
        """The id of the notice; equal for every repetition."""
        return f"{self.kind}/{self.text('eventId')}"

    @property
    def group(self) -> str:
        """The group of notices that become one message: the kind, and the cause of a failure."""
        cause = self.text("cause")
        return f"{self.kind}-{cause}" if cause.isalpha() else self.kind.value

    @property
    def at(self) -> datetime:
        """The time of the event."""
        return datetime.fromisoformat(self.text("at"))

    def text(self, name: str) -> str:
        """Return a text of the event; empty if it has none."""
        value = self.event.get(name)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The facts about one run that a message shows."""

    kind: NotificationKind
    run_id: str
    """Empty for a Task that is late and has no run."""
    subject: str
    """The Task, or the Job without one."""
    platform: str
    at: datetime
    why: str
    remedy: str | None = None
    upstream: tuple[str, ...] = ()
    """The upstream Tasks whose outcomes started the run."""
    since: datetime | None = None
    tries: int = 0
    """The number of attempts; 0 if none was made."""
    former_run: str | None = None
    console_url: str | None = None
    platform_url: str | None = None

    @property
    def headline(self) -> str:
        """The fact as a sentence without its reason."""
        return f"{self.subject} {self.kind.words}"

    def facts(self) -> Iterator[tuple[str, str]]:
        """Yield the labels and the texts of the facts."""
        yield "Platform", self.platform
        if self.why:
            yield "Why", self.why
        if self.remedy:
            yield "Remedy", self.remedy
        if self.upstream:
            yield "Upstream", ", ".join(self.upstream)
        if self.since is not None:
            yield "Since", clock_text(self.since)
        yield "Time", clock_text(self.at)
        if self.tries:
            yield "Attempts", str(self.tries)
        if self.run_id:
            yield "Run", self.run_id


def story_of(notice: Notice, run: TaskRun | None, *, base_url: str | None) -> Story:
    """Return the facts of a notice; a run that no longer exists leaves some out."""
    run_id = notice.text("runId")
    cause = notice.text("cause")
    subject = notice.text("task") or notice.text("job")
    return Story(
        kind=notice.kind,
        run_id=run_id,
        subject=subject,
        platform=notice.text("platform"),
        at=notice.at,
        why=_why(notice, cause),
        remedy=remedy_for(cause or None) if notice.kind is NotificationKind.FAILED else None,
        upstream=() if run is None else tuple(each.task for each in run.parents[:_MOST_UPSTREAM]),
        since=notice.since,
        tries=len(run.attempts) if run is not None else _number(notice.event.get("attempt")),
        former_run=notice.former_run,
        console_url=_page(notice, base_url),
        platform_url=notice.text("monitorUrl") or None,
    )


def _page(notice: Notice, base_url: str | None) -> str | None:
    """Return the page of the run; a Task that is late may have no run."""
    if base_url is None:
        return None
    run_id, task = notice.text("runId"), notice.text("task")
    return f"{base_url}/console/runs/{run_id}" if run_id else f"{base_url}/console/tasks/{task}"


def clock_text(moment: datetime) -> str:
    """Return a time for people, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _why(notice: Notice, cause: str) -> str:
    reason = notice.text("error") or notice.text("reason")
    text = f"{cause}: {reason}" if cause and reason else cause or reason
    return text if len(text) <= _LONGEST_WHY else text[: _LONGEST_WHY - 1] + "…"


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
