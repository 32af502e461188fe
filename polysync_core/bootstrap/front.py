"""The API in front of the use cases, and who is let in to it."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import FastAPI

from polysync_core.api.app import create_app
from polysync_core.api.definitions.documents import document_routes
from polysync_core.api.definitions.importing import importing_routes
from polysync_core.api.definitions.routes import definition_routes
from polysync_core.api.jobs.routes import job_run_routes
from polysync_core.api.operations.audit import audit_routes
from polysync_core.api.operations.connection_tests import connection_test_routes
from polysync_core.api.operations.documentation import documentation_routes
from polysync_core.api.operations.poison_messages import poison_message_routes
from polysync_core.api.runs.explanations import explanation_routes
from polysync_core.api.runs.gates import gate_routes
from polysync_core.api.runs.graph import graph_routes
from polysync_core.api.runs.platform_runs import platform_run_routes
from polysync_core.api.runs.routes import run_routes
from polysync_core.api.schedules.backfill import backfill_routes
from polysync_core.api.schedules.fire_times import fire_time_routes
from polysync_core.api.schedules.routes import schedule_routes
from polysync_core.api.security.access_policy import AccessPolicy
from polysync_core.api.security.callers import (
    Identify,
    by_key,
    from_app_service,
    reject_all,
    require_loopback,
)
from polysync_core.application.ports import Engine
from polysync_core.bootstrap.use_cases import Services
from polysync_core.domain.definitions.document import Reference
from polysync_core.settings import Settings


def identify_by(settings: Settings) -> Identify:
    """Return how callers are known: by App Service, by being on this machine, or not at all.

    Where there are keys, whoever sends one is known by it.
    """
    if settings.development:
        identify = require_loopback
    else:
        identify = from_app_service if settings.app_service_authentication else reject_all
    keys = settings.access_keys
    return by_key(keys, otherwise=identify) if keys else identify


def build_api(services: Services, identify: Identify) -> FastAPI:
    """Return the API in front of some use cases."""

    def publish(changed: Iterable[Reference], engine: Engine | None) -> None:
        """Tell of definitions that were written."""
        changed = list(changed)
        services.neighbours.forget(changed)
        services.policy_updates.publish(changed, engine)

    return create_app(
        [
            # Before the definitions, whose routes would take `/test` for a name.
            connection_test_routes(services.connectivity),
            # Before them for the same reason.
            explanation_routes(services.explanations),
            fire_time_routes(services.fire_times),
            document_routes(services.documents, publish),
            documentation_routes(services.documentation),
            gate_routes(services.gates),
            schedule_routes(services.schedules),
            backfill_routes(services.backfill),
            job_run_routes(services.job_runs, services.appkit),
            platform_run_routes(services.platform_runs),
            definition_routes(services.definitions, publish),
            importing_routes(services.importing, publish),
            run_routes(services.runs),
            poison_message_routes(services.poison),
            graph_routes(services.graphs),
            audit_routes(services.audit),
        ],
        access=AccessPolicy(identify=identify, audit=services.audit),
    )
