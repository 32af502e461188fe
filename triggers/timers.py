"""Timers: the minute tick and the daily purge."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from orchestrations.engine import DurableEngine
from polysync_core.composition import services, settings
from polysync_core.telemetry.instruments import ticking

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
    """Make good what crashes and lost messages left undone, then let fire what is due.

    A fault of the one keeps nobody from the other; the host hears of it afterwards.
    """
    engine = DurableEngine(durable)
    faults: list[Exception] = []
    steps = {
        "reconcile": services().reconciler.reconcile,
        "schedules": services().schedule_tick.tick,
    }
    for name, step in steps.items():
        try:
            with ticking(name):
                step(engine)
        except Exception as fault:
            faults.append(fault)
    if faults:
        raise ExceptionGroup("The minute's tick could not do all of its work.", faults)


@blueprint.function_name("purge")
@blueprint.timer_trigger(arg_name="timer", schedule="0 17 3 * * *", use_monitor=True)
@blueprint.generic_input_binding(arg_name="durable", type="durableClient", durableRequiresGrpc=True)
def purge(timer: func.TimerRequest, durable: str) -> None:
    """Forget what is older than the settings say."""
    services().retention.purge(DurableEngine(durable))
