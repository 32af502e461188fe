"""The commands that take over what exists on a platform, and show what runs there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from polysync_core.cli.json import Reader
from polysync_core.cli.options import DEFAULT_URL, All, AsJson, Limit, Url
from polysync_core.cli.session import Session, session

if TYPE_CHECKING:
    from polysync_core.cli.json import JsonObject

_AT_ONCE = 500
"""The most that one call takes: each goes through the platform's list from its start."""
RESULTS = ("created", "updated", "unchanged", "failed")

Platform = Annotated[str, typer.Argument(metavar="PLATFORM", help="Name of the platform.")]
ExternalIds = Annotated[
    list[str] | None,
    typer.Argument(metavar="[EXTERNAL_ID]...", help="Only these artefacts."),
]
JobType = Annotated[str | None, typer.Option("--job-type", help="Only of this job type.")]
Search = Annotated[str | None, typer.Option("--search", help="Only with this in the name.")]
UpToAPage = Annotated[int, typer.Option("--limit", min=1, max=100, help="How many.")]
Job = Annotated[str, typer.Argument(metavar="JOB", help="Name of the job.")]


def artefacts(  # noqa: PLR0913 - a parameter an option
    platform: Platform,
    job_type: JobType = None,
    search: Search = None,
    limit: Limit = 20,
    everything: All = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List what exists on a platform, and which jobs run it."""
    with session(url, as_json=as_json) as now:
        items, token = now.api.items(
            *("platforms", platform, "artefacts"),
            query={"jobType": job_type, "search": search},
            limit=None if everything else limit,
        )
        if as_json:
            now.terminal.json({"items": [*items], "continuationToken": token})
            return
        from polysync_core.cli.imports import artefacts_view

        if items:
            now.terminal.show(artefacts_view(items))
        if token or not items:
            more = "There are more: --limit N, or --all."
            now.terminal.remark(more if token else "Nothing was found.")


def import_jobs(  # noqa: PLR0913 - a parameter an option
    platform: Platform,
    external_ids: ExternalIds = None,
    job_type: JobType = None,
    search: Search = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Make jobs of what exists on a platform, or bring them up to date."""
    body: JsonObject = {"jobType": job_type, "search": search, "limit": _AT_ONCE}
    if external_ids:
        body["externalIds"] = [*external_ids]
    with session(url, as_json=as_json) as now:
        report = _imported(now, platform, body)
        _show(now, report)
    if report["failed"]:
        raise typer.Exit(1)


def sync_parameters(job: Job, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Read the parameters of a job from its platform again."""
    with session(url, as_json=as_json) as now:
        answer = now.api.post("jobs", job, "sync-parameters")
        if as_json:
            now.terminal.json(answer)
            return
        from polysync_core.cli.imports import import_view

        now.terminal.show(*import_view([answer]))


def platform_runs(
    job: Job, limit: UpToAPage = 20, url: Url = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """List the newest runs of a job that its platform knows, whoever has started them."""
    with session(url, as_json=as_json) as now:
        answer = now.api.get("jobs", job, "platform-runs", query={"limit": str(limit)})
        if as_json:
            now.terminal.json(answer)
            return
        from polysync_core.cli.imports import platform_runs_view

        reader = Reader("the list", answer)
        items, note = reader.objects("items"), reader.text("note")
        if items:
            now.terminal.show(platform_runs_view(items))
        if reader.text("continuationToken"):
            note = "There are more: --limit N, up to 100."
        if note or not items:
            now.terminal.remark(note or "No runs.")


def _imported(now: Session, platform: str, body: JsonObject) -> dict[str, list[JsonObject]]:
    """Import part by part, until nothing is left; what one part names is sought in the next."""
    report: dict[str, list[JsonObject]] = {result: [] for result in RESULTS}
    token: str | None = None
    while True:
        asked: JsonObject = body if token is None else {**body, "continuationToken": token}
        reader = Reader("the import", now.api.post("platforms", platform, "import", body=asked))
        for result in RESULTS:
            report[result] += reader.objects(result)
        token = reader.text("continuationToken")
        done = {Reader("an artefact", each).text("externalId") for each in _all(report)}
        wanted = body.get("externalIds")
        if isinstance(wanted, list):
            body = {**body, "externalIds": [each for each in wanted if each not in done]}
        if token is None or body.get("externalIds") == []:
            return report
        now.terminal.remark(f"{len(done)} artefacts so far.")


def _all(report: dict[str, list[JsonObject]]) -> list[JsonObject]:
    return [item for result in RESULTS for item in report[result]]


def _show(now: Session, report: dict[str, list[JsonObject]]) -> None:
    if now.terminal.as_json:
        now.terminal.json({result: [*items] for result, items in report.items()})
        return
    from polysync_core.cli.imports import import_view

    items = _all(report)
    if items:
        now.terminal.show(*import_view(items))
    counts = ", ".join(f"{len(found)} {result}" for result, found in report.items() if found)
    now.terminal.say(f"Imported: {counts or 'nothing was found'}.")
