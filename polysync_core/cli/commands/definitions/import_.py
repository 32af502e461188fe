"""Implements `polysync import` and `sync-parameters`, which create and update Jobs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polysync_core.cli.api.reader import Reader
from polysync_core.cli.options import (
    DEFAULT_URL,
    AsJson,
    JobName,
    JobType,
    PlatformName,
    Search,
    Url,
)
from polysync_core.cli.session import Session, open_session

if TYPE_CHECKING:
    from polysync_core.domain.json_types import JsonObject, JsonValue

_MAX_ARTEFACTS = 500
"""The limit of one call: each call reads the platform's list from its start."""
RESULTS = ("created", "updated", "unchanged", "failed", "skipped")

ExternalIds = Annotated[
    list[str] | None,
    typer.Argument(metavar="EXTERNAL_ID", help="Only the artefacts with these external ids."),
]

Parameters = Annotated[
    list[str] | None,
    typer.Option("--parameter", help="Only this parameter; repeat it for several."),
]
Remove = Annotated[
    bool,
    typer.Option(
        "--remove", help="Also remove parameters that an incomplete reading did not find."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the difference, write nothing.")]


JobsFile = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write the jobs to this file, and nothing to the app."),
]


def import_jobs(  # noqa: PLR0913 - one parameter per option
    platform: PlatformName,
    external_ids: ExternalIds = None,
    job_type: JobType = None,
    search: Search = None,
    remove: Remove = False,
    dry_run: DryRun = False,
    output: JobsFile = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Create or update the jobs of a platform's artefacts; -o writes a file."""
    planned = dry_run or output is not None
    body: JsonObject = {"jobType": job_type, "search": search, "limit": _MAX_ARTEFACTS}
    if remove:
        body["remove"] = True
    if external_ids:
        body["externalIds"] = [*external_ids]
    with open_session(url, as_json=as_json) as session:
        report = _import_all(session, platform, body, dry_run=planned)
        _show(session, report, verb="Planned" if planned else "Imported")
        if output is not None:
            _write_jobs(session, report, output)
    _exit_by(_all_items(report))


def sync_parameters(  # noqa: PLR0913 - one parameter per option
    job: JobName,
    parameters: Parameters = None,
    remove: Remove = False,
    dry_run: DryRun = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Update the parameters of a job from its artefact."""
    body: JsonObject = {"parameters": [*parameters]} if parameters else {}
    if remove:
        body["remove"] = True
    with open_session(url, as_json=as_json) as session:
        answer = session.api.post(
            *("jobs", job, "sync-parameters"),
            query={"dryRun": "true" if dry_run else None},
            body=body or None,
        )
        if as_json:
            session.terminal.json(answer)
        else:
            from polysync_core.cli.views.definitions.import_ import import_view

            session.terminal.show(*import_view([answer]))
    _exit_by([answer])


def _write_jobs(session: Session, report: dict[str, list[JsonObject]], output: Path) -> None:
    """Write the planned jobs as a document that `apply` reads."""
    from polysync_core.cli.documents import to_json, to_yaml, write_document

    items = [Reader("an artefact", each) for each in _all_items(report)]
    jobs: list[JsonValue] = [
        definition for each in items if (definition := each.object("definition"))
    ]
    is_json = output.suffix.lower() == ".json"
    write_document(output, (to_json if is_json else to_yaml)({"jobs": jobs}))
    session.terminal.note(
        f"Written to {output}: {len(jobs)} jobs. To store them: polysync apply {output}"
    )


def _exit_by(items: list[JsonObject]) -> None:
    """Exit with 1 if an artefact failed or a task no longer fits.

    A skipped folder is not a failure.
    """
    from polysync_core.cli.views.definitions.import_ import has_drift

    if has_drift(items) or any(
        item.get("error") for item in items if item.get("result") != "skipped"
    ):
        raise typer.Exit(1)


def _import_all(
    session: Session, platform: str, body: JsonObject, *, dry_run: bool
) -> dict[str, list[JsonObject]]:
    """Import page by page; a page does not request the named artefacts of earlier pages again."""
    report: dict[str, list[JsonObject]] = {result: [] for result in RESULTS}
    token: str | None = None
    while True:
        page: JsonObject = body if token is None else {**body, "continuationToken": token}
        query = {"dryRun": "true" if dry_run else None}
        answer = session.api.post("platforms", platform, "import", query=query, body=page)
        reader = Reader("the import", answer)
        for result in RESULTS:
            report[result] += reader.objects(result)
        token = reader.text("continuationToken")
        readers = [Reader("an artefact", each) for each in _all_items(report)]
        done = {each.text("externalId") for each in readers}
        done |= {spelling for each in readers for spelling in each.texts("requested")}
        named = body.get("externalIds")
        if isinstance(named, list):
            body = {**body, "externalIds": [each for each in named if each not in done]}
        if token is None or body.get("externalIds") == []:
            return report
        session.terminal.note(f"{len(readers)} artefacts so far.")


def _all_items(report: dict[str, list[JsonObject]]) -> list[JsonObject]:
    return [item for result in RESULTS for item in report[result]]


def _show(session: Session, report: dict[str, list[JsonObject]], *, verb: str) -> None:
    if session.terminal.as_json:
        session.terminal.json({result: [*items] for result, items in report.items()})
        return
    from polysync_core.cli.views.definitions.import_ import import_view

    items = _all_items(report)
    if items:
        session.terminal.show(*import_view(items))
    counts = ", ".join(f"{len(found)} {result}" for result, found in report.items() if found)
    session.terminal.line(f"{verb}: {counts or 'no artefacts found'}.")
