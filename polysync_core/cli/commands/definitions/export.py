"""Implements `polysync export`, which writes the stored definitions as a document."""

from __future__ import annotations

import typer

from polysync_core.cli.api.errors import MalformedAnswer
from polysync_core.cli.options import DEFAULT_URL, AsJson, Output, Url
from polysync_core.cli.session import open_session


def export(output: Output = None, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Write all stored definitions as YAML, which apply can read."""
    from polysync_core.cli.documents import to_json, to_yaml, write_document

    with open_session(url, as_json=as_json) as session:
        content = session.api.get("definitions")
        if not all(isinstance(each, list) for each in content.values()):
            raise MalformedAnswer("The answer is not a document of definitions.")
        text = to_json(content) if as_json else to_yaml(content)
        if output is None:
            typer.echo(text, nl=False)
        else:
            write_document(output, text)
            session.terminal.note(f"Written to {output}.")
