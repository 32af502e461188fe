"""Lists the procedures of a database, and reads the signature of one procedure.

https://docs.snowflake.com/en/sql-reference/info-schema/procedures
"""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject, text_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import Artefact, ArtefactNotFound, ArtefactSchema
from polysync_core.platforms.paging import paged_by_offset
from polysync_core.platforms.snowflake.client import SnowflakeClient
from polysync_core.platforms.snowflake.external_id import ProcedureName, quoted
from polysync_core.platforms.snowflake.parameters import arguments_of, schema_of

_PAGE_SIZE = 200
_COLUMNS = "PROCEDURE_SCHEMA, PROCEDURE_NAME, ARGUMENT_SIGNATURE, COMMENT"
_LIST = (
    "SELECT {columns}, COUNT(*) OVER () AS TOTAL FROM {database}.INFORMATION_SCHEMA.PROCEDURES"
    " WHERE PROCEDURE_SCHEMA <> 'INFORMATION_SCHEMA' AND (? = '' OR PROCEDURE_SCHEMA = ?)"
    " QUALIFY ROW_NUMBER() OVER (ORDER BY PROCEDURE_SCHEMA, PROCEDURE_NAME, ARGUMENT_SIGNATURE)"
    " BETWEEN TO_NUMBER(?) AND TO_NUMBER(?)"
)
_ONE = (
    "SELECT {columns} FROM {database}.INFORMATION_SCHEMA.PROCEDURES"
    " WHERE PROCEDURE_SCHEMA = ? AND PROCEDURE_NAME = ?"
)


def find_procedures(service: SnowflakeClient, search: str | None) -> Iterator[Artefact]:
    """Yield the procedures whose name contains a text, with their parameters."""
    wanted = (search or "").casefold()
    for row in paged_by_offset(lambda offset: _page(service, offset, _PAGE_SIZE)):
        name = _name_of(service, row)
        if wanted in name.name.casefold():
            yield Artefact(
                external_id=str(name),
                job_type=JobType.SNOWFLAKE_PROCEDURE,
                name=name.name,
                description=text_in(row, "COMMENT") or None,
                schema=schema_of(text_in(row, "ARGUMENT_SIGNATURE")),
            )


def describe_procedure(service: SnowflakeClient, external_id: str) -> ArtefactSchema:
    """Return the arguments of a procedure; raise `ArtefactNotFound`."""
    wanted = ProcedureName.parse(external_id)
    text = _ONE.format(columns=_COLUMNS, database=quoted(wanted.database))
    rows = service.rows(text, wanted.schema, wanted.name)
    found = [row for row in rows if wanted.types in {None, _types_of(row)}]
    if not found:
        raise ArtefactNotFound(
            "Snowflake has no procedure of this name and these types, or the role may not see it:"
            " import the platform's procedures again",
            cause=FailureCause.SUBMIT,
        )
    if len(found) > 1:
        raise PlatformRefused(
            "several procedures have this name: write the types of the arguments, such as"
            f" {_name_of(service, found[0])}",
            cause=FailureCause.SUBMIT,
        )
    return schema_of(text_in(found[0], "ARGUMENT_SIGNATURE"))


def check_access(service: SnowflakeClient) -> str:
    """List one procedure, and describe the reached account."""
    _page(service, 0, 1)
    host, database = service.client.base.host, service.attributes.database
    return f"Reached Snowflake at {host}; the procedures of {database} can be listed."


def _page(service: SnowflakeClient, offset: int, size: int) -> tuple[list[JsonObject], int]:
    attributes = service.attributes
    text = _LIST.format(columns=_COLUMNS, database=quoted(attributes.database))
    schema = attributes.schema_name or ""
    rows = service.rows(text, schema, schema, str(offset + 1), str(offset + size))
    total = text_in(rows[0], "TOTAL") if rows else ""
    return rows, int(total) if total.isdecimal() else 0


def _name_of(service: SnowflakeClient, row: JsonObject) -> ProcedureName:
    return ProcedureName(
        database=service.attributes.database,
        schema=text_in(row, "PROCEDURE_SCHEMA"),
        name=text_in(row, "PROCEDURE_NAME"),
        types=_types_of(row),
    )


def _types_of(row: JsonObject) -> tuple[str, ...]:
    """Return the types in the signature of a procedure."""
    return tuple(each.kind for each in arguments_of(text_in(row, "ARGUMENT_SIGNATURE")))
