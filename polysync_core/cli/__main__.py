"""Starts the command line as a module: `python -m polysync_core.cli`."""

from polysync_core.cli.main import app

app(prog_name="polysync")
