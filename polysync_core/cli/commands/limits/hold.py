"""Implements `polysync hold`, `release` and `holds`, which stop and resume run starts."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

Task = Annotated[str | None, typer.Option("--task", help="Only this task.")]
Platform = Annotated[str | None, typer.Option("--platform", help="Only this platform.")]
Reason = Annotated[str, typer.Option("--reason", help="The reason, which waiting runs show.")]


def hold(
    reason: Reason,
    task: Task = None,
    platform: Platform = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Let nothing start any more: of a task, of a platform, or at all."""
    path, what = _scope(task, platform)
    with open_session(url, as_json=as_json) as session:
        answer = session.api.post(*path, "hold", body={"reason": reason}, has="active")
        if as_json:
            session.terminal.json(answer)
        else:
            session.terminal.line(f"{what} held. Queued runs and retries wait for the release.")


def release(
    task: Task = None,
    platform: Platform = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Release a hold: of a task, of a platform, or of everything."""
    path, what = _scope(task, platform)
    with open_session(url, as_json=as_json) as session:
        answer = session.api.post(*path, "release", body=None, has="active")
        if as_json:
            session.terminal.json(answer)
        else:
            session.terminal.line(f"{what} released.")


def holds(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the holds with their reasons."""
    with open_session(url, as_json=as_json) as session:
        answer = session.api.get("holds", has="items")
        if as_json:
            session.terminal.json(answer)
            return
        from polysync_core.cli.views.limits.holds import hold_lines

        for line in hold_lines(answer):
            session.terminal.line(line)


def _scope(task: str | None, platform: str | None) -> tuple[list[str], str]:
    """Return the path of a scope, and its words."""
    if task is not None and platform is not None:
        raise typer.BadParameter("give --task or --platform, not both", param_hint="--task")
    if task is not None:
        return ["tasks", task], f"Task {task} is"
    if platform is not None:
        return ["platforms", platform], f"Platform {platform} is"
    return [], "All runs are"
