"""Parses the ARNs of state machines, and the external run ids of executions.

The external id of a redrive is the ARN of the execution and the time of the redrive, because a
redrive keeps the ARN.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from polysync_core.domain.errors import Invalid
from polysync_core.outbound.sign_in.aws.partitions import (
    ACCOUNT_PATTERN,
    PARTITION_PATTERN,
    REGION_PATTERN,
)
from polysync_core.platforms.connector import RunNotFound

_NAME = r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}"
_OWNER = rf"arn:{PARTITION_PATTERN}:states:(?P<region>{REGION_PATTERN}):{ACCOUNT_PATTERN}"
_MACHINE = re.compile(
    rf"(?P<owner>{_OWNER}):stateMachine:(?P<name>{_NAME})(?::(?P<qualifier>[A-Za-z0-9_.-]{{1,80}}))?"
)
_EXECUTION = re.compile(
    rf"(?P<arn>{_OWNER}:execution:(?P<name>{_NAME}):{_NAME})(?:#(?P<redrive>[0-9]{{1,15}}))?"
)
_MILLISECONDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMachine:
    """A state machine, or one of its versions or aliases."""

    owner: str
    """The ARN up to the account."""
    region: str
    name: str
    qualifier: str | None = None
    """The number of a version, or the name of an alias."""

    @classmethod
    def parse(cls, text: str) -> StateMachine:
        """Return the state machine of an ARN; raise `Invalid`."""
        found = _MACHINE.fullmatch(text)
        if found is None:
            raise Invalid.at(
                "externalId",
                "must be the ARN of a state machine, such as"
                " arn:aws:states:eu-west-1:123456789012:stateMachine:load, or of one of its"
                " versions or aliases (…:load:PROD)",
            )
        return cls(**found.groupdict())

    @property
    def arn(self) -> str:
        """The ARN without a version or an alias."""
        return f"{self.owner}:stateMachine:{self.name}"

    @property
    def is_alias(self) -> bool:
        """True if the ARN names an alias."""
        return self.qualifier is not None and not self.qualifier.isdigit()

    def execution(self, name: str) -> Execution:
        """Return the execution of a name; its ARN has neither version nor alias."""
        return Execution(arn=f"{self.owner}:execution:{self.name}:{name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """An execution of a STANDARD state machine, or one redrive of it."""

    arn: str
    redriven_at: datetime | None = None

    @classmethod
    def of(cls, machine: StateMachine, external_run_id: str) -> Execution:
        """Return the execution of an id; raise `RunNotFound` if it is not of the state machine."""
        found = _EXECUTION.fullmatch(external_run_id)
        if found is None or not found["arn"].startswith(f"{machine.owner}:execution:"):
            raise RunNotFound("This is not the id of an execution of the state machine.")
        if found["name"] != machine.name:
            raise RunNotFound("The execution belongs to another state machine.")
        redrive = found["redrive"]
        moment = None if redrive is None else _moment(int(redrive))
        return cls(arn=found["arn"], redriven_at=moment)

    @property
    def external_run_id(self) -> str:
        """The id of the run in Polysync."""
        if self.redriven_at is None:
            return self.arn
        return f"{self.arn}#{round(self.redriven_at.timestamp() * _MILLISECONDS)}"


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / _MILLISECONDS, UTC)
