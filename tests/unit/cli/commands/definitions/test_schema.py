"""Tests of `polysync schema`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.cli.conftest import Invoke


def test_the_schema_is_printed_as_it_is_written_to_a_file(polysync: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "polysync.schema.json"

    printed = polysync("schema")
    written = polysync("schema", "--output", str(file))

    assert (printed.exit_code, written.exit_code, written.stdout) == (0, 0, "")
    assert json.loads(printed.stdout)["$schema"].endswith("/2020-12/schema")
    assert file.read_text("utf-8") == printed.stdout


def test_a_file_that_cannot_be_written_is_an_error(polysync: Invoke, tmp_path: Path) -> None:
    result = polysync("schema", "-o", str(tmp_path / "nowhere" / "schema.json"))

    assert result.exit_code == 1
    assert "nowhere" in result.stderr
