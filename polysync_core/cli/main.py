"""`polysync`: each command asks the API for one thing and shows what it answered.

Modules that take long to import (Rich, the HTTP library, YAML) are imported by the commands, so
that `--help` and completion answer at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from polysync_core.cli.answers import CANCELLED, TERMINAL
from polysync_core.cli.errors import ApiProblem
from polysync_core.cli.executing import execute
from polysync_core.cli.importing import artefacts, import_jobs, platform_runs, sync_parameters
from polysync_core.cli.json import Reader
from polysync_core.cli.options import (
    DEFAULT_URL,
    All,
    AsJson,
    Assignments,
    Follow,
    Key,
    Limit,
    Task,
    Url,
)
from polysync_core.cli.parameters import given_values
from polysync_core.cli.schedules import commands as schedule_commands
from polysync_core.cli.session import session

if TYPE_CHECKING:
    from polysync_core.cli.json import JsonObject

app = typer.Typer(
    name="polysync",
    help="Define and run jobs across platforms.",
    epilog="POLYSYNC_TOKEN holds an Entra token for a deployed app.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

RunId = Annotated[str, typer.Argument(metavar="RUN", help="Id of a task run, in full.")]
MaybeRunId = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="Id of a task run, in full.")
]
GateOf = Annotated[str | None, typer.Option("--task", help="What this task awaits of others.")]
Files = Annotated[
    list[str], typer.Option("--file", "-f", help="YAML or JSON, - for stdin; may be repeated.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")]
Prune = Annotated[bool, typer.Option("--prune", help="Delete what the files' lists leave out.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")]
Priority = Annotated[int | None, typer.Option(help="Higher goes first.")]
Downstream = Annotated[
    bool, typer.Option("--downstream", help="Also run what depends on the task.")
]
OfTask = Annotated[str | None, typer.Option("--task", help="Only runs of this task.")]
OfJob = Annotated[
    str | None, typer.Option("--job", help="Runs of this job without a task, and no others.")
]
OfStatus = Annotated[
    str | None,
    typer.Option("--status", help="Queued, Running, Succeeded, Failed, Cancelled or Skipped."),
]
OfGraph = Annotated[str | None, typer.Option("--graph", help="Only runs of this graph run.")]
OneTask = Annotated[
    str | None, typer.Argument(metavar="[TASK]", help="Only what is upstream and downstream of it.")
]
OfGraphRun = Annotated[
    str | None, typer.Option("--graph-run", help="How this graph run went, by its root's id.")
]
GraphFormat = Annotated[
    Literal["tree", "table", "mermaid", "svg"] | None,
    typer.Option("--format", help="On the screen tree (the default) or table."),
]
Count = Annotated[int, typer.Option(min=1, max=100, help="How many.")]
Kind = Annotated[Literal["vault", "platform"], typer.Argument(metavar="vault|platform")]
Name = Annotated[str, typer.Argument(metavar="NAME")]
Profile = Annotated[str, typer.Argument(metavar="PROFILE", help="Name of a contention profile.")]


@app.command()
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


@app.command()
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


@app.command()
def run(  # noqa: PLR0913 - a parameter an option
    task: Task,
    parameters: Assignments = None,
    priority: Priority = None,
    idempotency_key: Key = None,
    follow: Follow = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Run a task once."""
    body: JsonObject = {"parameters": given_values(parameters)}
    if priority is not None:
        body["priority"] = priority
    with session(url, as_json=as_json) as now:
        from polysync_core.cli.running import follow_run, run_id_of, start_run

        answer = start_run(now, task, body, idempotency_key)
        if follow:
            follow_run(now, run_id_of(answer))
        elif as_json:
            now.terminal.json(answer)
        else:
            now.terminal.say(f"Run {run_id_of(answer)} of {task} is accepted.")


