"""The tools of platforms: what is there, and taking it over as Jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.mcp.answers import compact, items_of, untrusted
from polysync_core.mcp.arguments import Arguments, Confirm, Limit, Name, PageToken
from polysync_core.mcp.in_process_api import Api
from polysync_core.mcp.suggestions import Choice, NoSuchChoice
from polysync_core.mcp.tool import Tool

_MOST_AT_ONCE = 100
_PAGES = 10
"""Of artefacts that are looked through for those that were named."""
_FOREIGN = ("externalId", "name", "description")

type ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=1_024)]
type JobTypeName = Annotated[
    str | None, Field(description="Only artefacts of this job type, such as DatabricksNotebook.")
]
type Search = Annotated[
    Annotated[str, StringConstraints(max_length=200)] | None,
    Field(description="Only artefacts with this in their name."),
]


class ListPlatformPipelines(Arguments):
    """The arguments of `list_platform_pipelines`."""

    platform: Annotated[
        Name, Field(description="The name of the Platform; an error tells those there are.")
    ]
    job_type: JobTypeName = None
    search: Search = None
    limit: Limit = 20
    continuation_token: PageToken = None


class ImportPlatformJobs(Arguments):
    """The arguments of `import_platform_jobs`."""

    platform: Annotated[
        Name, Field(description="The name of the Platform; an error tells those there are.")
    ]
    external_ids: Annotated[
        Annotated[list[ExternalId], Field(min_length=1, max_length=_MOST_AT_ONCE)] | None,
        Field(description="externalId of each artefact to import; all that is found if left out."),
    ] = None
    job_type: JobTypeName = None
    search: Search = None
    limit: Annotated[
        int, Field(ge=1, le=_MOST_AT_ONCE, description="The most to import, 1 to 100.")
    ] = 50
    continuation_token: PageToken = None
    confirm: Confirm = False


async def _list_platform_pipelines(api: Api, given: ListPlatformPipelines) -> JsonObject:
    page = await _artefacts(api, given, given.limit, given.continuation_token)
    found: list[JsonValue] = [_found(each) for each in items_of(page, "items")]
    return {"pipelines": found, "continuationToken": page["continuationToken"]}


async def _import_platform_jobs(api: Api, given: ImportPlatformJobs) -> JsonObject:
    if not given.confirm:
        return await _would_import(api, given)
    body = compact(
        {
            "externalIds": None if given.external_ids is None else [*given.external_ids],
            "jobType": given.job_type,
            "search": given.search,
            "limit": given.limit,
            "continuationToken": given.continuation_token,
        }
    )
    report = await api.send("POST", "platforms", given.platform, "import", body=body)
    results = ("created", "updated", "unchanged", "failed")
    done: JsonObject = {each: [*map(_imported, items_of(report, each))] for each in results}
    return {**compact(done), "continuationToken": report["continuationToken"]}


async def _would_import(api: Api, given: ImportPlatformJobs) -> JsonObject:
    """Say which artefacts an import would take over; names that are not there are refused."""
    chosen = await _chosen(api, given)
    new: list[JsonValue] = [_found(each) for each in chosen.found if not each["imported"]]
    known: list[JsonValue] = [_found(each) for each in chosen.found if each["imported"]]
    listed: JsonObject = {"create": new, "update": known, "notLookedForYet": [*chosen.unseen]}
    return {
        "would": "create a Job for each new artefact, and take over the parameters of the others "
        "again",
        **compact(listed),
        "continuationToken": chosen.token,
        "toDoIt": "confirm: true",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """The artefacts that an import is about."""

    found: list[JsonObject]
    token: JsonValue = None
    unseen: Sequence[str] = ()
    """Those that were named and would have to be looked for among very many."""


async def _chosen(api: Api, given: ImportPlatformJobs) -> _Chosen:
    """Return the artefacts; raises `NoSuchChoice` for names that are certainly not there."""
    if given.external_ids is None:
        page = await _artefacts(api, given, given.limit, given.continuation_token)
        return _Chosen(found=items_of(page, "items"), token=page["continuationToken"])
    named = given.external_ids
    known, is_all = await _looked_through(api, given, set(named))
    missing = [each for each in named if each not in known]
    if missing and is_all:
        raise NoSuchChoice(
            Choice(f"externalIds[{named.index(each)}]", each, list(known), foreign=True)
            for each in missing
        )
    return _Chosen(found=[known[each] for each in named if each in known], unseen=missing)


async def _looked_through(
    api: Api, given: ImportPlatformJobs, wanted: set[str]
) -> tuple[dict[str, JsonObject], bool]:
    """Return artefacts until the wanted ones are among them, and whether these are all."""
    known: dict[str, JsonObject] = {}
    token: str | None = None
    for _ in range(_PAGES):
        page = await _artefacts(api, given, _MOST_AT_ONCE, token)
        known |= {str(each["externalId"]): each for each in items_of(page, "items")}
        token = page["continuationToken"] if isinstance(page["continuationToken"], str) else None
        if token is None or known.keys() >= wanted:
            break
    return known, token is None


async def _artefacts(
    api: Api,
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


def _found(artefact: JsonObject) -> JsonObject:
    """Return an artefact; what the platform says of it is marked."""
    return compact(
        {
            "jobType": artefact["jobType"],
            "platform": untrusted(compact({name: artefact[name] for name in _FOREIGN})),
            "jobs": artefact["jobs"],
        }
    )


def _imported(imported: JsonObject) -> JsonObject:
    job = imported["job"]
    foreign = {name: imported[name] for name in ("externalId", "notes", "error", "difference")}
    return compact(
        {
            "job": job,
            "jobType": imported["jobType"],
            "platform": untrusted(compact(foreign)),
            "tasks": untrusted(imported["tasks"]),
            "link": None if job is None else f"/api/jobs/{job}",
        }
    )


LIST_PLATFORM_PIPELINES = Tool(
    name="list_platform_pipelines",
    description="Lists what exists on a Platform (notebooks, pipelines, jobs, functions), each "
    "with the Jobs that run it already. Reads only.",
    arguments=ListPlatformPipelines,
    run=_list_platform_pipelines,
    asks=("GET", "/platforms/{name}/artefacts"),
    names={"platform": "platforms"},
)
IMPORT_PLATFORM_JOBS = Tool(
    name="import_platform_jobs",
    description="Imports artefacts of a Platform as Jobs with their parameters; one that is a Job "
    "already is brought up to date. Without confirm it only says what it would do.",
    arguments=ImportPlatformJobs,
    run=_import_platform_jobs,
    asks=("POST", "/platforms/{name}/import"),
    names={"platform": "platforms"},
)
