"""Implements `polysync validate`, which checks files of definitions offline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from polysync_core.cli.commands.definitions.document_options import (
    Files,
    MoreFiles,
    TargetName,
    VariableFiles,
    VariableValues,
    chosen_bundle,
)
from polysync_core.cli.options import AsJson
from polysync_core.cli.session import printed_errors

if TYPE_CHECKING:
    from polysync_core.cli.files.bundles import BundleChoice
    from polysync_core.cli.views.definitions.validate import Validation

Partial = Annotated[
    bool,
    typer.Option("--partial", help="Allow references to definitions that are not in FILE."),
]
Production = Annotated[
    bool,
    typer.Option("--production", help="Refuse what only a host for development accepts."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 for a warning, too.")]


def validate(  # noqa: PLR0913 - one parameter per option
    files: Files = None,
    more_files: MoreFiles = None,
    target: TargetName = None,
    variable_files: VariableFiles = None,
    variables: VariableValues = None,
    partial: Partial = False,
    production: Production = False,
    strict: Strict = False,
    as_json: AsJson = False,
) -> None:
    """Check definitions on this machine; every error has its file, line and object."""
    from polysync_core.cli.files.bundles import sources_of

    sources = sources_of(files, more_files)
    choice = chosen_bundle(None, target, variable_files, variables)
    with printed_errors(as_json=as_json) as terminal:
        validation = _validation(sources, choice, is_partial=partial, is_production=production)
        if as_json:
            terminal.json(validation.as_json())
        else:
            if validation.is_valid:
                terminal.line(validation.summary())
            for line in validation.notes():
                terminal.note(line)
        if not validation.is_valid or (strict and validation.warnings):
            raise typer.Exit(1)


def _validation(
    sources: list[str], choice: BundleChoice, *, is_partial: bool, is_production: bool
) -> Validation:
    from polysync_core.cli.documents import join_documents
    from polysync_core.cli.files.bundles import resolved
    from polysync_core.cli.files.offline_check import check_offline
    from polysync_core.cli.views.definitions.validate import Validation

    document = join_documents(sources, without=choice.files)
    bundle = resolved(document, choice)
    checked = check_offline(document, is_partial=is_partial, is_production=is_production)
    checked = checked.with_problems(bundle.problems)
    return Validation.of(document, checked)
