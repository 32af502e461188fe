"""Defines the timer functions for each minute (schedules, run repairs) and each night."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from orchestrations.engine import DurableEngine
from polysync_core.composition import background_work, settings

blueprint = df.Blueprint()


@blueprint.function_name("tick")
@blueprint.timer_trigger(
    arg_name="timer",
    schedule="0 * * * * *",
    use_monitor=True,
    # The local engine loses its memory with the process, so a start must resume runs at once. In
    # Azure this would only add a tick to every start of an instance.
    run_on_startup=settings().development,
)
@blueprint.generic_input_binding(arg_name="durable", type="durableClient", durableRequiresGrpc=True)
def tick(timer: func.TimerRequest, durable: str) -> None:
    """Reconcile active runs, then fire the schedules of this minute, each at its second."""
    work, engine = background_work(), DurableEngine(durable)
    work.tick(engine)
    work.watch_minute(engine)


@blueprint.function_name("purge")
@blueprint.timer_trigger(arg_name="timer", schedule="0 17 3 * * *", use_monitor=True)
@blueprint.generic_input_binding(arg_name="durable", type="durableClient", durableRequiresGrpc=True)
def purge(timer: func.TimerRequest, durable: str) -> None:
    """Delete the data that is older than the retention periods."""
    background_work().purge(DurableEngine(durable))


@blueprint.function_name("drift")
@blueprint.timer_trigger(arg_name="timer", schedule="0 47 4 * * *", use_monitor=True)
@blueprint.generic_input_binding(arg_name="durable", type="durableClient", durableRequiresGrpc=True)
def drift(timer: func.TimerRequest, durable: str) -> None:
    """Compare the Jobs with their artefacts, if the settings say so."""
    background_work().check_drift(DurableEngine(durable))
