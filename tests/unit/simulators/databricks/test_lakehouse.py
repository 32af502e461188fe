"""The notebooks of the example lakehouse, one after the other on one lake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulators.databricks.notebooks.notebook import Ending, run_notebook

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[4] / "examples" / "lakehouse"
DEFINITIONS: dict[str, Any] = yaml.safe_load((EXAMPLE / "definitions.yaml").read_text("utf-8"))
JOBS = [job for job in DEFINITIONS["jobs"] if job["jobType"] == "DatabricksNotebook"]
ORDER = [job["externalId"].removeprefix("/etl/") for job in JOBS]


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAKEHOUSE_ROOT", str(tmp_path))
    return tmp_path


def run(name: str, lake: Path, **parameters: str) -> dict[str, Any]:
    file = EXAMPLE / "notebooks" / f"{name}.py"
    outcome = run_notebook(file, {"pace_seconds": "0", "refusals": "0", **parameters}, lake)
    assert outcome.ending is Ending.SUCCESS, outcome.error_trace
    return json.loads(outcome.result or "")


def contents(lake: Path) -> dict[str, bytes]:
    return {str(f.relative_to(lake)): f.read_bytes() for f in lake.rglob("*") if f.is_file()}


def test_the_pipeline_accounts_for_every_row(lake: Path) -> None:
    counts = {name: run(name, lake) for name in ORDER}

    delivered = counts["land_sources"]["delivered_rows"]
    clean, joined = counts["clean_orders"], counts["join_sales"]
    assert delivered == counts["ingest_orders"]["rows_ingested"] > 5000
    assert clean["rows_clean"] + clean["rows_rejected"] == delivered
    assert joined["rows_joined"] + joined["rows_orphaned"] == clean["rows_clean"]
    assert clean["rows_rejected"] == sum(clean["reasons"].values()) > 0
    report = json.loads((lake / "reports" / "revenue.json").read_text("utf-8"))
    sales = (lake / "gold" / "sales.csv").read_text("utf-8").splitlines()[1:]
    assert report["total_cents"] == sum(int(line.rsplit(",", 1)[1]) for line in sales)
    assert len(report["revenue"]) == 12


def test_a_second_run_of_everything_changes_nothing(lake: Path) -> None:
    for name in ORDER:
        run(name, lake)
    before = contents(lake)

    for name in ORDER:
        run(name, lake)

    assert contents(lake) == before


def test_the_rates_are_refused_once_and_then_returned(lake: Path) -> None:
    file = EXAMPLE / "notebooks" / "fetch_rates.py"
    parameters = {"pace_seconds": "0", "refusals": "1"}

    first, second = (run_notebook(file, parameters, lake) for _ in range(2))

    assert (first.ending, second.ending) == (Ending.FAILURE, Ending.SUCCESS)
    assert "busy" in (first.error or "")
    assert json.loads(second.result or "")["calls"] == 2


def test_the_result_of_one_country_is_a_part_of_all(lake: Path) -> None:
    for name in ("land_sources", "ingest_orders", "load_customers", "clean_orders"):
        run(name, lake, orders="1000")

    counts = run("join_sales", lake, country="DE")

    assert counts["rows_joined"] > 0
    assert counts["rows_elsewhere"] > counts["rows_joined"]


@pytest.mark.parametrize(
    ("name", "parameters", "error"),
    [
        pytest.param("ingest_orders", {"minimum_rows": "9999"}, "at least 9999", id="few rows"),
        pytest.param("ingest_orders", {"delivered_rows": "7"}, "7 were announced", id="lost rows"),
        pytest.param("clean_orders", {"max_rejected_share": "0.01"}, "at most 1.0%", id="dirt"),
    ],
)
def test_a_broken_delivery_fails_the_run(
    lake: Path, name: str, parameters: dict[str, str], error: str
) -> None:
    run("land_sources", lake)
    run("ingest_orders", lake)

    file = EXAMPLE / "notebooks" / f"{name}.py"
    outcome = run_notebook(file, {"pace_seconds": "0", **parameters}, lake)

    assert outcome.ending is Ending.FAILURE
    assert error in (outcome.error or "")


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job["name"])
def test_the_definitions_name_the_widgets_and_their_defaults(job: dict[str, Any]) -> None:
    source = (EXAMPLE / "notebooks" / f"{job['externalId'].removeprefix('/etl/')}.py").read_text()

    inputs = [each for each in job["parameters"] if each.get("direction") != "Output"]
    for parameter in inputs:
        declared = f'("{parameter["name"]}", "'
        assert declared in source
        default = source.split(declared)[1].split('"')[0]
        value = parameter["default"]
        assert default == value if isinstance(value, str) else float(default) == float(value)
    assert source.count("dbutils.widgets.get(") == len(inputs)
