"""Lists the Step Functions state machines of a region, and reads each machine's type."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.aws.answers import page_of, text_in
from polysync_core.platforms.aws.client import AwsJsonApi
from polysync_core.platforms.aws_step_functions.external_id import StateMachine
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import Artefact, ArtefactSchema

EXPRESS = "EXPRESS"

_PAGE_SIZE = 100
_SCHEMA = ArtefactSchema(
    parameters=(),
    notes=("a state machine does not declare parameters: add them to the job",),
)


@dataclass(frozen=True, slots=True)
class StateMachines:
    """Finds state machines; remembers their types, which never change."""

    api: AwsJsonApi
    _types: dict[str, str] = field(default_factory=dict[str, str])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def type_of(self, machine: StateMachine) -> str:
        """Return `STANDARD` or `EXPRESS`; raises `ArtefactNotFound`."""
        with self._lock:
            known = self._types.get(machine.arn)
        if known is not None:
            return known
        found = self._described_type(machine.arn)
        with self._lock:
            self._types[machine.arn] = found
        return found

    def schema(self, machine: StateMachine) -> ArtefactSchema:
        """Return the notes about a state machine, after a check that it exists."""
        if machine.is_alias:
            alias = {"stateMachineAliasArn": f"{machine.arn}:{machine.qualifier}"}
            self.api.read("DescribeStateMachineAlias", {**alias}, lambda answer: answer)
        else:
            version = "" if machine.qualifier is None else f":{machine.qualifier}"
            self._described_type(f"{machine.arn}{version}")
        return _SCHEMA

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the state machines whose names contain a text."""
        wanted = (search or "").casefold()
        for machine in self.api.listed(
            "ListStateMachines", {"maxResults": _PAGE_SIZE}, "stateMachines"
        ):
            arn, name = text_in(machine, "stateMachineArn"), text_in(machine, "name")
            if arn is not None and name is not None and wanted in name.casefold():
                yield Artefact(
                    external_id=arn,
                    job_type=JobType.STEP_FUNCTIONS_STATE_MACHINE,
                    name=name,
                    schema=_SCHEMA,
                )

    def check_access(self) -> None:
        """List one state machine, to check the access."""
        self.api.read(
            "ListStateMachines",
            {"maxResults": 1},
            lambda answer: page_of(answer, "stateMachines", "nextToken"),
        )

    def _described_type(self, arn: str) -> str:
        body: JsonObject = {"stateMachineArn": arn, "includedData": "METADATA_ONLY"}
        return self.api.read("DescribeStateMachine", body, _type_in)


def _type_in(answer: JsonObject) -> str:
    kind = text_in(answer, "type")
    if kind is None:
        raise UnexpectedAnswer
    return kind
