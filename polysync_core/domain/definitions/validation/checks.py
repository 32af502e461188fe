"""Checks a definition against other definitions, the stored version and the plugin's rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.contention import (
    ConcurrencyProfile,
    ContentionProfile,
    RateLimitProfile,
    Scope,
)
from polysync_core.domain.definitions.document import Reference, kind_of, reference_to
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.kinds import SPECS
from polysync_core.domain.definitions.name_graph import find_cycle
from polysync_core.domain.definitions.platforms import (
    Platform,
)
from polysync_core.domain.definitions.receivers import EmailReceiver, Receiver, WebhookReceiver
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.validation.messages import nearest
from polysync_core.domain.definitions.validation.references import (
    malformed_secrets,
    references_of,
)
from polysync_core.domain.definitions.validation.task_checks import task_problems
from polysync_core.domain.definitions.validation.unread import Unread, UnreadFields
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.lineage.datasets import dataset_problems
from polysync_core.domain.parameters import convert


class Catalogue(Protocol):
    """All definitions after a change: the stored ones with the changes on top."""

    def find(self, kind: Kind, name: str) -> Definition | None:
        """Return a definition, at the cost of at most one point read."""
        ...

    def names(self, kind: Kind) -> Iterable[str]:
        """Return names of a kind for spelling suggestions; a long list is cut."""
        ...

    def referrers(self, reference: Reference) -> Iterator[Definition]:
        """Yield the referrers of a definition; the cost depends on their number."""
        ...


_RELIED_ON = {
    Kind.PLATFORM: ("type",),
    Kind.CONTENTION_PROFILE: ("settings",),
    Kind.JOB: ("platform", "jobType", "parameters"),
    Kind.TASK: ("job", "schedules"),
}
"""The fields of a definition that the rules about its referrers read."""


def _accept(*_: object) -> None:
    """Accept every definition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The checks that depend on the environment and on the plugins.

    The callables raise `Invalid` with paths relative to the checked definition.
    """

    development: bool = False
    """True if secrets may come from environment variables (development only)."""
    check_vault: Callable[[Vault], None] = _accept
    check_platform: Callable[[Platform], None] = _accept
    check_job: Callable[[Platform, Job], None] = _accept
    check_webhook: Callable[[Webhook], None] = _accept
    check_receiver: Callable[[Receiver], None] = _accept
    outputs_problem: Callable[[Platform, Job], str | None] = _accept
    """Returns the reason why runs of a Job have no outputs; None if they have outputs."""


@dataclass(slots=True)
class Checks:
    """Checks definitions against each other; one instance shares its work over one request."""

    catalogue: Catalogue
    rules: Rules
    unread: Unread = field(default_factory=Unread)
    """The parts of the new definitions that could not be read."""
    _cleared: dict[Kind, set[str]] = field(
        default_factory=lambda: {Kind.TASK: set(), Kind.VAULT: set()}
    )

    def problems(self, definition: Definition, before: Definition | None) -> list[Problem]:
        """Return the problems of a definition, with paths relative to it.

        A problem that an unread part may have caused is left out.
        """
        unread_fields = self.unread.fields_of(kind_of(definition), definition.name)
        return [
            problem
            for problem in (
                *_locked(definition, before),
                *malformed_secrets(definition),
                *self.dangling(definition),
                *self._of_kind(definition, unread_fields),
                *self.cycle(definition),
            )
            if not unread_fields.includes(problem.path)
        ]

    def _of_kind(self, definition: Definition, unread_fields: UnreadFields) -> Iterable[Problem]:
        match definition:
            case Vault():
                return self._vault(definition)
            case Platform():
                return self._platform(definition, unread_fields)
            case Job():
                return self._job(definition)
            case Task():
                return task_problems(definition, self._certain, self.outputs_problem, unread_fields)
            case Webhook():
                return _raised(lambda: self.rules.check_webhook(definition))
            case WebhookReceiver() | EmailReceiver():
                return _raised(lambda: self.rules.check_receiver(definition))
            case ConcurrencyProfile() | RateLimitProfile():
                return self._shards_under(definition, None)
            case _:
                return ()

    def outputs_problem(self, job: Job) -> str | None:
        """Return the reason why runs of a Job have no outputs, as its plugin declares."""
        if self.unread.has_unread_field(job, Kind.JOB, ["jobType", "settings"]):
            return None
        platform = self._certain(Kind.PLATFORM, job.platform)
        return self.rules.outputs_problem(platform, job) if isinstance(platform, Platform) else None

    def _certain(self, kind: Kind, name: str) -> Definition | None:
        """Return a definition, or None if the fields that other definitions rely on are unread."""
        definition = self.catalogue.find(kind, name)
        relied_on = _RELIED_ON.get(kind, ())
        if definition is None or self.unread.has_unread_field(definition, kind, relied_on):
            return None
        return definition

    def dangling(self, definition: Definition) -> Iterator[Problem]:
        """Yield a problem for every reference without a target."""
        unread_fields = self.unread.fields_of(kind_of(definition), definition.name)
        for path, reference in references_of(definition):
            if unread_fields.includes(path) or self.unread.may_define(
                reference.kind, reference.name
            ):
                continue
            if reference == reference_to(definition):
                yield Problem(path, f"a {SPECS[reference.kind].singular} cannot refer to itself")
            elif self.catalogue.find(reference.kind, reference.name) is None:
                message = f"there is no {reference}: define it, or correct the name"
                yield Problem(path, message, partial(self._similar, reference))

    def _similar(self, reference: Reference) -> str:
        return nearest(reference.name, self.catalogue.names(reference.kind))

    def cycle(self, definition: Definition) -> Iterator[Problem]:
        """Yield a problem that shows the cycle of a definition, if there is a cycle."""
        reference = reference_to(definition)
        cleared = self._cleared.get(reference.kind)
        if cleared is None:
            return
        cycle = find_cycle(
            definition.name, lambda name: self._own_kind(reference.kind, name), cleared
        )
        if cycle is None or definition.name not in cycle:
            return
        if len(cycle) == 2:
            # `dangling` reports a reference to itself.
            return
        # Each cycle is reported once, at the first member that is checked.
        cleared.update(cycle)
        start = cycle.index(definition.name)
        shown = [*cycle[start:-1], *cycle[:start], definition.name]
        path = next(p for p, r in references_of(definition) if r == Reference(r.kind, shown[1]))
        yield Problem(path, f"closes a cycle: {' → '.join(shown)}; remove one of these references")

    def _own_kind(self, kind: Kind, name: str) -> list[str]:
        definition = self.catalogue.find(kind, name)
        if isinstance(definition, Task):
            return [dependency.task for dependency in definition.dependencies]
        references = references_of(definition) if definition is not None else []
        return [each.name for _, each in references if each.kind is kind]

    def _vault(self, vault: Vault) -> Iterator[Problem]:
        yield from _raised(lambda: self.rules.check_vault(vault))

    def _platform(self, platform: Platform, unread_fields: UnreadFields) -> Iterator[Problem]:
        yield from _raised(lambda: self.rules.check_platform(platform))
        if unread_fields.overlaps("shard"):
            return
        for index, name in enumerate(platform.contention_profiles):
            profile = self.catalogue.find(Kind.CONTENTION_PROFILE, name)
            if isinstance(profile, ConcurrencyProfile | RateLimitProfile):
                for problem in self._shards_under(profile, platform):
                    yield replace(problem, path=f"contentionProfiles[{index}]")

    def _shards_under(
        self, profile: ContentionProfile, platform: Platform | None
    ) -> Iterator[Problem]:
        """Yield a problem if a shared limit spans shards: one Dispatcher must count it."""
        if profile.scope is not Scope.GLOBAL:
            return
        shards = {platform.shard: platform.name} if platform is not None else {}
        for referrer in self.catalogue.referrers(reference_to(profile)):
            if isinstance(referrer, Platform) and not self.unread.has_unread_field(
                referrer, Kind.PLATFORM, ["shard"]
            ):
                shards.setdefault(referrer.shard, referrer.name)
            if len(shards) > 1:
                (one, first), (other, second) = list(shards.items())[:2]
                yield Problem(
                    "scope",
                    f"'{profile.name}' is Global, so its platforms must share a shard: "
                    f"'{first}' is in '{one}', '{second}' in '{other}'",
                )
                return

    def _job(self, job: Job) -> Iterator[Problem]:
        for index, parameter in enumerate(job.parameters):
            path = f"parameters[{index}].default"
            default, data_type = parameter.default, parameter.data_type
            yield from _raised(lambda d=default, t=data_type, p=path: convert(d, t, path=p))
        yield from (Problem(path, text) for path, text in dataset_problems(job))
        platform = self._certain(Kind.PLATFORM, job.platform)
        if isinstance(platform, Platform):
            yield from _raised(lambda: self.rules.check_job(platform, job))


def _raised(check: Callable[[], object]) -> tuple[Problem, ...]:
    try:
        check()
    except Invalid as error:
        return error.problems
    return ()


def _locked(definition: Definition, before: Definition | None) -> Iterator[Problem]:
    """Yield a problem for a changed field that referrers rely on."""
    locked: tuple[str, object, object] | None = None
    match definition, before:
        case (Platform(), Platform()) | (
            ConcurrencyProfile() | RateLimitProfile(),
            ConcurrencyProfile() | RateLimitProfile(),
        ):
            locked = "type", definition.type, before.type
        case Job(), Job():
            locked = "platform", definition.platform, before.platform
        case Task(), Task():
            locked = "job", definition.job, before.job
        case _:
            pass
    if locked is not None and locked[1] != locked[2]:
        field_name, _, old = locked
        yield Problem(
            field_name,
            f"is locked to '{old}' since the first save: "
            f"define a new {SPECS[reference_to(definition).kind].singular} under another name",
        )
