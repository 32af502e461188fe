"""`polysync export`."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi

CONTENT = {"jobs": [{"name": "é", "parameters": ["2026-01-01", "no", "1:30", "1e3", "~"]}]}


def test_the_exported_yaml_has_the_same_content(api: FakeApi, polysync: Invoke):
    api.on("GET", "/definitions", Answer(CONTENT))

    result = polysync("export")

    assert yaml.safe_load(result.stdout) == CONTENT


def test_apply_sends_exactly_what_export_wrote(api: FakeApi, polysync: Invoke, tmp_path: Path):
    api.on("GET", "/definitions", Answer(CONTENT))
    api.on("PUT", "/definitions", Answer({"create": []}))

    result = polysync("export", "-o", str(tmp_path / "all.yaml"))
    polysync("apply", "-f", str(tmp_path / "all.yaml"))

    assert result.stdout == ""
    assert api.requests_of("PUT", "/definitions")[0].body == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["all.yaml"]


def test_a_file_that_cannot_be_written_is_an_error(api: FakeApi, polysync: Invoke, tmp_path: Path):
    api.on("GET", "/definitions", Answer(CONTENT))

    result = polysync("export", "-o", str(tmp_path / "missing" / "all.yaml"))

    assert result.exit_code == 1
    assert "No such file or directory" in result.stderr
