"""Implements `polysync apply`, which creates, updates and, with `--prune`, deletes definitions."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync.errors import ApiProblem
from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="FILE...", help="Files, folders or patterns; - for stdin."),
]
MoreFiles = Annotated[
    list[str] | None,
    typer.Option("--file", "-f", metavar="FILE", help="Same as the argument FILE."),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Also list unchanged definitions.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")]
Prune = Annotated[
    bool, typer.Option("--prune", help="Also delete definitions that the lists in FILE leave out.")
]


def apply(  # noqa: PLR0913 - one parameter per option
    files: Files = None,
    more_files: MoreFiles = None,
    dry_run: DryRun = False,
    prune: Prune = False,
    verbose: Verbose = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Create, update and, with --prune, delete definitions; one error prevents all changes."""
    from polysync_core.cli.api.plan import PlanAnswer
    from polysync_core.cli.documents import read_documents

    sources = [*(files or []), *(more_files or [])]
    if not sources:
        raise typer.BadParameter("name at least one file", param_hint="FILE")
    with open_session(url, as_json=as_json) as session:
        document = read_documents(sources)
        query = {"dryRun": _flag(dry_run), "prune": _flag(prune)}
        try:
            answer = session.api.put("definitions", body=document.content, query=query)
        except ApiProblem as problem:
            raise problem.with_paths(document.locations) from problem
        if as_json:
            session.terminal.json(answer)
        else:
            from polysync_core.cli.views.definitions.apply import plan_view

            plan = PlanAnswer.decode(answer)
            session.terminal.show(*plan_view(plan, dry_run=dry_run, verbose=verbose))
            places = document.locations([each.path for each in plan.warnings])
            for warning in plan.warnings:
                session.terminal.note(f"Warning: {places[warning.path]}: {warning.message}")


def _flag(value: bool) -> str | None:
    return "true" if value else None
