"""The measurement of the artefacts in a folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from polysync_core.platforms.connector import ArtefactSchema
from scripts import measure_artefacts
from scripts.artefacts.readings import Reading, read

PYTHON = """# Databricks notebook source
dbutils.widgets.text("catalog", "main")
x = 1  # dbutils.widgets.get("old")
# COMMAND ----------
# MAGIC %run ./setup
# COMMAND ----------
# MAGIC %sql
# MAGIC SELECT :day
"""
SETUP = """# Databricks notebook source
dbutils.widgets.text(compute(), "")
"""
JOB = {
    "resources": {
        "jobs": {
            "daily": {
                "parameters": [{"name": "day", "default": "2026-01-01"}],
                "tasks": [
                    {"task_key": "a", "notebook_task": {"base_parameters": {"own": "x"}}},
                    {"task_key": "b", "spark_jar_task": {"parameters": ["x"]}},
                ],
            }
        }
    }
}
PIPELINE = {
    "name": "load",
    "properties": {"activities": [], "parameters": {"rows": {"type": "int", "defaultValue": 5}}},
}
WORKFLOW = {
    "definition": {
        "triggers": {
            "manual": {
                "type": "Request",
                "inputs": {"schema": {"properties": {"order": {"type": "object"}}}},
            }
        },
        "actions": {"a": {"inputs": "@triggerBody()?['other']"}},
    }
}
AML = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json",
    "inputs": {"rate": 0.1, "data": {"type": "uri_file", "path": "azureml:x:1"}},
}
SWEEP = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/sweepJob.schema.json",
    "search_space": {"depth": {"type": "choice", "values": [1, 2]}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(PYTHON)
    (tmp_path / "setup.py").write_text(SETUP)
    (tmp_path / "plain.py").write_text("print(1)")
    cells = [{"cell_type": "code", "source": ["dbutils.widgets.text('n', 'd')"]}]
    (tmp_path / "book.ipynb").write_text(json.dumps({"cells": cells}))
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "tool.yml").write_text("{{ template }}: [")
    for name, document in (("bundle", JOB), ("aml", AML), ("sweep", SWEEP)):
        (tmp_path / f"{name}.yml").write_text(yaml.safe_dump(document))
    for name, document in (("pipeline", PIPELINE), ("workflow", WORKFLOW)):
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    return tmp_path


def test_every_kind_of_artefact_is_measured(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert measure_artefacts.main([str(folder)]) == 0

    lines = capsys.readouterr().out.splitlines()
    for expected in (
        'main.py: catalog (String) = "main"',
        "main.py: day (String) = null",
        'book.ipynb: n (String) = "d"',
        'bundle.yml daily: day (String) = "2026-01-01"',
        "bundle.yml daily: own (String) = null",
        "pipeline.json: rows (Int) = 5",
        "workflow.json: order (Json) = null",
        'aml.yml: rate (String) = "0.1"',
        "sweep.yml: depth (Int) = null",
    ):
        assert expected in lines
    assert any("in ./setup" in each and "computed name" in each for each in lines)
    figures = "3 artefacts, 3 parameters, 2 defaults, 1 complete, 2 noted, 0 silent misses"
    assert f"notebook: {figures}" in lines
    assert not any(each.startswith(("plain.py", "broken")) for each in lines)


def test_a_parser_that_says_nothing_is_found_out(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(artefact: Any) -> Reading | None:
        reading = read(artefact)
        return reading and replace(reading, schema=ArtefactSchema(parameters=()))

    monkeypatch.setattr(measure_artefacts, "read", silent)

    assert measure_artefacts.main([str(folder), "--quiet"]) == 1

    missed = [each for each in capsys.readouterr().out.splitlines() if "SILENT MISS" in each]
    assert sorted(missed) == [
        "aml.yml: SILENT MISS: data",
        "aml.yml: SILENT MISS: rate",
        "book.ipynb: SILENT MISS: n",
        "bundle.yml daily: SILENT MISS: day",
        "bundle.yml daily: SILENT MISS: own",
        "bundle.yml daily: SILENT MISS: spark_jar_task",
        "main.py: SILENT MISS: catalog",
        "main.py: SILENT MISS: day",
        "pipeline.json: SILENT MISS: rows",
        "setup.py: SILENT MISS: a computed name",
        "sweep.yml: SILENT MISS: depth",
        "workflow.json: SILENT MISS: order",
        "workflow.json: SILENT MISS: other",
    ]


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        measure_artefacts.main([str(tmp_path / "nothing")])
