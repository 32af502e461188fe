"""From a platform's definition to a live connection.

The packages of the platforms are imported when the first definition of their type is met: nobody
pays start-up time for a platform that is not used.
"""

from __future__ import annotations

from polysync_core.access.references import Secrets
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.platforms.connector import Connector

SUPPORTED = (PlatformType.AZURE_DATABRICKS,)


def open_connector(platform: Platform, *, secrets: Secrets, allow_loopback: bool) -> Connector:
    """Return a connection to a platform; nothing is sent before its first call.

    TCP connections are pooled for the whole process; an Entra token is kept by the connector, which
    is therefore worth keeping while the definition is the same. Safe to share between threads.
    Raises `Invalid` where the definition is wrong.
    """
    check_platform(platform, allow_loopback=allow_loopback)
    match platform.type:
        case PlatformType.AZURE_DATABRICKS:
            from polysync_core.platforms.azure_databricks.connector import open_databricks

            return open_databricks(platform, secrets=secrets, allow_loopback=allow_loopback)
        case _:
            raise _not_supported(platform.type)


def check_platform(platform: Platform, *, allow_loopback: bool) -> None:
    """Raise `Invalid` with every problem of a platform's auth and attributes, without any I/O."""
    match platform.type:
        case PlatformType.AZURE_DATABRICKS:
            from polysync_core.platforms.azure_databricks import connector

            problems = connector.check_platform(platform, allow_loopback=allow_loopback)
        case _:
            raise _not_supported(platform.type)
    if problems:
        raise Invalid(problems)


def check_job(platform: Platform, job: Job) -> None:
    """Raise `Invalid` with every problem of a Job on its platform, without any I/O."""
    match platform.type:
        case PlatformType.AZURE_DATABRICKS:
            from polysync_core.platforms.azure_databricks import connector

            problems = connector.check_job(job)
        case _:
            raise _not_supported(platform.type)
    if problems:
        raise Invalid(problems)


def _not_supported(kind: PlatformType) -> Invalid:
    supported = ", ".join(SUPPORTED)
    return Invalid([Problem("type", f"{kind} is not supported yet; supported: {supported}")])