@app.command()
def runs(  # noqa: PLR0913 - a parameter an option
    task: OfTask = None,
    job: OfJob = None,
    status: OfStatus = None,
    graph: OfGraph = None,
    limit: Limit = 20,
    everything: All = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List task runs, or with --job the runs of a job without a task, newest first."""
    query = {"task": task, "status": status, "graphRunId": graph}
    if job is not None and any(query.values()):
        message = "it goes with none of --task, --status and --graph"
        raise typer.BadParameter(message, param_hint="--job")
    path, member = (("task-runs",), "items") if job is None else (("jobs", job, "runs"), "runs")
    with session(url, as_json=as_json) as now:
        most = None if everything else limit
        items, token = now.api.items(*path, query=query, limit=most, member=member)
        if as_json:
            now.terminal.json({member: [*items], "continuationToken": token})
            return
        from polysync_core.cli.answers import Run
        from polysync_core.cli.errors import CommandFailed
        from polysync_core.cli.views import runs_view

        if job and any("run_id" in item for item in items):
            raise CommandFailed(
                f"The runs of {job} are Databricks' alone, in its own words: --json gives them."
            )
        if items:
            now.terminal.show(runs_view([Run.decode(item) for item in items]))
        if token or not items:
            now.terminal.remark("There are more: --limit N, or --all." if token else "No runs.")


@app.command()
def show(run_id: RunId, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show a task run: attempts, times, errors, parameters, outputs and history."""
    with session(url, as_json=as_json) as now:
        answer = now.api.get("task-runs", run_id)
        history, _ = now.api.items("task-runs", run_id, "history")
        if as_json:
            now.terminal.json({**answer, "history": [*history]})
        else:
            from polysync_core.cli.answers import Run, Transition
            from polysync_core.cli.views import run_view

            entries = [Transition.decode(entry) for entry in history]
            now.terminal.show(*run_view(Run.decode(answer), entries))


@app.command()
def graph(  # noqa: PLR0913 - a parameter an option
    task: OneTask = None,
    graph_run: OfGraphRun = None,
    form: GraphFormat = None,
    output: Output = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show what starts what, with the last run and the next fire time of each task."""
    from polysync_core.cli.graph.command import chosen_format, show_graph

    chosen = chosen_format(form, output, as_json=as_json)
    with session(url, as_json=as_json) as now:
        show_graph(now, task, graph_run, chosen, output)


@app.command()
def explain(
    run_id: MaybeRunId = None,
    task: GateOf = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Tell why a task run waits for its start, or with --task what a task awaits of others."""
    if (run_id is None) == (task is None):
        raise typer.BadParameter("give either a run or --task", param_hint="RUN")
    path = ("tasks", task, "gate") if task is not None else ("task-runs", run_id or "", "explain")
    with session(url, as_json=as_json) as now:
        answer = now.api.get(*path)
        if as_json:
            now.terminal.json(answer)
            return
        from polysync_core.cli.explaining import explanation_view
        from polysync_core.cli.gates import gate_view

        now.terminal.show(*(explanation_view if task is None else gate_view)(answer))


@app.command()
def usage(profile: Profile, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show how a contention profile is used: who holds its slots, who waits, its next start."""
    with session(url, as_json=as_json) as now:
        answer = now.api.get("contention-profiles", profile, "usage")
        if as_json:
            now.terminal.json(answer)
        else:
            from polysync_core.cli.usage import usage_view

            now.terminal.show(*usage_view(answer))


@app.command()
def fire_times(
    task: Task, count: Count = 10, url: Url = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """Show when a task's schedules fire next, and what daylight saving and calendars do to them."""
    with session(url, as_json=as_json) as now:
        answer = now.api.get("tasks", task, "fire-times", query={"count": str(count)})
        if as_json:
            now.terminal.json(answer)
        else:
            from polysync_core.cli.fire_times import fire_times_view

            now.terminal.show(*fire_times_view(answer))


@app.command()
def cancel(run_id: RunId, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Ask for the end of a run; the platform is given time to stop it."""
    with session(url, as_json=as_json) as now:
        answer = now.api.post("task-runs", run_id, "cancel")
        status = Reader("the run", answer).text("status")
        if as_json:
            now.terminal.json(answer)
        elif status not in TERMINAL:
            now.terminal.say(f"The cancellation of run {run_id} is requested.")
        else:
            now.terminal.say(f"Run {run_id} has ended: {status}.")
    if status in TERMINAL - {CANCELLED}:
        raise typer.Exit(1)


@app.command()
def rerun(  # noqa: PLR0913 - a parameter an option
    run_id: RunId,
    downstream: Downstream = False,
    idempotency_key: Key = None,
    follow: Follow = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Run the task of a finished run again, with the same parameters."""
    with session(url, as_json=as_json) as now:
        from polysync_core.cli.running import follow_run, run_id_of, start_rerun

        answer = start_rerun(now, run_id, idempotency_key, downstream=downstream)
        if follow:
            follow_run(now, run_id_of(answer))
        elif as_json:
            now.terminal.json(answer)
        else:
            now.terminal.say(f"Run {run_id_of(answer)} repeats {run_id}; it is accepted.")


app.add_typer(schedule_commands)


@app.command()
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


app.command("exec")(execute)
app.command()(artefacts)
app.command("import")(import_jobs)
app.command()(sync_parameters)
app.command()(platform_runs)


def _flag(value: bool) -> str | None:
    return "true" if value else None
