"""Registers all functions, orchestrations and entities with the Azure Functions host."""

# ruff: noqa: E402 - a wrong setting is reported before other modules are imported
from polysync_core.composition import observe

observe()

import azure.durable_functions as df

from orchestrations import blueprint
from triggers import http, mcp, queues, timers

app = df.DFApp()
for module in (blueprint, http, mcp, queues, timers):
    app.register_functions(module.blueprint)
