"""Tests that an exported Zod schema accepts the same values in Polysync.

`ACCEPT=1 pytest tests/contract/appkit/zod` records the answers of the installed Zod.
"""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from polysync_core.appkit.errors import InvalidParameters
from polysync_core.appkit.json_schema.check import schema_problems
from polysync_core.appkit.named_jobs import UnknownFields
from polysync_core.appkit.schema import validated
from tests.contract.appkit.servers import ORIGINAL
from tests.contract.appkit.zod.answers import RECORDED, ZodAnswer, ask_zod, recorded
from tests.contract.appkit.zod.table import LOST, TABLE

_IDS = list(TABLE)
ANSWERS = pytest.mark.parametrize("answer", recorded(), ids=_IDS)

NOT_IN_EXPORT = frozenset(
    {
        "z.object({a: z.number().min(5).int()})",
        "z.object({a: z.union([z.string().optional(), z.number().default(1)])})",
        "z.object({a: z.string().trim().min(1)})",
        "z.object({a: z.url().regex(/^https/)})",
        "z.object({a: z.url({protocol: /^https$/})})",
        *LOST,
    }
)
"""Schemas with rules that the export of Zod itself leaves out, so no reader can know them."""

DIFFERENT_IN_DEFAULT_EXPORT = (
    "strictObject",
    "prefault",
    "z.any",
    "z.unknown",
    "z.number().optional())",
    "z.xor",
    "/i)",
    "/m)",
)
"""Parts of schemas that this export changes; each difference refuses a value that Zod accepts."""


def _outcome(schema: Any, value: Any, unknown: UnknownFields) -> tuple[bool, Any]:
    try:
        return True, validated(schema, value, unknown)
    except InvalidParameters:
        return False, None


@ANSWERS
def test_a_schema_of_the_exporter_means_the_same(answer: ZodAnswer) -> None:
    schema = answer.exports["exporter"]
    if schema is None:
        assert answer.refusals["exporter"]
        return
    assert schema_problems(schema) == []
    for verdict in answer.verdicts:
        outcome = _outcome(schema, verdict.value, UnknownFields.REFUSE)
        assert outcome == (verdict.accepted, verdict.result), verdict.value


@ANSWERS
@pytest.mark.parametrize("kind", ["input", "output"])
def test_no_export_lets_a_value_pass_that_zod_refuses(answer: ZodAnswer, kind: str) -> None:
    schema = answer.exports[kind]
    if schema is None or answer.expression in NOT_IN_EXPORT or schema_problems(schema):
        return
    for verdict in answer.verdicts:
        accepted, result = _outcome(schema, verdict.value, UnknownFields.REFUSE)
        if accepted:
            assert (True, result) == (verdict.accepted, verdict.result), verdict.value


@ANSWERS
def test_a_default_export_means_the_same_if_unknown_fields_are_dropped(answer: ZodAnswer) -> None:
    schema, expression = answer.exports["output"], answer.expression
    if schema is None or expression in NOT_IN_EXPORT or schema_problems(schema):
        return
    if any(part in expression for part in DIFFERENT_IN_DEFAULT_EXPORT):
        return
    for verdict in answer.verdicts:
        outcome = _outcome(schema, verdict.value, UnknownFields.DROP)
        assert outcome == (verdict.accepted, verdict.result), verdict.value


RESTORED = {
    "z.object({a: z.number().min(5).int()})",
    "z.object({a: z.url().regex(/^https/)})",
    "z.object({a: z.union([z.string().optional(), z.number().default(1)])})",
}
"""Rules that the exporter adds again."""


@pytest.mark.parametrize("expression", sorted(NOT_IN_EXPORT - RESTORED))
def test_the_exporter_refuses_a_rule_that_would_be_lost(expression: str) -> None:
    [answer] = [each for each in recorded() if each.expression == expression]
    assert "JSON Schema" in answer.refusals["exporter"]


def test_the_table_has_enough_schemas_and_values() -> None:
    assert len(TABLE) > 100
    assert sum(map(len, TABLE.values())) > 280


def test_the_installed_zod_gives_the_recorded_answers() -> None:
    if shutil.which("node") is None or not (ORIGINAL / "node_modules/zod").exists():
        pytest.skip("Zod is not installed: `make test` installs it with npm")
    assert RECORDED.read_text() == ask_zod()
