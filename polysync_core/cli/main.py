"""`polysync`: each command asks the API for one thing and shows what it answered.

Modules that take long to import (Rich, the HTTP library, YAML) are imported by the commands, so
that `--help` and completion answer at once.
"""

from __future__ import annotations

import typer

from polysync_core.cli.definitions import apply, export, test
from polysync_core.cli.executing import execute
from polysync_core.cli.importing import artefacts, import_jobs, platform_runs, sync_parameters
from polysync_core.cli.insights import explain, fire_times, graph, usage
from polysync_core.cli.runs import cancel, rerun, run, runs, show
from polysync_core.cli.schedules import backfill, pause, resume, schedules

app = typer.Typer(
    name="polysync",
    help="Define and run jobs across platforms.",
    epilog="POLYSYNC_TOKEN holds an Entra token for a deployed app.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

# In the order in which `--help` shows them.
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
