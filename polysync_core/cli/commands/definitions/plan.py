"""Implements `polysync plan`, which shows or saves the changes that `apply` would make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from polysync_core.cli.commands.definitions.document_options import (
    Files,
    MoreFiles,
    Prune,
    TargetName,
    VariableFiles,
    VariableValues,
    Verbose,
    chosen_bundle,
)
from polysync_core.cli.options import DEFAULT_URL, AsJson, Output, Url
from polysync_core.cli.session import open_session

if TYPE_CHECKING:
    from polysync_core.cli.files.planned_document import PlannedDocument

Markdown = Annotated[
    bool, typer.Option("--markdown", help="Print Markdown, for the text of a pull request.")
]


def plan(  # noqa: PLR0913 - one parameter per option
    files: Files = None,
    more_files: MoreFiles = None,
    output: Output = None,
    target: TargetName = None,
    variable_files: VariableFiles = None,
    variables: VariableValues = None,
    prune: Prune = False,
    markdown: Markdown = False,
    verbose: Verbose = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show the changes that an apply would make; -o saves the plan for apply."""
    from polysync_core.cli.api.plan import PlanAnswer
    from polysync_core.cli.files.bundles import sources_of
    from polysync_core.cli.files.plan_file import PlanFile
    from polysync_core.cli.files.planned_document import PlannedDocument

    sources = sources_of(files, more_files)
    with open_session(url, as_json=as_json) as session:
        choice = chosen_bundle(url, target, variable_files, variables)
        document = PlannedDocument.read(sources, choice, prune=prune)
        answer = document.plan(session.api)
        decoded = PlanAnswer.decode(answer)
        if output is not None:
            PlanFile(
                url=session.api.url,
                token=str(answer.get("planToken")),
                prune=prune,
                bundle=document.bundle,
                target=document.target,
                document=document.document.content,
                plan=answer,
            ).write(output)
        if as_json:
            session.terminal.json(answer)
            return
        from polysync_core.cli.views.definitions.apply import plan_view
        from polysync_core.cli.views.definitions.plan_markdown import plan_markdown

        warnings = document.warnings(decoded)
        if markdown:
            typer.echo(plan_markdown(decoded, warnings, title=_title(document)), nl=False)
        else:
            session.terminal.show(*plan_view(decoded, dry_run=True, verbose=verbose))
            for warning in warnings:
                session.terminal.note(f"Warning: {warning}")
        if output is not None:
            session.terminal.note(f"Saved. To apply exactly this plan: polysync apply {output}")


def _title(document: PlannedDocument) -> str:
    named = {"bundle": document.bundle, "target": document.target}
    parts = [f"{word} `{name}`" for word, name in named.items() if name]
    return f"Plan of {', '.join(parts)}" if parts else "Plan"
