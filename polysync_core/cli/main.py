"""`polysync`: each command sends a request to the API and shows the answer.

The commands themselves import modules that load slowly (Rich, the HTTP library, YAML), so that
`--help` and shell completion answer at once.
"""

from __future__ import annotations

import typer

from polysync_core.cli.commands.apply import apply
from polysync_core.cli.commands.artefacts import artefacts
from polysync_core.cli.commands.backfill import backfill
from polysync_core.cli.commands.cancel import cancel
from polysync_core.cli.commands.exec import execute
from polysync_core.cli.commands.explain import explain
from polysync_core.cli.commands.export import export
from polysync_core.cli.commands.fire_times import fire_times
from polysync_core.cli.commands.graph import graph
from polysync_core.cli.commands.import_ import import_jobs, sync_parameters
from polysync_core.cli.commands.platform_runs import platform_runs
from polysync_core.cli.commands.rerun import rerun
from polysync_core.cli.commands.run import run
from polysync_core.cli.commands.runs import runs
from polysync_core.cli.commands.schedules import pause, resume, schedules
from polysync_core.cli.commands.show import show
from polysync_core.cli.commands.test import test
from polysync_core.cli.commands.usage import usage

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
