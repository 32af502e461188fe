"""Defines the MCP tools that list, compare and import platform artefacts, such as notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints

from polysync_core.application.platforms.artefact_keys import ArtefactKeys
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.mcp.answers import compact, items_of, untrusted
from polysync_core.mcp.arguments import Arguments, Confirm, Limit, Name, PageToken
from polysync_core.mcp.errors import UnknownName, UnknownNames
from polysync_core.mcp.in_process_api import InProcessApi
from polysync_core.mcp.tool import Tool
from polysync_core.platforms.registry import platform_plugin

_MAX_IMPORTED = 100
_MAX_PAGES = 10
"""The pages of artefacts that are searched for the named ones."""
_FOREIGN = ("externalId", "name", "description", "problem")

type ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=1_024)]
type JobTypeName = Annotated[
    str | None, Field(description="Only artefacts of this job type, such as DatabricksNotebook.")
]
type Search = Annotated[
    Annotated[str, StringConstraints(max_length=200)] | None,
    Field(description="Only artefacts whose name contains this text."),
]


class ListPlatformPipelines(Arguments):
    """The arguments of `list_platform_pipelines`."""

    platform: Annotated[
        Name, Field(description="The name of the Platform; an error lists the existing ones.")
    ]
    job_type: JobTypeName = None
    search: Search = None
    limit: Limit = 20
    continuation_token: PageToken = None


class ImportPlatformJobs(Arguments):
    """The arguments of `import_platform_jobs`."""

    platform: Annotated[
        Name, Field(description="The name of the Platform; an error lists the existing ones.")
    ]
    external_ids: Annotated[
        Annotated[list[ExternalId], Field(min_length=1, max_length=_MAX_IMPORTED)] | None,
        Field(
            description="The externalId of each artefact to import; the default is all found ones."
        ),
    ] = None
    job_type: JobTypeName = None
    search: Search = None
    limit: Annotated[
        int,
        Field(
            ge=1,
            le=_MAX_IMPORTED,
            description="The maximum number of artefacts to import, 1 to 100.",
        ),
    ] = 50
    continuation_token: PageToken = None
    remove: Annotated[
        bool,
        Field(description="True also removes parameters that an incomplete reading did not find."),
    ] = False
    confirm: Confirm = False


class CheckDrift(Arguments):
    """The arguments of `check_drift`."""

    platform: Annotated[
        Name, Field(description="The name of the Platform; an error lists the existing ones.")
    ]
    limit: Limit = 20
    continuation_token: PageToken = None


async def _check_drift(api: InProcessApi, given: CheckDrift) -> JsonObject:
    page = await api.get(
        "drift",
        platform=given.platform,
        limit=given.limit,
        continuationToken=given.continuation_token,
    )
    jobs = items_of(page, "jobs")
    differing: list[JsonValue] = [_drift_view(each) for each in jobs if each["state"] != "equal"]
    unused: list[JsonValue] = [untrusted(each) for each in items_of(page, "artefacts")]
    return {
        "differing": differing,
        "equalJobs": len(jobs) - len(differing),
        "artefactsWithoutJob": unused,
        "notListed": untrusted(page["unlisted"]),
        "continuationToken": page["continuationToken"],
    }


def _drift_view(drift: JsonObject) -> JsonObject:
    foreign = {name: drift[name] for name in ("externalId", "difference", "notes", "error")}
    return compact(
        {
            "job": drift["job"],
            "jobType": drift["jobType"],
            "state": drift["state"],
            "platform": untrusted(compact(foreign)),
            "tasks": untrusted(drift["tasks"]),
            "link": f"/api/jobs/{drift['job']}",
        }
    )


async def _list_platform_pipelines(api: InProcessApi, given: ListPlatformPipelines) -> JsonObject:
    page = await _artefacts(api, given, given.limit, given.continuation_token)
    found: list[JsonValue] = [_artefact_view(each) for each in items_of(page, "items")]
    return {"pipelines": found, "continuationToken": page["continuationToken"]}


async def _import_platform_jobs(api: InProcessApi, given: ImportPlatformJobs) -> JsonObject:
    if not given.confirm:
        return await _preview_import(api, given)
    body = compact(
        {
            "externalIds": None if given.external_ids is None else [*given.external_ids],
            "jobType": given.job_type,
            "search": given.search,
            "limit": given.limit,
            "continuationToken": given.continuation_token,
            "remove": given.remove or None,
        }
    )
    report = await api.send("POST", "platforms", given.platform, "import", body=body)
    results = ("created", "updated", "unchanged", "failed", "skipped")
    done: JsonObject = {each: [*map(_import_view, items_of(report, each))] for each in results}
    return {**compact(done), "continuationToken": report["continuationToken"]}


async def _preview_import(api: InProcessApi, given: ImportPlatformJobs) -> JsonObject:
    """Return the artefacts of an import; unknown names are refused."""
    selection = await _select(api, given)
    usable = [each for each in selection.found if each["problem"] is None]
    new: list[JsonValue] = [_artefact_view(each) for each in usable if not each["imported"]]
    known: list[JsonValue] = [_artefact_view(each) for each in usable if each["imported"]]
    refused: list[JsonValue] = [_artefact_view(each) for each in selection.found if each["problem"]]
    listed: JsonObject = {
        "create": new,
        "update": known,
        "cannotBeImported": refused,
        "notLookedForYet": [*selection.unsearched],
    }
    return {
        "would": "create a Job for each new artefact, and update the parameters of the others",
        **compact(listed),
        "continuationToken": selection.token,
        "toDoIt": "confirm: true",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Selection:
    """The selected artefacts of an import."""

    found: list[JsonObject]
    token: JsonValue = None
    unsearched: Sequence[str] = ()
    """Named artefacts that were not among the searched pages."""


async def _select(api: InProcessApi, given: ImportPlatformJobs) -> _Selection:
    """Return the selection, or raise `UnknownNames` for names that certainly do not exist."""
    if given.external_ids is None:
        page = await _artefacts(api, given, given.limit, given.continuation_token)
        return _Selection(found=items_of(page, "items"), token=page["continuationToken"])
    named = given.external_ids
    platform = await api.get("platforms", given.platform)
    keys = ArtefactKeys(platform_plugin(str(platform["type"])))
    found, is_complete = await _search(api, given, keys)
    by_id = {each: [*_matching(found, keys, each)] for each in named}
    missing = [each for each in named if not by_id[each]]
    if missing and is_complete:
        known = [str(each["externalId"]) for each in found]
        raise UnknownNames(
            UnknownName(f"externalIds[{named.index(each)}]", each, known, foreign=True)
            for each in missing
        )
    chosen = {str(each["externalId"]): each for matches in by_id.values() for each in matches}
    return _Selection(found=[*chosen.values()], unsearched=missing)


async def _search(
    api: InProcessApi, given: ImportPlatformJobs, keys: ArtefactKeys
) -> tuple[list[JsonObject], bool]:
    """Return the found artefacts, and whether they are all artefacts of the platform."""
    found: list[JsonObject] = []
    missing = {*(given.external_ids or ())}
    token: str | None = None
    for _ in range(_MAX_PAGES):
        page = await _artefacts(api, given, _MAX_IMPORTED, token)
        listed = items_of(page, "items")
        found += listed
        token = page["continuationToken"] if isinstance(page["continuationToken"], str) else None
        missing = {each for each in missing if not any(_matching(listed, keys, each))}
        if token is None or not missing:
            break
    return found, token is None


def _matching(
    found: Iterable[JsonObject], keys: ArtefactKeys, external_id: str
) -> Iterator[JsonObject]:
    """Yield the artefacts that an external id names, in any spelling."""
    for each in found:
        job_type = str(each["jobType"])
        if keys.key(job_type, str(each["externalId"])) == keys.key(job_type, external_id):
            yield each


async def _artefacts(
    api: InProcessApi,
    given: ListPlatformPipelines | ImportPlatformJobs,
    limit: int,
    token: str | None,
) -> JsonObject:
    return await api.get(
        "platforms",
        given.platform,
        "artefacts",
        jobType=given.job_type,
        search=given.search,
        limit=limit,
        continuationToken=token,
    )


def _artefact_view(artefact: JsonObject) -> JsonObject:
    """Return an artefact with the platform's texts marked as untrusted."""
    return compact(
        {
            "jobType": artefact["jobType"],
            "platform": untrusted(compact({name: artefact[name] for name in _FOREIGN})),
            "jobs": artefact["jobs"],
        }
    )


