"""From a platform's definition to a live connection.

The package of a platform type is imported when the first definition of that type is met: nobody
pays start-up time for a platform that is not used. Types that are not Polysync's own come from
installed packages, by an entry point of the group `polysync.platforms` whose name is the type's
and whose object is a `PlatformPlugin`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.definitions.validation_messages import nearest
from polysync_core.domain.errors import Invalid
from polysync_core.outbound.identity import NO_IDENTITY, AppIdentity
from polysync_core.outbound.references import Secrets
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import JobTypePlugin, PlatformPlugin, PluginContext

ENTRY_POINTS = "polysync.platforms"

_OWN: Mapping[str, str] = {
    PlatformType.AZURE_DATABRICKS: "polysync_core.platforms.azure_databricks.plugin",
    PlatformType.AZURE_AI_FOUNDRY: "polysync_core.platforms.azure_ai_foundry.plugin",
    PlatformType.AZURE_DATA_FACTORY: "polysync_core.platforms.azure_data_factory.plugin",
    PlatformType.AZURE_SYNAPSE: "polysync_core.platforms.azure_synapse.plugin",
    PlatformType.AZURE_FUNCTIONS: "polysync_core.platforms.azure_functions.plugin",
    PlatformType.AZURE_LOGIC_APPS: "polysync_core.platforms.azure_logic_apps.plugin",
    PlatformType.GOOGLE_CLOUD_FUNCTIONS: "polysync_core.platforms.google_functions.plugin",
}
"""Modules whose `PLUGIN` is one of Polysync's own platform types."""

_log = logging.getLogger(__name__)


@cache
def platform_plugin(name: str, path: str = "type") -> PlatformPlugin:
    """Return a platform type; raises `Invalid` at `path` where there is none of that name."""
    if name in _OWN:
        return import_module(_OWN[name]).PLUGIN
    offers = [each for each in entry_points(group=ENTRY_POINTS) if each.name == name]
    if not offers:
        names = platform_types()
        known = f"must be one of {', '.join(names)}"
        raise Invalid.at(path, known + nearest(name, names))
    if len(offers) > 1:
        packages = " and ".join(sorted(map(_package_of, offers)))
        raise Invalid.at(path, f"is offered by {packages}: keep one of these packages installed")
    return _loaded(offers[0], path)


def platform_types() -> list[str]:
    """Return the names of all platform types, without importing any package."""
    others = {each.name for each in entry_points(group=ENTRY_POINTS)}
    return [*_OWN, *sorted(others - _OWN.keys())]


def open_connector(
    platform: Platform,
    *,
    secrets: Secrets,
    allow_loopback: bool,
    app_identity: AppIdentity = NO_IDENTITY,
) -> Connector:
    """Return a connection to a platform; raises `Invalid` where its definition is wrong."""
    check_platform(platform, allow_loopback=allow_loopback)
    context = PluginContext(
        secrets=secrets,
        allow_loopback=allow_loopback,
        http=HttpOptions(private_hosts=app_identity.private_hosts),
    )
    return platform_plugin(platform.type).open(app_identity.complete_platform(platform), context)


def check_platform(platform: Platform, *, allow_loopback: bool) -> None:
    """Raise `Invalid` with every problem of a platform's type, auth and attributes."""
    problems = platform_plugin(platform.type).check(platform, allow_loopback)
    if problems:
        raise Invalid(problems)


def job_type_plugin(platform: Platform, job: Job) -> JobTypePlugin:
    """Return the job type of a Job, or raise `Invalid` where its platform has none such."""
    return platform_plugin(platform.type, "platform").job(job.job_type, path="jobType")


def check_job(platform: Platform, job: Job) -> None:
    """Raise `Invalid` with every problem of a Job on its platform."""
    problems = job_type_plugin(platform, job).check(job)
    if problems:
        raise Invalid(problems)


def outputs_problem(platform: Platform, job: Job) -> str | None:
    """Return the reason why runs of a Job have no outputs; None if they have outputs.

    A job type that the platform does not know has no reason: `check_job` reports it.
    """
    try:
        plugin = job_type_plugin(platform, job)
    except Invalid:
        return None
    return plugin.outputs_problem(job)


def _loaded(offer: EntryPoint, path: str) -> PlatformPlugin:
    package = _package_of(offer)
    try:
        plugin: object = offer.load()
    except Exception:
        # Somebody else's code may raise anything at all; what it says belongs in the log.
        _log.exception(
            "A package that offers a platform type cannot be loaded.",
            extra={"action": "platform_package_broken", "package": package, "type": offer.name},
        )
        plugin = None
    if not isinstance(plugin, PlatformPlugin) or plugin.name != offer.name:
        message = f"package '{package}' offers it and cannot be loaded: the app's log says why"
        raise Invalid.at(path, message)
    return plugin


def _package_of(offer: EntryPoint) -> str:
    return offer.dist.name if offer.dist is not None else offer.value
