"""Reads the demo's revenue figures from each platform, and requires equal values."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.layout.fitted_table import FittedTable
from polysync_core.cli.layout.formats import ABSENT
from polysync_core.cli.layout.tables import name_column, new_table, whole_column
from polysync_embedded.demo.system import DemoConfig, DemoFailed, local_url

FORECAST = "forecast-revenue"
PUBLICATION = "publish-figures"
MESSAGE = "send-figures"
LAKE = Path("simulators") / "databricks" / "lakehouse"
REVENUE = LAKE / "gold" / "revenue_by_month.csv"
_JOBS = (
    "subscriptions/any/resourceGroups/any/providers/Microsoft.MachineLearningServices"
    "/workspaces/analytics/jobs"
)
_ROW = re.compile(r"<tr><th>(.*?)</th><td>(.*?)</td></tr>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures on one platform."""

    source: str
    revenue_cents: int
    forecast_cents: int | None
    """None if the platform has no forecast."""


def read_figures(config: DemoConfig, runs: Mapping[str, RunAnswer]) -> list[Figures]:
    """Return the figures of the lake, the forecast job, the published page and the partner.

    Raises:
        DemoFailed: a platform has no figures.
    """
    readers = {
        "lake": lambda: _in_lake(config.data),
        "AI Foundry workspace": lambda: _in_workspace(config, runs[FORECAST]),
        "published page": lambda: _on_page(runs[PUBLICATION]),
        "partner": lambda: _at_partner(runs[MESSAGE]),
    }
    found: list[Figures] = []
    for name, read in readers.items():
        try:
            found.append(read())
        except (OSError, LookupError, ValueError, TypeError, httpx.HTTPError) as error:
            raise DemoFailed(f"The {name} has no figures: {error!r}") from error
    return found


def require_equal(figures: Sequence[Figures]) -> None:
    """Raise `DemoFailed` if a figure differs between platforms."""
    for name in ("revenue_cents", "forecast_cents"):
        values = {each.source: getattr(each, name) for each in figures}
        known = {source: value for source, value in values.items() if value is not None}
        if len(set(known.values())) != 1:
            described = ", ".join(f"{value} in {source}" for source, value in known.items())
            raise DemoFailed(f"{name} differs: {described}")


def figures_view(figures: Sequence[Figures]) -> FittedTable:
    """Return a table with one row for each platform."""
    table = new_table(
        name_column("Platform"), whole_column("revenue_cents"), whole_column("forecast_cents")
    )
    for each in figures:
        forecast = ABSENT if each.forecast_cents is None else str(each.forecast_cents)
        table.add(each.source, str(each.revenue_cents), forecast)
    return table


def _in_lake(data: Path) -> Figures:
    with (data / REVENUE).open(encoding="utf-8", newline="") as file:
        total = sum(int(row["revenue_cents"]) for row in csv.DictReader(file))
    return Figures(source=f"Databricks, {REVENUE.name}", revenue_cents=total, forecast_cents=None)


def _in_workspace(config: DemoConfig, run: RunAnswer) -> Figures:
    name = run.attempts[-1].external_run_id
    address = f"{local_url(config.simulators['ai_foundry'])}/{_JOBS}/{name}?api-version=2024-10-01"
    job = _get(address, Authorization="Bearer demo").json()["properties"]
    return Figures(
        source=f"AI Foundry, the {job['status'].lower()} job",
        revenue_cents=int(job["inputs"]["revenue_cents"]["value"]),
        forecast_cents=int(job["outputs"]["forecast_cents"]["value"]),
    )


def _on_page(run: RunAnswer) -> Figures:
    address = str(run.outputs["url"])
    rows = {html.unescape(name): value for name, value in _ROW.findall(_get(address).text)}
    return Figures(
        source="Google Cloud, the published page",
        revenue_cents=int(rows["revenue_cents"]),
        forecast_cents=int(rows["forecast_cents"]),
    )


def _at_partner(run: RunAnswer) -> Figures:
    """Return the figures that the function has received: it answers with its input."""
    return Figures(
        source="AWS, the answer of the partner",
        revenue_cents=int(str(run.outputs["revenue_cents"])),
        forecast_cents=int(str(run.outputs["forecast_cents"])),
    )


def _get(address: str, **headers: str) -> httpx.Response:
    return httpx.get(address, headers=headers, trust_env=False).raise_for_status()
