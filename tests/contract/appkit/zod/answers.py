"""Asks Zod for its verdicts, and keeps the recorded ones beside the table."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.contract.appkit.servers import ORIGINAL
from tests.contract.appkit.zod.table import TABLE

RECORDED = Path(__file__).with_name("answers.json")
_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Zod's verdict on one value."""

    value: Any
    accepted: bool
    result: Any
    """The value that Zod returns, if it accepts the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZodAnswer:
    """The exports of one schema, and the verdicts on its values."""

    expression: str
    exports: dict[str, Any]
    """By the kind of export: the JSON Schema; None if the export throws."""
    refusals: dict[str, str]
    """By the kind of export: the error of an export that throws."""
    verdicts: list[Verdict]


def ask_zod() -> str:
    """Return the answers of the installed Zod as text; one process answers all."""
    cases = [{"schema": each, "values": values} for each, values in TABLE.items()]
    process = subprocess.run(
        ["node", str(ORIGINAL / "zod_verdicts.mjs")],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=True,
    )
    answers = json.loads(process.stdout)
    lines = ",\n".join(json.dumps(each, ensure_ascii=True) for each in answers)
    return f"[\n{lines}\n]\n"


@cache
def recorded() -> list[ZodAnswer]:
    """Return the recorded answers; with `ACCEPT=1` new ones are recorded before."""
    if os.environ.get("ACCEPT") == "1":
        RECORDED.write_text(ask_zod())
    answers = json.loads(RECORDED.read_text())
    return [
        _answer(expression, values, answer)
        for (expression, values), answer in zip(TABLE.items(), answers, strict=True)
    ]


def _answer(expression: str, values: list[Any], answer: dict[str, Any]) -> ZodAnswer:
    exports = answer["exports"]
    return ZodAnswer(
        expression=expression,
        exports={kind: each.get("schema") for kind, each in exports.items()},
        refusals={kind: each["refused"] for kind, each in exports.items() if "refused" in each},
        verdicts=[
            Verdict(value=value, accepted=each["accepted"], result=each.get("result"))
            for value, each in zip(values, answer["verdicts"], strict=True)
        ],
    )
