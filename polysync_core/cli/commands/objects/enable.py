"""Implements `polysync enable` and `disable`: Tasks, schedules, limits, webhooks, receivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from polysync_core.cli.nouns import Noun, find_noun
from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

if TYPE_CHECKING:
    from polysync_core.cli.api.client import ApiClient
    from polysync_core.domain.json_types import JsonObject, JsonValue

KindAndName = Annotated[
    list[str],
    typer.Argument(metavar="[KIND] NAME", help="A task, or a kind and a name: webhook chat."),
]
OfSchedule = Annotated[
    str | None, typer.Option("--schedule", help="Only this schedule of the task.")
]
_SWITCHED = ("tasks", "contention-profiles", "webhooks", "receivers")
_MAX_WORDS = 2


def enable(
    target: KindAndName,
    schedule: OfSchedule = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Enable a task, a schedule, a profile, a webhook or a receiver."""
    _switch(target, schedule, url, as_json=as_json, enabled=True)


def disable(
    target: KindAndName,
    schedule: OfSchedule = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Disable a task, a schedule, a profile, a webhook or a receiver."""
    _switch(target, schedule, url, as_json=as_json, enabled=False)


def _switch(
    target: list[str], schedule: str | None, url: str, *, as_json: bool, enabled: bool
) -> None:
    noun, name = _target(target)
    if schedule is not None and noun.path != "tasks":
        raise typer.BadParameter("needs a task", param_hint="--schedule")
    with open_session(url, as_json=as_json) as session:
        stored = session.api.get(noun.path, name)
        patch = _patch(stored, schedule, enabled=enabled)
        what = f"{noun.singular} {name}" if schedule is None else f"Schedule {schedule} of {name}"
        state = "enabled" if enabled else "disabled"
        if patch is None:
            answer, text = stored, f"{what} is {state} already."
        else:
            answer = _save(session.api, noun, stored, patch)
            text = f"{what} is {state}."
        if as_json:
            session.terminal.json(answer)
        else:
            session.terminal.line(f"{text[0].upper()}{text[1:]}")


def _target(words: list[str]) -> tuple[Noun, str]:
    if len(words) > _MAX_WORDS:
        raise typer.BadParameter("give one name, or a kind and a name", param_hint="NAME")
    noun = find_noun(words[0] if len(words) == _MAX_WORDS else "task")
    if noun.path not in _SWITCHED:
        hint = f"a {noun.singular} cannot be switched off"
        if noun.path == "schedules":
            hint = "give the task, and the schedule by --schedule"
        raise typer.BadParameter(hint, param_hint="KIND")
    return noun, words[-1]


def _patch(stored: JsonObject, schedule: str | None, *, enabled: bool) -> JsonObject | None:
    """Return the change of the stored object; None if it has the state already."""
    if schedule is None:
        return None if stored.get("enabled") is enabled else {"enabled": enabled}
    schedules = stored.get("schedules")
    entries = schedules if isinstance(schedules, list) else []
    known = [each for each in entries if isinstance(each, dict) and each.get("name") == schedule]
    if not known:
        names = [str(each["name"]) for each in entries if isinstance(each, dict)]
        message = f"there is no schedule '{schedule}' (there are: {', '.join(names) or 'none'})"
        raise typer.BadParameter(message, param_hint="--schedule")
    if known[0].get("enabled") is enabled:
        return None
    changed: list[JsonValue] = [
        {**each, "enabled": enabled} if each is known[0] and isinstance(each, dict) else each
        for each in entries
    ]
    return {"schedules": changed}


def _save(api: ApiClient, noun: Noun, stored: JsonObject, patch: JsonObject) -> JsonObject:
    """Save the change, unless another caller has changed the object meanwhile."""
    headers = {"If-Match": str(stored.get("etag"))}
    return api.patch(noun.path, str(stored.get("name")), body=patch, headers=headers)
