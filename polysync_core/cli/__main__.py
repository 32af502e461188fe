"""`python -m polysync_core.cli`, the same as `polysync`."""

from polysync_core.cli.main import app

app(prog_name="polysync")
