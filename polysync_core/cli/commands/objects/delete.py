"""Implements `polysync delete`, which deletes definitions by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from polysync_core.cli.nouns import Noun, find_definition_noun
from polysync_core.cli.options import DEFAULT_URL, AsJson, DryRun, Kind, Url, Yes
from polysync_core.cli.session import Session, open_session

if TYPE_CHECKING:
    from polysync_core.domain.json_types import JsonObject

DeletedNames = Annotated[
    list[str], typer.Argument(metavar="NAME", help="Names of the definitions to delete.")
]


def delete(  # noqa: PLR0913 - one parameter per option
    kind: Kind,
    names: DeletedNames,
    dry_run: DryRun = False,
    yes: Yes = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Delete definitions; the command asks first, and names what refers to them."""
    noun = find_definition_noun(kind)
    with open_session(url, as_json=as_json) as session:
        plans = _planned(session, noun, names)
        if as_json and dry_run:
            session.terminal.json({"plans": [*plans.values()]})
        if dry_run:
            return
        from polysync_core.cli.confirmation import require_consent

        require_consent(f"Delete {noun.singular} {', '.join(names)}?", yes=yes)
        for name, plan in plans.items():
            token = str(plan.get("planToken", ""))
            session.api.delete(noun.path, name, query={"planToken": token})
        if as_json:
            session.terminal.json({"deleted": [*plans]})
        else:
            session.terminal.line(f"Deleted: {noun.singular} {', '.join(plans)}.")


def _planned(session: Session, noun: Noun, names: list[str]) -> dict[str, JsonObject]:
    """Plan every delete before the first is made, and show the consequences."""
    from polysync_core.cli.api.reader import Reader
    from polysync_core.cli.referrers import planned_delete

    plans: dict[str, JsonObject] = {}
    for name in dict.fromkeys(names):
        plans[name] = plan = planned_delete(session.api, noun.path, name)
        if session.terminal.as_json:
            continue
        session.terminal.note(f"- {noun.singular} {name}")
        for each in Reader("the plan", plan).objects("consequences"):
            session.terminal.note(f"    {Reader('an effect', each).text('text')}")
    return plans
