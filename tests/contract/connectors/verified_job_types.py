"""Defines the verification of a job type: its official client, and its open questions.

The modules of `verifications` hold the verifications. The reference of the platforms shows them.
`test_verification.py` checks that the contract tests make the calls of each client.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from polysync_core.platforms.plugin import Capability


class Ability(StrEnum):
    """The abilities of a job type; every job type has those without a `Capability`."""

    SUBMIT = "submit"
    READ = "read"
    CANCEL = "cancel"
    DISCOVER = "discover"
    PARAMETERS = "parameters"
    RUNS = "runs"
    OUTPUTS = "outputs"
    DETAILS = "failure details"
    REPAIR = "repair"
    PAGE = "run's page"
    TEST = "test"

    @property
    def capability(self) -> Capability | None:
        """The capability that the ability needs; None if every job type has it."""
        return _CLAIMED.get(self)


_CLAIMED = {
    Ability.CANCEL: Capability.CANCEL,
    Ability.DISCOVER: Capability.DISCOVERY,
    Ability.PARAMETERS: Capability.PARAMETERS,
    Ability.RUNS: Capability.RUNS,
    Ability.OUTPUTS: Capability.OUTPUTS,
    Ability.DETAILS: Capability.FAILURE_DETAILS,
    Ability.REPAIR: Capability.REPAIR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialClient:
    """A vendor's client library that verifies a simulator."""

    package: str
    """The name of the distribution."""
    client: str
    """The full name of the client class."""
    more_clients: Sequence[str] = ()
    """The full names of the other client classes that make the calls."""
    tests: str
    """The folder in `tests/contract` with the tests of the client."""
    calls: Mapping[Ability, str]
    """The client's call that verifies each ability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The verification of a case's simulator, and its open questions."""

    simulator: str
    """The package of the simulator."""
    official_client: OfficialClient | None = None
    """None if the vendor has no client that fits; a note says why."""
    notes: Sequence[str] = ()
    """Notes about the verification."""
    open_questions: Sequence[str]
    """The questions that only the live service can answer."""

    @property
    def calls(self) -> Mapping[Ability, str]:
        """The client's call that verifies each ability; empty without a client."""
        return {} if self.official_client is None else self.official_client.calls


PLAIN_HTTP = "Its policy refuses to send a token over plain HTTP: the tests replace the policy."
STOPPED_AGAIN = "the answer to a stop of an ended run (after a refusal, the state is read)"
