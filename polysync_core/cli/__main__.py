"""Starts the command-line interface for `python -m polysync_core.cli`."""

from polysync_core.cli.main import app

app(prog_name="polysync")
