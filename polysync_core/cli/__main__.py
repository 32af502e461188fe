"""`python -m polysync_core.cli` runs `polysync`."""

from polysync_core.cli.main import app

app(prog_name="polysync")
