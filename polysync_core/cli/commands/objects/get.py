"""Implements `polysync get`, which lists Jobs, Tasks and other objects by kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.nouns import Noun, find_noun
from polysync_core.cli.options import DEFAULT_URL, All, AsJson, Kind, Limit, Names, Search, Url
from polysync_core.cli.session import Session, open_session

if TYPE_CHECKING:
    from polysync_core.domain.json_types import JsonObject

OutputFormat = Annotated[
    Literal["table", "yaml", "json", "name"] | None,
    typer.Option("--output", "-o", help="Form of the result; the default is a table."),
]
OfTag = Annotated[
    str | None,
    typer.Option("--tag", metavar="NAME[=VALUE]", help="Only jobs or tasks with this tag."),
]
OfJob = Annotated[str | None, typer.Option("--job", help="Only tasks of this job.")]
OfTask = Annotated[
    str | None, typer.Option("--task", help="Only schedules or backfills of this task.")
]
OfPlatform = Annotated[str | None, typer.Option("--platform", help="Only jobs of this platform.")]

_FILTERS = {
    "--tag": ("tasks", "jobs"),
    "--job": ("tasks",),
    "--platform": ("jobs",),
    "--task": ("schedules", "backfills"),
}
"""The lists that each filter applies to."""


def get(  # noqa: PLR0913 - one parameter per option
    kind: Kind,
    names: Names = None,
    output: OutputFormat = None,
    search: Search = None,
    tag: OfTag = None,
    job: OfJob = None,
    platform: OfPlatform = None,
    task: OfTask = None,
    limit: Limit = 20,
    everything: All = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List the objects of a kind, or show some of them."""
    noun = find_noun(kind)
    chosen = "json" if as_json else output or "table"
    filters = {"--tag": tag, "--job": job, "--platform": platform, "--task": task}
    _check_filters(noun, filters, chosen)
    with open_session(url, as_json=chosen == "json") as session:
        if names:
            found = [_one(session, noun, name, task) for name in names]
        else:
            selected = _selected(session, noun, filters, search)
            found = list(islice(selected, None if everything else limit + 1))
        shown = found if names or everything else found[:limit]
        _show(session, noun, shown, chosen)
        if len(found) > len(shown):
            session.terminal.note("There are more: use --limit N or --all.")


def _check_filters(noun: Noun, filters: dict[str, str | None], chosen: str) -> None:
    for option, value in filters.items():
        if value is not None and noun.path not in _FILTERS[option]:
            message = f"does not apply to {noun.path}, only to {' and '.join(_FILTERS[option])}"
            raise typer.BadParameter(message, param_hint=option)
    if chosen == "yaml" and noun.list_name is None:
        message = f"a {noun.singular} has no document: use -o json"
        raise typer.BadParameter(message, param_hint="--output")


def _one(session: Session, noun: Noun, name: str, task: str | None) -> JsonObject:
    if noun.path != "schedules":
        return session.api.get(noun.path, name)
    if task is None:
        raise typer.BadParameter("name the task of the schedule", param_hint="--task")
    known = [each for each in _schedules_of(session, task) if each.get("name") == name]
    if not known:
        message = f"task {task} has no schedule '{name}'"
        raise typer.BadParameter(message, param_hint="NAME")
    return known[0]


def _selected(
    session: Session, noun: Noun, filters: dict[str, str | None], search: str | None
) -> Iterator[JsonObject]:
    """Yield the objects that pass the filters, page by page."""
    if noun.path == "schedules":
        candidates = _schedules(session, filters["--task"])
    else:
        query = {"task": filters["--task"], "platform": filters["--platform"]}
        candidates = session.api.pages(noun.path, query=query)
    for item in candidates:
        if _accepts(item, filters, search):
            yield item


def _schedules(session: Session, task: str | None) -> Iterator[JsonObject]:
    if task is not None:
        yield from _schedules_of(session, task)
        return
    for each in session.api.pages("tasks"):
        if each.get("schedules"):
            yield from _schedules_of(session, str(each.get("name")))


def _schedules_of(session: Session, task: str) -> Iterator[JsonObject]:
    answer = session.api.get("tasks", task, "schedules", has="items")
    for each in Reader("the schedules", answer).objects("items"):
        yield {"task": task, **each}


def _accepts(item: JsonObject, filters: dict[str, str | None], search: str | None) -> bool:
    tag, job = filters["--tag"], filters["--job"]
    if job is not None and item.get("job") != job:
        return False
    if search is not None and not _contains(item, search.casefold()):
        return False
    tags = item.get("tags")
    pairs = tags.items() if isinstance(tags, dict) else ()
    return tag is None or any(tag in {key, f"{key}={value}"} for key, value in pairs)


def _contains(item: JsonObject, wanted: str) -> bool:
    texts = (item.get(field) for field in ("name", "displayName", "backfillId"))
    return any(isinstance(text, str) and wanted in text.casefold() for text in texts)


def _show(session: Session, noun: Noun, items: Sequence[JsonObject], chosen: str) -> None:
    if chosen == "json":
        session.terminal.json({"items": [*items]})
    elif not items:
        session.terminal.note(f"No {noun.singular}s.")
    elif chosen == "name":
        for each in items:
            session.terminal.line(str(each.get("name", each.get("backfillId"))))
    elif chosen == "yaml":
        from polysync_core.cli.documents import to_yaml

        names = [str(each.get("name")) for each in items]
        typer.echo(to_yaml(session.api.document(str(noun.list_name), names)), nl=False)
    else:
        from polysync_core.cli.views.objects.lists import list_view

        session.terminal.show(list_view(noun.path, items))
