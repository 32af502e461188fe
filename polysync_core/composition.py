"""Constructs the app: reads settings, starts telemetry, and builds use cases and API.

`build` and `build_api` take everything from outside as `Ports`, so production, the local host and
tests share one wiring. The functions without parameters return this process's own instances.
"""

from __future__ import annotations

import logging
import os
from functools import cached_property

from fastapi import FastAPI

from polysync_core.adapters import Ports, open_issuer, production_ports
from polysync_core.api.app import ApiRoutes, create_app
from polysync_core.api.arrivals.routes import event_routes
from polysync_core.api.definitions.artefact_import import import_routes
from polysync_core.api.definitions.documents import document_routes
from polysync_core.api.definitions.drift import drift_routes
from polysync_core.api.definitions.routes import definition_routes
from polysync_core.api.definitions.versions import version_routes
from polysync_core.api.jobs.routes import JobHandlers, job_key_routes, job_run_routes
from polysync_core.api.missed.routes import missed_routes
from polysync_core.api.operations.audit import audit_routes
from polysync_core.api.operations.connection_tests import connection_test_routes
from polysync_core.api.operations.documentation import documentation_routes
from polysync_core.api.operations.holds import hold_routes
from polysync_core.api.operations.metrics import NO_METRICS, Metrics, metrics_routes
from polysync_core.api.operations.poison_messages import poison_message_routes
from polysync_core.api.runs.explanations import explanation_routes
from polysync_core.api.runs.failures import failure_routes
from polysync_core.api.runs.gates import gate_routes
from polysync_core.api.runs.graph import graph_routes
from polysync_core.api.runs.limits import limit_routes
from polysync_core.api.runs.logs import log_routes
from polysync_core.api.runs.platform_runs import platform_run_routes
from polysync_core.api.runs.routes import run_routes
from polysync_core.api.schedules.backfill import backfill_routes
from polysync_core.api.schedules.backfills import stored_backfill_routes
from polysync_core.api.schedules.cron import cron_routes
from polysync_core.api.schedules.deadlines import deadline_routes
from polysync_core.api.schedules.fire_times import fire_time_routes
from polysync_core.api.schedules.routes import schedule_routes
from polysync_core.api.security.access_policy import AccessPolicy
from polysync_core.api.security.callers import (
    Identify,
    by_key,
    from_app_service,
    reject_all,
    require_credentials,
    require_loopback,
)
from polysync_core.application.operations.background_work import BackgroundWork
from polysync_core.built_once import built_once
from polysync_core.domain.security.token_issuer import TokenIssuer
from polysync_core.services import Services
from polysync_core.settings import DELIVERIES, RUN_REQUESTS, SettingError, Settings

_log = logging.getLogger(__name__)


@built_once
def settings() -> Settings:
    """Return the settings of this process, or raise `SettingError` naming the wrong one.

    The entry point reads the settings first, so a mistake fails the start of the app.
    """
    try:
        return Settings.read(os.environ)
    except SettingError as error:
        message = str(error)
    _log.critical("A setting of the app is wrong: %s", message, extra={"action": "setting_refused"})
    # Raised here, the error has no chain of causes.
    raise SettingError(message)


@built_once
def observe() -> Metrics:
    """Start to export telemetry if the settings name a destination; otherwise load nothing.

    The result is what the API serves to Prometheus.
    """
    configured = settings()
    prometheus = None
    if configured.prometheus:
        from polysync_core.telemetry.prometheus import PrometheusMetrics

        prometheus = PrometheusMetrics()
    if configured.sends_telemetry or prometheus is not None:
        from polysync_core.telemetry.export import start_export

        start_export(
            service_name=configured.service_name,
            application_insights=configured.application_insights,
            to_collector=bool(configured.otlp_endpoint),
            prometheus=prometheus,
        )
    return Metrics(None if prometheus is None else prometheus.text)


@built_once
def services() -> Services:
    """Return the use cases of this process."""
    return build(production_ports(settings()), settings())


@built_once
def background_work() -> BackgroundWork:
    """Return the work of this process that no request waits for."""
    return build_background_work(services())


@built_once
def api() -> FastAPI:
    """Return the API of this process."""
    return build_api(services(), identify(), metrics=observe())


@built_once
def console() -> FastAPI:
    """Return the web console of this process."""
    return build_console(services(), identify())


@built_once
def identify() -> Identify:
    """Return the function by which every entry point of this process identifies its callers."""
    return identify_by(settings())


def build(ports: Ports, settings: Settings) -> Services:
    """Wire the use cases together, without any I/O.

    Every part is built here and now: threads that built parts on first use would not share them.
    """
    built = Services(ports, settings)
    for group in Services.__mro__:
        for name, part in vars(group).items():
            if isinstance(part, cached_property):
                getattr(built, name)
    return built


