"""Checks definitions of HTTP service platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Invalid, PlatformRefused, Problem
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.calls import Call
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.http_service.attributes import HttpServiceAttributes
from polysync_core.platforms.http_service.http_job import HttpJobConnector
from polysync_core.platforms.http_service.path_templates import PathTemplate
from polysync_core.platforms.http_service.refusals import refused
from polysync_core.platforms.http_service.settings import HttpJobSettings, check_job
from polysync_core.platforms.http_service.sign_in import METHODS, authenticator_of, token_url
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.plugin import (
    Capability,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)


def check_http_service(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of an HTTP service."""
    problems: list[Problem] = []
    for check in (
        lambda: HttpServiceAttributes.of(platform).base_address(allow_loopback=allow_loopback),
        lambda: token_url(platform.auth, allow_loopback=allow_loopback),
    ):
        try:
            check()
        except Invalid as error:
            problems += error.problems
    return problems


def open_http_service(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to a service."""
    attributes = HttpServiceAttributes.of(platform)
    allow_loopback = context.allow_loopback
    authenticator = authenticator_of(
        platform.auth, context.secrets, context.http, allow_loopback=allow_loopback
    )
    base = attributes.base_address(allow_loopback=allow_loopback)
    client = PlatformClient(base, authenticator, refused=refused, http=context.http)
    return LivePlatform(
        plugin=PLUGIN,
        jobs={JobType.HTTP_JOB: HttpJobConnector(client)},
        discoveries=[],
        check_access=lambda: _check_access(client, attributes.test_path),
    )


def _check_access(client: PlatformClient, test_path: str | None) -> str:
    """Read the test path; without one, accept every answer that does not refuse the credential."""
    path = PathTemplate(test_path or "/")
    call = Call(
        method="GET",
        segments=path.segments({}),
        ending="/" if path.ends_with_slash else "",
        repeatable=True,
        accepts=lambda answer: test_path is None and answer.status not in {401, 403, 429},
    )

    def status(answer: Answer) -> int:
        return answer.status

    found = client.exchange(call, status)
    if test_path is None and found >= 500:
        raise PlatformRefused(
            f"{client.base.host} answered with status {found}",
            cause=FailureCause.PLATFORM_UNREACHABLE,
        )
    if test_path is None:
        return f"Reached {client.base.host}; set testPath to a path that needs the credential."
    return f"Reached {client.base.host}; {test_path} is readable."


PLUGIN = PlatformPlugin(
    name=PlatformType.HTTP_SERVICE,
    jobs={
        JobType.HTTP_JOB: JobTypePlugin(
            check=check_job,
            settings=HttpJobSettings,
            external_id_hint="The id of the artefact on the service, for {externalId}.",
            capabilities=frozenset({Capability.CANCEL, Capability.OUTPUTS}),
        )
    },
    sign_in=METHODS,
    check=check_http_service,
    attributes=HttpServiceAttributes,
    open=open_http_service,
    announces_sends=True,
)
