"""Implements `polysync versions` and `restore` for a definition's saved versions."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.api.reader import Reader
from polysync_core.cli.nouns import Noun, find_definition_noun
from polysync_core.cli.options import DEFAULT_URL, AsJson, DryRun, Kind, Limit, Url
from polysync_core.cli.session import Session, open_session

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the definition.")]
Show = Annotated[
    int | None, typer.Option("--show", min=1, metavar="VERSION", help="Write this version as YAML.")
]
Version = Annotated[
    int | None,
    typer.Argument(
        metavar="VERSION", min=1, help="Number of the version; by default the former one."
    ),
]


def versions(  # noqa: PLR0913 - one parameter per option
    kind: Kind,
    name: Name,
    show: Show = None,
    limit: Limit = 20,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List the versions of a definition, or write one of them."""
    noun = find_definition_noun(kind)
    with open_session(url, as_json=as_json) as session:
        path = "versions", noun.path, name
        if show is not None:
            answer = session.api.get(*path, str(show), has="definition")
            if not as_json:
                from polysync_core.cli.documents import to_yaml

                content = Reader("the version", answer).object("definition")
                typer.echo(to_yaml(content), nl=False)
                return
        else:
            answer = session.api.get(*path, query={"limit": str(min(limit, 100))}, has="items")
        if as_json:
            session.terminal.json(answer)
            return
        from polysync_core.cli.views.definitions.versions import versions_view

        session.terminal.show(versions_view(answer))
        if answer.get("current") is None:
            session.terminal.note("It is deleted: restore creates it again.")


def restore(  # noqa: PLR0913 - one parameter per option
    kind: Kind,
    name: Name,
    version: Version = None,
    dry_run: DryRun = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Save a former version of a definition again; also that of a deleted one."""
    from polysync_core.cli.api.plan import PlanAnswer

    noun = find_definition_noun(kind)
    with open_session(url, as_json=as_json) as session:
        chosen = version or _former_version(session, noun, name)
        answer = session.api.post(
            *("versions", noun.path, name, str(chosen), "restore"),
            query={"dryRun": "true" if dry_run else None},
        )
        if as_json:
            session.terminal.json(answer)
            return
        from polysync_core.cli.views.definitions.apply import plan_view

        plan = PlanAnswer.decode(answer)
        session.terminal.show(*plan_view(plan, dry_run=dry_run, verbose=True))
        for warning in plan.warnings:
            session.terminal.note(f"Warning: {warning.path}: {warning.message}")


def _former_version(session: Session, noun: Noun, name: str) -> int:
    """Return the number of the newest version that is not the present one."""
    answer = session.api.get("versions", noun.path, name, query={"limit": "1"}, has="items")
    found = Reader("the versions", answer).objects("items")
    if not found:
        raise CommandFailed(f"The {noun.singular} {name} has no former version.")
    return Reader("the version", found[0]).number("version")
