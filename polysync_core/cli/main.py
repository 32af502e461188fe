"""Assembles the commands of `polysync` into one application.

The commands themselves import modules that load slowly (Rich, the HTTP library, YAML), so that
`--help` and shell completion answer at once.
"""

from __future__ import annotations

import typer

from polysync_core.cli.commands.definitions.apply import apply
from polysync_core.cli.commands.definitions.artefacts import artefacts
from polysync_core.cli.commands.definitions.export import export
from polysync_core.cli.commands.definitions.import_ import import_jobs, sync_parameters
from polysync_core.cli.commands.definitions.test import test
from polysync_core.cli.commands.runs.cancel import cancel
from polysync_core.cli.commands.runs.exec import execute
from polysync_core.cli.commands.runs.explain import explain
from polysync_core.cli.commands.runs.graph import graph
from polysync_core.cli.commands.runs.logs import logs
from polysync_core.cli.commands.runs.platform_runs import platform_runs
from polysync_core.cli.commands.runs.rerun import rerun
from polysync_core.cli.commands.runs.run import run
from polysync_core.cli.commands.runs.runs import runs
from polysync_core.cli.commands.runs.show import show
from polysync_core.cli.commands.runs.usage import usage
from polysync_core.cli.commands.schedules.backfill import backfill
from polysync_core.cli.commands.schedules.fire_times import fire_times
from polysync_core.cli.commands.schedules.schedules import pause, resume, schedules

app = typer.Typer(
    name="polysync",
    help="Define and run jobs across platforms.",
    epilog="POLYSYNC_TOKEN holds an Entra token for a deployed app.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

# `--help` shows the commands in this order.
app.command()(apply)
app.command()(export)
app.command()(run)
app.command()(runs)
app.command()(show)
app.command()(logs)
app.command()(graph)
app.command()(explain)
app.command()(usage)
app.command()(fire_times)
app.command()(cancel)
app.command()(rerun)
app.command()(test)
app.command("exec")(execute)
app.command()(artefacts)
app.command("import")(import_jobs)
app.command()(sync_parameters)
app.command()(platform_runs)
app.command()(schedules)
app.command()(pause)
app.command()(resume)
app.command()(backfill)
