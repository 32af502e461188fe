"""The figures as each of the three platforms holds them, which must be the same."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.table import Table
from rich.text import Text

from examples.local_host import DemoFailed, Place, local_url
from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.terminal import printable
from polysync_core.cli.views.formats import ABSENT
from polysync_core.cli.views.tables import new_table

FORECAST = "forecast-revenue"
PUBLICATION = "publish-figures"
LAKE = Path("simulators") / "databricks" / "lakehouse"
REVENUE = LAKE / "gold" / "revenue_by_month.csv"
_JOBS = (
    "subscriptions/any/resourceGroups/any/providers/Microsoft.MachineLearningServices"
    "/workspaces/analytics/jobs"
)
_ROW = re.compile(r"<tr><th>(.*?)</th><td>(.*?)</td></tr>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The figures in one place."""

    where: str
    revenue_cents: int
    forecast_cents: int | None
    """None where nobody forecasts."""


def gather(place: Place, runs: Mapping[str, RunAnswer]) -> list[Sighting]:
    """Return the figures of the lake, of the forecasting job and of the page, from their holders.

    Raises:
        DemoFailed: one of them does not have any.
    """
    holders = {
        "lake": lambda: _in_lake(place.data),
        "AI Foundry workspace": lambda: _in_workspace(place, runs[FORECAST]),
        "published page": lambda: _on_page(runs[PUBLICATION]),
    }
    found: list[Sighting] = []
    for name, look in holders.items():
        try:
            found.append(look())
        except (OSError, LookupError, ValueError, TypeError, httpx.HTTPError) as error:
            raise DemoFailed(f"The {name} does not hold the figures: {error!r}") from error
    return found


def require_agreement(sightings: Sequence[Sighting]) -> None:
    """Raise DemoFailed if a figure is not the same everywhere."""
    for name in ("revenue_cents", "forecast_cents"):
        values = {each.where: getattr(each, name) for each in sightings}
        known = {where: value for where, value in values.items() if value is not None}
        if len(set(known.values())) != 1:
            told = ", ".join(f"{value} in {where}" for where, value in known.items())
            raise DemoFailed(f"{name} did not arrive as it was: {told}")


def sightings_view(sightings: Sequence[Sighting]) -> Table:
    """Return the figures, a line for each place."""
    table = new_table("Held by", "revenue_cents", "forecast_cents")
    for each in sightings:
        forecast = ABSENT if each.forecast_cents is None else str(each.forecast_cents)
        table.add_row(Text(printable(each.where)), str(each.revenue_cents), forecast)
    return table


def _in_lake(data: Path) -> Sighting:
    with (data / REVENUE).open(encoding="utf-8", newline="") as file:
        total = sum(int(row["revenue_cents"]) for row in csv.DictReader(file))
    return Sighting(where=f"Databricks, {REVENUE.name}", revenue_cents=total, forecast_cents=None)


def _in_workspace(place: Place, run: RunAnswer) -> Sighting:
    name = run.attempts[-1].external_run_id
    address = f"{local_url(place.foundry_port)}/{_JOBS}/{name}?api-version=2024-10-01"
    job = _get(address, Authorization="Bearer demo").json()["properties"]
    return Sighting(
        where=f"AI Foundry, the {job['status'].lower()} job",
        revenue_cents=int(job["inputs"]["revenue_cents"]["value"]),
        forecast_cents=int(job["outputs"]["forecast_cents"]["value"]),
    )


def _on_page(run: RunAnswer) -> Sighting:
    address = str(run.outputs["url"])
    rows = {html.unescape(name): value for name, value in _ROW.findall(_get(address).text)}
    return Sighting(
        where="Google Cloud, the published page",
        revenue_cents=int(rows["revenue_cents"]),
        forecast_cents=int(rows["forecast_cents"]),
    )


def _get(address: str, **headers: str) -> httpx.Response:
    return httpx.get(address, headers=headers, trust_env=False).raise_for_status()