def build_background_work(services: Services) -> BackgroundWork:
    """Return the work behind the timers and queues of a host."""
    return BackgroundWork(
        reconcile=services.reconciler.reconcile,
        fire_schedules=services.schedule_tick.tick,
        check_deadlines=services.deadline_check.check,
        check_batches=services.batch_check.check,
        execute_wait_limits=services.dependent_notifier.execute_wait_limits,
        watch_schedules=services.schedule_watch,
        purge=services.retention.purge,
        check_drift=services.drift_check.check,
        webhook_delivery=services.webhook_delivery,
        notifications=services.notifications,
        lineage=services.lineage,
        run_requests=services.run_requests,
        poison_messages=services.poison_messages,
        deliveries_queue=DELIVERIES,
        run_requests_queue=RUN_REQUESTS,
    )


def identify_by(settings: Settings) -> Identify:
    """Return the function by which the API identifies its callers.

    Production trusts App Service authentication and rejects everyone without it. Development
    accepts requests from this machine. A token of the configured issuer comes first, then an
    access key.
    """
    keys, issuer = settings.access_keys, settings.token_issuer
    if settings.development:
        identify = require_loopback
    elif settings.app_service_authentication:
        identify = from_app_service
    else:
        identify = require_credentials if keys or issuer else reject_all
    if keys:
        identify = by_key(keys, otherwise=identify)
    return _by_token(settings, issuer, otherwise=identify) if issuer else identify


def _by_token(settings: Settings, issuer: TokenIssuer, *, otherwise: Identify) -> Identify:
    # The cryptography takes time to import, and only a host with an issuer needs it.
    from polysync_core.api.security.tokens import by_token

    return by_token(issuer, open_issuer(issuer, settings), otherwise=otherwise)


@built_once
def routes() -> ApiRoutes:
    """Return the routes of the API, which every app of this process shares."""
    return ApiRoutes(
        [
            # The routes are tried in this order, and these have by far the most requests.
            run_routes(),
            # Before the routes of definitions, which would take `/test` for a name.
            connection_test_routes(),
            explanation_routes(),
            failure_routes(),
            limit_routes(),
            log_routes(),
            fire_time_routes(),
            deadline_routes(),
            cron_routes(),
            document_routes(),
            version_routes(),
            documentation_routes(),
            metrics_routes(),
            gate_routes(),
            schedule_routes(),
            backfill_routes(),
            stored_backfill_routes(),
            hold_routes(),
            event_routes(),
            job_run_routes(),
            job_key_routes(),
            platform_run_routes(),
            definition_routes(),
            import_routes(),
            drift_routes(),
            poison_message_routes(),
            missed_routes(),
            graph_routes(),
            audit_routes(),
        ]
    )


def build_api(services: Services, identify: Identify, *, metrics: Metrics = NO_METRICS) -> FastAPI:
    """Return the API in front of some use cases."""
    return create_app(
        routes(),
        [*_use_cases(services), metrics],
        access=AccessPolicy(identify=identify, audit=services.audit),
        allowed_origins=services.settings.allowed_origins,
    )


def build_console(services: Services, identify: Identify) -> FastAPI:
    """Return the web console in front of some use cases."""
    # Only the first request of a browser pays for the import.
    from polysync_core.console.app import create_console
    from polysync_core.console.deployment import Deployment, SignIn
    from polysync_core.console.roles import CONSOLE_ROLES
    from polysync_core.console.sign_in import by_cookie, sign_in_routes

    settings = services.settings
    keys = settings.access_keys
    deployment = Deployment(
        name=settings.deployment_name,
        colour=settings.deployment_colour,
        contact=settings.deployment_contact,
        sign_in=SignIn(with_key=not settings.app_service_authentication)
        if keys or settings.app_service_authentication
        else None,
    )
    return create_console(
        sign_in_routes(keys),
        [*_use_cases(services), services.name_search, deployment, routes()],
        access=AccessPolicy(
            identify=by_cookie(keys, otherwise=identify) if keys else identify,
            roles=CONSOLE_ROLES,
            audit=services.audit,
        ),
    )


def _use_cases(services: Services) -> list[object]:
    return [
        services.connection_tests,
        services.result_recorder,
        services.explanations,
        services.limit_usage,
        services.failure_details,
        services.fire_times,
        services.task_deadlines,
        services.upcoming,
        services.tight_limits,
        services.schedule_previews,
        services.consequences,
        services.task_graph,
        services.task_lists,
        services.documents,
        services.versions,
        services.documentation,
        services.gates,
        services.schedules,
        services.backfill,
        services.backfills,
        services.holds,
        services.event_intake,
        services.task_arrivals,
        JobHandlers(services.job_runs, services.appkit_jobs),
        services.platform_runs,
        services.definition_editing,
        services.types,
        services.calendar_uses,
        services.artefact_import,
        services.drift,
        services.recent_drift,
        services.job_list,
        services.definitions,
        services.job_runs,
        services.task_runs,
        services.runs_overview,
        services.run_relatives,
        services.failure_groups,
        services.poison_messages,
        services.missed_work,
        services.graphs,
        services.graph_outlines,
        services.comparisons,
        services.audit,
    ]