def _import_view(imported: JsonObject) -> JsonObject:
    job = imported["job"]
    foreign = {name: imported[name] for name in ("externalId", "notes", "error", "difference")}
    return compact(
        {
            "job": job,
            "jobType": imported["jobType"],
            "platform": untrusted(compact(foreign)),
            "complete": imported.get("complete"),
            "tasks": untrusted(imported["tasks"]),
            "link": None if job is None else f"/api/jobs/{job}",
        }
    )


LIST_PLATFORM_PIPELINES = Tool(
    name="list_platform_pipelines",
    description="Lists the artefacts of a Platform (notebooks, pipelines, jobs, functions), each "
    "with the Jobs that already run it. Reads only.",
    arguments=ListPlatformPipelines,
    run=_list_platform_pipelines,
    route=("GET", "/platforms/{name}/artefacts"),
)
CHECK_DRIFT = Tool(
    name="check_drift",
    description="Compares the Jobs of a Platform with their artefacts: parameters that are new, "
    "gone or changed, Tasks that no longer fit, and artefacts without a Job. Reads only.",
    arguments=CheckDrift,
    run=_check_drift,
    route=("GET", "/drift"),
)
IMPORT_PLATFORM_JOBS = Tool(
    name="import_platform_jobs",
    description="Imports artefacts of a Platform as Jobs with their parameters, and updates "
    "existing Jobs. Without confirm it only shows the changes.",
    arguments=ImportPlatformJobs,
    run=_import_platform_jobs,
    route=("POST", "/platforms/{name}/import"),
)
