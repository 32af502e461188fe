"""Implements `polysync test`, which tests a vault, platform, receiver or secret reference."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.options import DEFAULT_URL, AsJson, Url
from polysync_core.cli.session import open_session

Kind = Annotated[
    Literal["vault", "platform", "webhook", "receiver", "secret"],
    typer.Argument(metavar="KIND", help="Kind of the connection to test."),
]
Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Its name; for a secret, vault://<vault>/<secret>.")
]


Last = Annotated[bool, typer.Option("--last", help="Only show the last test.")]


def test(
    kind: Kind,
    name: Name,
    last: Last = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Test a vault, a platform, a webhook, a receiver or a secret."""
    if last and kind == "secret":
        raise typer.BadParameter("a test of a secret is not kept", param_hint="--last")
    with open_session(url, as_json=as_json) as session:
        if last:
            answer = session.api.get(f"{kind}s", name, "test", has="ok")
        elif kind == "secret":
            answer = session.api.post("secrets", "test", body={"reference": name})
        else:
            answer = session.api.post(f"{kind}s", name, "test", has="ok")
        reader, passed = Reader("the answer", answer), answer.get("ok") is True
        if as_json:
            session.terminal.json(answer)
        else:
            verbs = ("answered", "FAILED") if last else ("answers", "FAILS")
            result = f"{kind} {name} {verbs[0] if passed else verbs[1]}"
            when = f" at {reader.text('at')}" if last else ""
            summary = f"{result}{when} ({reader.number('latencyMs')} ms)"
            session.terminal.line(summary, reader.text("message"))
            if said := reader.text("platformMessage"):
                session.terminal.line("The platform says", said)
    if not passed:
        raise typer.Exit(1)
