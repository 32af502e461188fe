"""Implements `polysync export`, which writes the stored definitions to a YAML document."""

from __future__ import annotations

from typing import Annotated

import typer

from polysync.errors import MalformedAnswer
from polysync_core.cli.nouns import find_definition_noun
from polysync_core.cli.options import DEFAULT_URL, AsJson, Output, Url
from polysync_core.cli.session import open_session

OfKinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help="Only this kind; repeat it for several."),
]
OfNames = Annotated[
    list[str] | None,
    typer.Option("--name", metavar="NAME", help="Only this name, or a pattern such as 'sales-*'."),
]
OfTag = Annotated[
    str | None,
    typer.Option("--tag", metavar="NAME[=VALUE]", help="Only jobs and tasks with this tag."),
]


def export(  # noqa: PLR0913 - one parameter per option
    kind: OfKinds = None,
    name: OfNames = None,
    tag: OfTag = None,
    output: Output = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Write all stored definitions as YAML, or some of them; apply can read the result."""
    from polysync_core.cli.documents import to_json, to_yaml, write_document

    kinds = [str(find_definition_noun(each).list_name) for each in kind or ()]
    query = {"kind": kinds or None, "name": name or None, "tag": tag}
    with open_session(url, as_json=as_json) as session:
        content = session.api.get("definitions", query=query)
        if not all(isinstance(each, list) for each in content.values()):
            raise MalformedAnswer("The answer is not a document of definitions.")
        text = to_json(content) if as_json else to_yaml(content)
        if output is None:
            typer.echo(text, nl=False)
        else:
            write_document(output, text)
            session.terminal.note(f"Written to {output}.")
