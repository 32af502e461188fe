"""The Functions app: registers what the other modules define, and nothing else."""

# ruff: noqa: E402 - a wrong setting is reported before other modules are imported
from polysync_core.composition import observe

observe()

import azure.durable_functions as df

from orchestrations import blueprint
from triggers import http, mcp, queues, timers

app = df.DFApp()
for module in (blueprint, http, mcp, queues, timers):
    app.register_functions(module.blueprint)
