"""Implements `polysync test`, which tests a vault, a platform, a webhook or a secret."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

Kind = Annotated[
    Literal["vault", "platform", "webhook", "secret"],
    typer.Argument(metavar="KIND", help="Kind of the connection to test."),
]
Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Its name; for a secret, vault://<vault>/<secret>.")
]


def test(kind: Kind, name: Name, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Test a vault, a platform, a webhook or a secret; the secret is not shown."""
    with open_session(url, as_json=as_json) as session:
        if kind == "secret":
            answer = session.api.post("secrets", "test", body={"reference": name})
        else:
            answer = session.api.post(f"{kind}s", name, "test", has="ok")
        reader, passed = Reader("the answer", answer), answer.get("ok") is True
        if as_json:
            session.terminal.json(answer)
        else:
            result = f"{kind} {name} {'answers' if passed else 'FAILS'}"
            summary = f"{result} ({reader.number('latencyMs')} ms)"
            session.terminal.line(summary, reader.text("message"))
            if said := reader.text("platformMessage"):
                session.terminal.line("The platform says", said)
    if not passed:
        raise typer.Exit(1)
