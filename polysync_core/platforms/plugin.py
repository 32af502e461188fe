"""Defines the classes of platform plugins, job type plugins and live platform connections.

A plugin is imported when the first definition of its type is used. It checks definitions without
I/O, and opens live connections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.types.catalogue import AnyFields
from polysync_core.domain.definitions.validation.messages import suggestion
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.runs.polls.plans import FAST, PollPlan
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.methods import SignInMethod
from polysync_core.platforms.connector import Artefact, Connector, JobConnector, ProviderStatus
from polysync_core.platforms.platform_client import HttpOptions


class Capability(StrEnum):
    """An ability of a job type, besides starting and polling runs."""

    CANCEL = "cancel"
    OUTPUTS = "outputs"
    DISCOVERY = "discovery"
    PARAMETERS = "parameters"
    """An artefact's parameters can be read from the platform."""
    RUNS = "runs"
    """The platform lists an artefact's runs."""
    FAILURE_DETAILS = "failure details"
    """The platform tells which parts of a run failed, and why."""
    REPAIR = "repair"
    """The platform runs only the failed parts of a failed run again."""


USUAL_CAPABILITIES = frozenset(Capability) - {Capability.REPAIR}
"""The abilities of a job type that declares none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTypePlugin:
    """A job type."""

    check: Callable[[Job], Sequence[Problem]]
    """Returns the problems of a Job, by paths such as `externalId` or `settings.x`."""
    settings: type[BaseModel] = AnyFields
    """The model by which `check` reads the settings; forms are built from it."""
    external_id_hint: str = "The platform's own id of the artefact."
    """The form of the external id, with an example."""
    capabilities: frozenset[Capability] = USUAL_CAPABILITIES
    outputs_setting: str | None = None
    """A boolean setting of the Job that turns outputs on; None if every run has outputs."""
    normal_id: Callable[[str], str] = str
    """Returns the normal form of an external id that has several accepted spellings."""
    states: Mapping[str, ProviderStatus] = field(default_factory=dict[str, ProviderStatus])
    """The platform's words for the state of a run, for the reference of the platform."""
    plan: PollPlan = FAST
    """The poll plan until the duration of the Task's runs is known."""

    def outputs_problem(self, job: Job) -> str | None:
        """Return the reason why runs of a Job have no outputs; None if they have outputs."""
        if Capability.OUTPUTS not in self.capabilities:
            return f"a {job.job_type} has no outputs"
        setting = self.outputs_setting
        if setting is not None and job.settings.get(setting) is not True:
            return f"job '{job.name}' has no outputs: set its settings.{setting} to true"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginContext:
    """Everything besides its definition that a connection needs."""

    secrets: Secrets
    allow_loopback: bool = False
    """True if a platform may be a simulator on this machine (development only)."""
    http: HttpOptions = field(default_factory=HttpOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformPlugin:
    """A platform type."""

    name: str
    jobs: Mapping[str, JobTypePlugin]
    """The platform's job types by their names."""
    sign_in: Sequence[SignInMethod]
    """The sign-in methods with their fields; the registry checks `auth` against them."""
    check: Callable[[Platform, bool], Sequence[Problem]]
    """Returns the problems of a Platform; the flag allows simulators on this machine."""
    open: Callable[[Platform, PluginContext], Connector]
    """Returns a connection to a checked Platform; nothing is sent before the first call.

    The connection is shared between threads and holds its token, so callers cache it while the
    definition is unchanged. TCP connections are pooled for the whole process.
    """
    attributes: type[BaseModel] = AnyFields
    """The model by which `check` reads the attributes; forms are built from it."""
    announces_sends: bool = False
    """True if `submit` announces each request that may start a run, as `PlatformClient` does.

    Then a run whose sign-in or secret fails counts as not sent, and its cancellation is immediate.
    If this is false, a submit counts as sent from its begin.
    """

    def job(self, job_type: str, *, path: str) -> JobTypePlugin:
        """Return a job type; raises `Invalid` at `path` with the known names."""
        if job_type in self.jobs:
            return self.jobs[job_type]
        names = ", ".join(self.jobs)
        message = f"does not run on {self.name}, which takes {names}"
        raise Invalid([Problem(path, message, suggestion(job_type, self.jobs))])


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Finds the artefacts of some job types on a platform."""

    job_types: frozenset[str]
    find: Callable[[str | None], Iterator[Artefact]]
    """Yields the artefacts whose names contain a text, page by page; None yields all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePlatform:
    """A `Connector` that consists of job connectors and discoveries."""

    plugin: PlatformPlugin
    jobs: Mapping[str, JobConnector]
    discoveries: Sequence[Discovery]
    check_access: Callable[[], str]

    def job(self, job_type: str) -> JobConnector:
        """Return the connector of a job type."""
        self.plugin.job(job_type, path="jobType")
        return self.jobs[job_type]

    def artefacts(
        self, *, job_type: str | None = None, search: str | None = None
    ) -> Iterator[Artefact]:
        """Yield the artefacts on the platform."""
        if job_type is not None:
            self.plugin.job(job_type, path="jobType")
        for discovery in self.discoveries:
            if job_type is None or job_type in discovery.job_types:
                for artefact in discovery.find(search):
                    if job_type in {None, artefact.job_type}:
                        yield artefact

    def test(self) -> str:
        """Make one cheap authenticated call and describe the reached service in a sentence."""
        return self.check_access()
