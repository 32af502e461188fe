"""The Functions app: registers what the other modules define, and nothing else."""

import azure.durable_functions as df

from orchestrations import activities, complete_run, dispatcher, end_run, task_run
from polysync_core.composition import observe
from triggers import http, mcp, queues, timers

observe()
app = df.DFApp()
for module in (
    activities,
    complete_run,
    dispatcher,
    end_run,
    task_run,
    http,
    mcp,
    queues,
    timers,
):
    app.register_functions(module.blueprint)
