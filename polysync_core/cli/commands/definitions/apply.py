"""`polysync apply`: creates and updates the definitions of a document."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.api.errors import ApiProblem
from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

Files = Annotated[
    list[str], typer.Option("--file", "-f", help="YAML or JSON, - for stdin; may be repeated.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")]
Prune = Annotated[
    bool, typer.Option("--prune", help="Delete definitions that the files' lists leave out.")
]


def apply(
    files: Files,
    dry_run: DryRun = False,
    prune: Prune = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Create and update the definitions in files; one error prevents all changes."""
    from polysync_core.cli.api.plan import PlanAnswer
    from polysync_core.cli.documents import read_documents

    with open_session(url, as_json=as_json) as session:
        document = read_documents(files)
        query = {"dryRun": _flag(dry_run), "prune": _flag(prune)}
        try:
            answer = session.api.put("definitions", body=document.content, query=query)
        except ApiProblem as problem:
            raise problem.with_paths(document.locate) from problem
        if as_json:
            session.terminal.json(answer)
        else:
            from polysync_core.cli.views.apply import plan_view

            plan = PlanAnswer.decode(answer)
            session.terminal.show(*plan_view(plan, dry_run=dry_run))
            for warning in plan.warnings:
                session.terminal.note(
                    f"Warning: {document.locate(warning.path)}: {warning.message}"
                )


def _flag(value: bool) -> str | None:
    return "true" if value else None
