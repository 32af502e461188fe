"""Sends queries and management commands to a Data Explorer cluster, and reads result tables.

https://learn.microsoft.com/kusto/api/rest/request
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from polysync_core.domain.errors import PolysyncError, Unavailable
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.outbound.call_budget import CallBudget
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.azure.refusals import AzureRefusals
from polysync_core.platforms.calls import Call, Refusal, UnexpectedAnswer
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.text import shortened_line

MAX_SECONDS = 230
"""The maximum duration of a query, and of a command without `async`."""

_BUDGET = CallBudget(total=MAX_SECONDS + 10, read=MAX_SECONDS + 5, attempts=1)
_SERVER_TIMEOUT = f"{MAX_SECONDS // 3600:02}:{MAX_SECONDS // 60 % 60:02}:{MAX_SECONDS % 60:02}"
_ERROR = 2
"""The severity of an error in the table `QueryStatus`."""
_NO_MESSAGE = "The query failed, and the service gives no reason."
_WRONG_TEXT = (
    "the command, its database or a parameter is wrong, or it ran too long: read the message of"
    " the service"
)
REFUSALS = AzureRefusals(
    service="Azure Data Explorer",
    permission=(
        "grant it a role on the database: Viewer for queries, Ingestor or Admin for commands"
    ),
)


@dataclass(frozen=True, slots=True)
class Table:
    """The first table of an answer."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, JsonValue], ...]
    failure: str | None = None
    """The error of a query that failed after its answer had begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterClient:
    """Calls one cluster."""

    client: PlatformClient

    def check_access(self) -> str:
        """Show one database, and describe the cluster in a sentence."""
        self.manage("NetDefaultDB", ".show databases | take 1", is_reading=True)
        return f"Reached Azure Data Explorer at {self.client.base.host}; databases are readable."

    def manage(self, database: str, command: str, *, is_reading: bool) -> Table:
        """Run a management command of Polysync itself, which may be repeated."""
        call = Call(
            method="POST",
            segments=("v1", "rest", "mgmt"),
            body={"db": database, "csl": command},
            repeatable=True,
            effect=not is_reading,
            refused=refused,
        )
        return self.client.exchange(call, table_of)

    def run(
        self, database: str, command: str, parameters: Mapping[str, str], *, token: str, query: bool
    ) -> Table:
        """Run a query or a command of a Job once."""
        properties = {
            "Options": {"servertimeout": _SERVER_TIMEOUT},
            "Parameters": dict(parameters),
        }
        call = Call(
            method="POST",
            segments=("v2", "rest", "query") if query else ("v1", "rest", "mgmt"),
            headers={"x-ms-client-request-id": token},
            body={"db": database, "csl": command, "properties": json.dumps(properties)},
            accepts=_has_timed_out,
            busy_proves_not_started=False,
            refused=refused,
            budget=_BUDGET,
        )
        return self.client.exchange(call, table_of)


def refused(refusal: Refusal) -> PolysyncError:
    """Return the error for a refusal; a fault that is not permanent is tried later."""
    error = refusal.body.get("error")
    if isinstance(error, dict) and error.get("@permanent") is False:
        return Unavailable(f"Azure Data Explorer is busy (status {refusal.status})")
    return REFUSALS.error(refusal, _WRONG_TEXT if refusal.status in {400, 404} else None)


def _has_timed_out(answer: Answer) -> bool:
    """Return whether the cluster itself ended the work, because it lasted too long."""
    return answer.status == 504 and isinstance((answer.json() or {}).get("error"), dict)


def table_of(answer: Answer) -> Table:
    """Return the first result of an answer: an object of tables, or a list of frames."""
    match answer.value():
        case {"error": dict() as error} if answer.status >= 400:
            return Table((), (), _message_in({"OneApiErrors": [{"error": error}]}))
        case {"Tables": [dict() as table, *others]}:
            return _table(cast("JsonObject", table), _failure_in_tables(others))
        case list() as frames:
            found = [each for each in frames if isinstance(each, dict)]
            table = next((each for each in found if each.get("TableKind") == "PrimaryResult"), None)
            failure = _failure_in_frames(found)
            if table is None and failure is None:
                raise UnexpectedAnswer
            return Table((), (), failure) if table is None else _table(table, failure)
        case _:
            raise UnexpectedAnswer


def _table(table: JsonObject, failure: str | None) -> Table:
    columns, rows = table.get("Columns"), table.get("Rows")
    if not isinstance(columns, list) or not isinstance(rows, list):
        raise UnexpectedAnswer
    names = tuple(str(each.get("ColumnName")) for each in columns if isinstance(each, dict))
    # An error inside the rows is an object.
    errors = [each for each in rows if isinstance(each, dict)]
    failure = failure or (_message_in(errors[0]) if errors else None)
    found = (dict(zip(names, each, strict=False)) for each in rows if isinstance(each, list))
    return Table(names, tuple(found), failure)


def _failure_in_tables(tables: list[JsonValue]) -> str | None:
    """Return the description of an error in the table `QueryStatus` of an answer."""
    read = [_table(each, None) for each in tables if isinstance(each, dict)]
    for row in (row for table in read for row in table.rows):
        severity = row.get("Severity")
        if isinstance(severity, int) and severity <= _ERROR:
            return shortened_line(row.get("StatusDescription")) or _NO_MESSAGE
    return None


def _failure_in_frames(frames: list[JsonObject]) -> str | None:
    for end in frames:
        if end.get("HasErrors") is True or end.get("Cancelled") is True:
            return _message_in(end)
    return None


def _message_in(holder: JsonObject) -> str:
    """Return the message of an error that an answer holds."""
    match holder:
        case {"OneApiErrors": [{"error": dict() as error}, *_]}:
            text = error.get("@message") or error.get("message")
        case {"Exceptions": [str(text), *_]}:
            pass
        case _:
            text = None
    return shortened_line(text) or _NO_MESSAGE
