"""The commands around definitions, and whether what they name can be reached."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from polysync_core.cli.errors import ApiProblem
from polysync_core.cli.json import Reader
from polysync_core.cli.options import DEFAULT_URL, AsJson, Output, Url
from polysync_core.cli.session import session

Files = Annotated[
    list[str], typer.Option("--file", "-f", help="YAML or JSON, - for stdin; may be repeated.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")]
Prune = Annotated[bool, typer.Option("--prune", help="Delete what the files' lists leave out.")]
Kind = Annotated[Literal["vault", "platform"], typer.Argument(metavar="vault|platform")]
Name = Annotated[str, typer.Argument(metavar="NAME")]


def apply(
    files: Files,
    dry_run: DryRun = False,
    prune: Prune = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Make what is stored equal to the definitions in files, if nothing is wrong in them."""
    from polysync_core.cli.documents import read_documents
    from polysync_core.cli.plan import Plan

    with session(url, as_json=as_json) as now:
        document = read_documents(files)
        query = {"dryRun": _flag(dry_run), "prune": _flag(prune)}
        try:
            answer = now.api.put("definitions", body=document.content, query=query)
        except ApiProblem as problem:
            raise problem.located(document.locate) from problem
        if not as_json:
            from polysync_core.cli.views import plan_view

            now.terminal.show(*plan_view(Plan.decode(answer), dry_run=dry_run))
        else:
            now.terminal.json(answer)


def export(
    output: Output = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Write the stored definitions as YAML, in the form that apply reads."""
    from polysync_core.cli.documents import to_json, to_yaml, write_document

    with session(url, as_json=as_json) as now:
        content = now.api.get("definitions")
        text = to_json(content) if as_json else to_yaml(content)
        if output is None:
            typer.echo(text, nl=False)
        else:
            write_document(output, text)
            now.terminal.remark(f"Written to {output}.")


def test(kind: Kind, name: Name, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Test whether a vault or a platform can be reached with its credentials."""
    with session(url, as_json=as_json) as now:
        answer = now.api.post(f"{kind}s", name, "test")
        reader, passed = Reader("the answer", answer), answer.get("ok") is True
        if as_json:
            now.terminal.json(answer)
        else:
            verdict = f"{kind} {name} {'answers' if passed else 'FAILS'}"
            now.terminal.say(f"{verdict} ({reader.number('latencyMs')} ms)", reader.text("message"))
    if not passed:
        raise typer.Exit(1)


def _flag(value: bool) -> str | None:
    return "true" if value else None
