"""Simulates statements: the call of a procedure, and the queries for procedures and history."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from simulators.serving import Refusal

_CALL = re.compile(
    r'CALL "(?P<database>[^"]+)"\."(?P<schema>[^"]+)"\."(?P<name>[^"]+)"\((?P<given>.*)\)'
)
_GIVEN = re.compile(r'"(?P<name>[^"]+)" => (?P<value>\?|PARSE_JSON\(\?\))(?:, |$)')
_BINDINGS = frozenset({"FIXED", "REAL", "TEXT", "BOOLEAN"})
MISSING, ARGUMENTS, CANCELLED, USER_ERROR = "002141", "001044", "000604", "100132"


class ArgumentScript(BaseModel):
    """One argument of a procedure."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    type: str
    default: str | None = None


class ProcedureScript(BaseModel):
    """A procedure with the course of its calls."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database: str = "SALES"
    schema_name: str = "PUBLIC"
    name: str
    arguments: tuple[ArgumentScript, ...] = ()
    comment: str | None = None
    seconds: float | None = 0.0
    """None: a call runs until it is cancelled."""
    error: str | None = None
    """The message of the failure; None for a success."""
    returns: Literal["text", "variant", "fixed", "table"] = "text"
    value: Any = "done"

    @property
    def signature(self) -> str:
        """The signature as INFORMATION_SCHEMA shows it."""
        entries = [
            f"{each.name} {each.type}" + (f" DEFAULT {each.default}" if each.default else "")
            for each in self.arguments
        ]
        return f"({', '.join(entries)})"


@dataclass(slots=True, kw_only=True)
class Call:
    """A call of a procedure."""

    procedure: ProcedureScript
    text: str
    request_id: str
    handle: str = field(
        default_factory=lambda: f"01b{uuid.uuid4().hex[:5]}-{uuid.uuid4().hex[:12]}"
    )
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    cancelled: datetime | None = None

    def status(self, now: datetime) -> str:
        """Return the status in the words of the history of queries."""
        if self.cancelled is not None:
            return "FAILED_WITH_ERROR"
        seconds = self.procedure.seconds
        if seconds is None or now < self.started + timedelta(seconds=seconds + 0.02):
            return "RUNNING"
        return "SUCCESS" if self.procedure.error is None else "FAILED_WITH_ERROR"

    def answer(self, now: datetime) -> tuple[int, dict[str, Any]]:
        """Return the status and the body of the answer to a poll."""
        status = self.status(now)
        if status == "RUNNING":
            message = "Asynchronous execution in progress. Use provided query id to monitor."
            return 202, self._body("333334", message)
        if self.cancelled is not None:
            return 422, {**self._body(CANCELLED, "SQL execution canceled"), "sqlState": "57014"}
        if status != "SUCCESS":
            message = f"Uncaught exception of type 'STATEMENT_ERROR': {self.procedure.error}"
            return 422, {**self._body(USER_ERROR, message), "sqlState": "P0000"}
        body = self._body("090001", "Statement executed successfully.")
        return 200, {**body, "sqlState": "00000", **self._result()}

    def _body(self, code: str, message: str) -> dict[str, Any]:
        url = f"/api/v2/statements/{self.handle}"
        return {
            "code": code,
            "message": message,
            "statementHandle": self.handle,
            "statementStatusUrl": url,
        }

    def _result(self) -> dict[str, Any]:
        procedure = self.procedure
        if procedure.returns == "table":
            columns = [(name, "text") for name in procedure.value[0]]
            return table(columns, [list(map(str, row.values())) for row in procedure.value])
        shown = json.dumps(procedure.value) if procedure.returns == "variant" else procedure.value
        return table([(procedure.name, procedure.returns)], [[str(shown)]])


def table(columns: Sequence[tuple[str, str]], rows: list[list[Any]]) -> dict[str, Any]:
    """Return a result in the form of the API."""
    types = [{"name": name, "type": kind, "scale": 0, "nullable": True} for name, kind in columns]
    metadata = {
        "numRows": len(rows),
        "format": "jsonv2",
        "rowType": types,
        "partitionInfo": [{"rowCount": len(rows), "uncompressedSize": 1}],
    }
    return {"resultSetMetaData": metadata, "data": rows}


def called(
    text: str, bindings: Mapping[str, Any], procedures: Sequence[ProcedureScript]
) -> tuple[ProcedureScript, dict[str, Any]]:
    """Return the called procedure and its arguments; raise `Refusal` as Snowflake does."""
    found = _CALL.fullmatch(text)
    if found is None:
        raise Refusal(422, "001003", "SQL compilation error: syntax error")
    names = (found["database"], found["schema"], found["name"])
    named = [p for p in procedures if (p.database, p.schema_name, p.name) == names]
    if not named:
        message = f"SQL compilation error: Unknown user-defined function {'.'.join(names)}"
        raise Refusal(422, MISSING, message)
    given = dict(_given(found["given"], bindings))
    for procedure in named:
        known = {each.name: each for each in procedure.arguments}
        required = {name for name, each in known.items() if each.default is None}
        if given.keys() <= known.keys() and required <= given.keys():
            return procedure, given
    message = f"SQL compilation error: Invalid argument types for function '{names[2]}'"
    raise Refusal(422, ARGUMENTS, message)


def _given(text: str, bindings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    arguments = list(_GIVEN.finditer(text))
    if "".join(each[0] for each in arguments) != text:
        raise Refusal(422, "001003", "SQL compilation error: syntax error")
    for index, argument in enumerate(arguments, start=1):
        binding = bindings.get(str(index)) or {}
        if binding.get("type") not in _BINDINGS or not isinstance(binding.get("value"), str):
            raise Refusal(422, "002049", f"Bind variable :{index} not set.")
        yield argument["name"], binding["value"]
