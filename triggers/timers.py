"""Timers: the minute tick."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from orchestrations.engine import DurableEngine
from polysync_core.bootstrap import services, settings

blueprint = df.Blueprint()


@blueprint.function_name("tick")
@blueprint.timer_trigger(
    arg_name="timer",
    schedule="0 * * * * *",
    use_monitor=True,
    # On one machine the engine's memory goes with the process, so runs are taken up at once. In
    # Azure it would only be a second tick at every start of an instance.
    run_on_startup=settings().development,
)
@blueprint.generic_input_binding(arg_name="durable", type="durableClient", durableRequiresGrpc=True)
def tick(timer: func.TimerRequest, durable: str) -> None:
    """Make good what crashes and lost messages left undone."""
    services().reconciler.reconcile(DurableEngine(durable))
