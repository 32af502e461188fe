"""Implements `polysync apply`, which creates, updates and deletes definitions from files."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from polysync_core.cli.options import DEFAULT_URL, AsJson, DryRun, Url, Yes
from polysync_core.cli.session import Session, open_session

if TYPE_CHECKING:
    from polysync_core.cli.files.planned_document import PlannedDocument
    from polysync_core.domain.json_types import JsonObject


def apply(  # noqa: PLR0913 - one parameter per option
    files: Files = None,
    more_files: MoreFiles = None,
    target: TargetName = None,
    variable_files: VariableFiles = None,
    variables: VariableValues = None,
    dry_run: DryRun = False,
    prune: Prune = False,
    yes: Yes = False,
    verbose: Verbose = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Create, update and, with --prune, delete definitions; or apply a saved plan."""
    from polysync_core.cli.files.bundles import sources_of
    from polysync_core.cli.files.plan_file import read_plan_file
    from polysync_core.cli.files.planned_document import PlannedDocument

    sources = sources_of(files, more_files)
    with open_session(url, as_json=as_json) as session:
        saved = read_plan_file(sources)
        if saved is None:
            choice = chosen_bundle(url, target, variable_files, variables)
            document = PlannedDocument.read(sources, choice, prune=prune)
        else:
            _refuse_options(dry_run, prune, target, variable_files, variables)
            document = PlannedDocument.of_plan(saved, session.api.url)
        answer = _answer(session, document, dry_run=dry_run, yes=yes)
        _show(session, document, answer, dry_run=dry_run, verbose=verbose)


def _refuse_options(*given: object) -> None:
    if any(given):
        message = "a saved plan is applied as it is, without --prune, --dry-run, --target or --var"
        raise typer.BadParameter(message, param_hint="FILE")


def _answer(session: Session, document: PlannedDocument, *, dry_run: bool, yes: bool) -> JsonObject:
    """Execute the document; deletes are shown first, and need consent."""
    if dry_run:
        return document.plan(session.api)
    if not document.prune:
        return document.execute(session.api)
    plan = document.plan(session.api)
    deleted = document.deleted(plan)
    if deleted:
        from polysync_core.cli.confirmation import require_consent

        for each in deleted:
            session.terminal.note(f"- {each}")
        number = f"{len(deleted)} definition{'' if len(deleted) == 1 else 's'}"
        require_consent(f"Delete {number}{document.of_owner}?", yes=yes)
    return document.execute(session.api, token=str(plan.get("planToken")))


def _show(
    session: Session,
    document: PlannedDocument,
    answer: JsonObject,
    *,
    dry_run: bool,
    verbose: bool,
) -> None:
    if session.terminal.as_json:
        session.terminal.json(answer)
        return
    from polysync_core.cli.api.plan import PlanAnswer
    from polysync_core.cli.views.definitions.apply import plan_view

    plan = PlanAnswer.decode(answer)
    session.terminal.show(*plan_view(plan, dry_run=dry_run, verbose=verbose))
    for warning in document.warnings(plan):
        session.terminal.note(f"Warning: {warning}")
