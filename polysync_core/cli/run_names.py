"""Finds the run or graph run that `@TASK` or the option `--last` means.

The first characters of an id are left as they are, because the API resolves them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.api.reader import Reader

if TYPE_CHECKING:
    from polysync_core.cli.api.answers import RunAnswer
    from polysync_core.cli.api.client import ApiClient
    from polysync_core.domain.json_types import JsonObject


def require_one_name(name: str | None, *, last: bool, otherwise: str = "") -> None:
    """Raise `BadParameter` unless either a name or `--last` is given."""
    if (name is None) is not last:
        known = "give either a run (@TASK is the newest run of a task) or --last"
        raise typer.BadParameter(f"{known} {otherwise}".strip(), param_hint="RUN")


def find_run_id(api: ApiClient, name: str | None) -> str:
    """Return the id of a run; `@TASK` means the Task's newest run, None the newest of all.

    An id or its first characters are returned as they are, because the API resolves them.

    Raises:
        CommandFailed: there is no such Task, there are no runs, or the id is one of Databricks.
    """
    if name is None or name.startswith("@"):
        return _newest_run(api, name).run_id
    if name.isdecimal():
        # An id of Polysync begins with a letter.
        raise CommandFailed(
            f"Only Databricks stores run {name}: show, logs and cancel take --job KEY."
        )
    return name


def find_databricks_run_id(api: ApiClient, job: str, run: str | None) -> str:
    """Return the id of a run of a job key; None means the newest run.

    Raises:
        CommandFailed: there is no such job, or it has no runs.
    """
    if run is not None:
        return run
    newest = Reader("the status", api.get("jobs", job, "status", has="run")).object("run")
    run_id = newest.get("run_id", newest.get("runId"))
    if run_id is None:
        raise CommandFailed(f"Job {job} has no runs.")
    return str(run_id)


def find_graph_run_id(api: ApiClient, name: str | None) -> str | None:
    """Return the graph run of the newest run of `@TASK`; the API resolves other names.

    Raises:
        CommandFailed: the Task does not exist or has no runs.
    """
    if name is None or not name.startswith("@"):
        return name
    return _newest_run(api, name).graph_run_id


def require_task(api: ApiClient, task: str | None) -> None:
    """Raise `CommandFailed` with the most similar names if there is no such Task."""
    if task is not None:
        api.get("tasks", task)


def _newest_run(api: ApiClient, name: str | None) -> RunAnswer:
    from polysync_core.cli.api.answers import RunAnswer

    task = None if name is None else name.removeprefix("@")
    query: dict[str, str | None] = {"task": task}
    found: list[JsonObject] = api.items("task-runs", query=query, limit=1)[0]
    if not found:
        require_task(api, task)
        raise CommandFailed("There are no runs." if task is None else f"Task {task} has no runs.")
    return RunAnswer.decode(found[0])
