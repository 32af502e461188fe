"""Registers the orchestrations, the activities and the Dispatcher with Durable Functions."""

from __future__ import annotations

import azure.durable_functions as df

from orchestrations.dispatcher import Dispatcher
from orchestrations.durable_functions import DURABLE_FUNCTIONS, DurableFunctions
from orchestrations.names import DISPATCHER


def blueprint_of(functions: DurableFunctions) -> df.Blueprint:
    """Return a blueprint of the functions and the Dispatcher."""
    registered = df.Blueprint()
    for name, orchestration in functions.orchestrations.items():
        registered.orchestration_trigger(context_name="context", orchestration=name)(orchestration)
    for name, activity in functions.activities.items():
        registered.activity_trigger(input_name="work", activity=name)(activity)
    registered.entity_trigger(context_name="context", entity_name=DISPATCHER)(Dispatcher)
    return registered


blueprint = blueprint_of(DURABLE_FUNCTIONS)
