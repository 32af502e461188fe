"""The Functions app: registers what the other modules define, and nothing else."""

import azure.durable_functions as df

from orchestrations import blueprint
from polysync_core.composition import observe
from triggers import http, mcp, queues, timers

observe()
app = df.DFApp()
for module in (blueprint, http, mcp, queues, timers):
    app.register_functions(module.blueprint)
