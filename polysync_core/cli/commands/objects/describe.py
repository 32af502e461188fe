"""Implements `polysync describe`, which shows a Job, Task or other object with its references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polysync_core.cli.nouns import Noun, find_noun
from polysync_core.cli.options import DEFAULT_URL, AsJson, Kind, Name, Url
from polysync_core.cli.session import Session, open_session

if TYPE_CHECKING:
    from polysync_core.domain.json_types import JsonObject

_NEWEST_RUNS = 5


def describe(kind: Kind, name: Name, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show an object: its definition, its version, what refers to it and its newest runs."""
    noun = find_noun(kind)
    with open_session(url, as_json=as_json) as session:
        if noun.list_name is None:
            _show_plain(session, noun, name)
        else:
            _show_definition(session, noun, noun.list_name, name)


def _show_plain(session: Session, noun: Noun, name: str) -> None:
    """Show a backfill, or the schedules of a task."""
    if noun.path == "schedules":
        from polysync_core.cli.views.schedules.schedules import schedules_view as view

        answer = session.api.get("tasks", name, "schedules", has="items")
    else:
        from polysync_core.cli.views.schedules.backfills import backfills_view as view

        answer = session.api.get(noun.path, name)
    if session.terminal.as_json:
        session.terminal.json(answer)
    else:
        session.terminal.show(*view(answer))


def _show_definition(session: Session, noun: Noun, list_name: str, name: str) -> None:
    from polysync_core.cli.referrers import referrers

    api = session.api
    stored = api.get(noun.path, name)
    users = referrers(api, noun.path, name)
    runs = _runs_of(session, noun, name)
    if session.terminal.as_json:
        extra: JsonObject = {"runs": [*runs]}
        if users is not None:
            extra["usedBy"] = [*users]
        session.terminal.json({**stored, **extra})
        return
    from polysync_core.cli.api.answers import RunAnswer
    from polysync_core.cli.documents import to_yaml
    from polysync_core.cli.views.objects.description import Description, description_view

    is_task = noun.path == "tasks"
    described = Description(
        kind=noun.singular,
        stored=stored,
        yaml=to_yaml(api.document(list_name, [name])),
        referrers=users,
        versions=api.get("versions", noun.path, name, query={"limit": "1"}),
        schedules=api.get("tasks", name, "schedules", has="items") if is_task else None,
        runs=[RunAnswer.decode(each) for each in runs],
    )
    session.terminal.show(*description_view(described))


def _runs_of(session: Session, noun: Noun, name: str) -> list[JsonObject]:
    filters = {"tasks": "task", "jobs": "job", "platforms": "platform"}
    if noun.path not in filters:
        return []
    query = {filters[noun.path]: name}
    return session.api.items("task-runs", query=query, limit=_NEWEST_RUNS)[0]
