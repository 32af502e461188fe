"""Reads the parameters of notebooks and other artefacts with Polysync's own parsers."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from polysync_core.platforms.azure_ai_foundry.pipeline_job import describe_inputs
from polysync_core.platforms.azure_ai_foundry.sweep_job import describe_space
from polysync_core.platforms.azure_data_pipelines.discovery import schema_of
from polysync_core.platforms.azure_databricks.job_source.parameters import JobParameters
from polysync_core.platforms.azure_databricks.notebook_discovery import ExportedNotebook
from polysync_core.platforms.azure_databricks.notebook_source.widgets import widgets_of
from polysync_core.platforms.azure_logic_apps.workflow_definition import read_workflow
from polysync_core.platforms.connector import ArtefactSchema
from scripts.artefacts.files import SUFFIXES, ArtefactFile, Kind

_SEARCH_SPACE = "search_space"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The parameters and notes of one artefact."""

    artefact: ArtefactFile
    schema: ArtefactSchema


def read(artefact: ArtefactFile) -> Reading | None:
    """Return the reading of an artefact; None if no Job can run it."""
    match artefact.kind:
        case Kind.NOTEBOOK:
            schema = widgets_of(_exported(artefact.path), partial(_included, artefact.path))
        case Kind.JOB:
            found = JobParameters()
            found.read({"settings": artefact.document})
            schema = found.schema()
        case Kind.PIPELINE:
            schema = schema_of(artefact.document)
        case Kind.WORKFLOW:
            workflow = read_workflow(artefact.document)
            if workflow is None or workflow.trigger is None:
                return None
            schema = workflow.schema()
        case Kind.AML_JOB:
            template = _template(artefact.document)
            is_sweep = artefact.document["jobType"] == "Sweep"
            schema = describe_space(template) if is_sweep else describe_inputs(template)
    return Reading(artefact=artefact, schema=schema)


def _exported(path: Path) -> ExportedNotebook:
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    return ExportedNotebook(text, SUFFIXES[path.suffix.lower()])


def _included(notebook: Path, path: str) -> ExportedNotebook | str:
    """Return the notebook of a `%run`, from the files beside its caller."""
    if path.startswith("/"):
        return "an absolute path is not below the measured folder"
    target = posixpath.normpath(posixpath.join(notebook.parent.as_posix(), path))
    for suffix in ("", *SUFFIXES):
        found = Path(target + suffix)
        if found.suffix.lower() in SUFFIXES and found.is_file():
            return _exported(found)
    return "the folder has no such file"


def _template(document: dict[str, Any]) -> dict[str, Any]:
    """Return the job of a YAML file in the form of the REST API."""
    inputs = document.get("inputs") if isinstance(document.get("inputs"), dict) else {}
    outputs = document.get("outputs") if isinstance(document.get("outputs"), dict) else {}
    space = document.get(_SEARCH_SPACE)
    return {
        "jobType": document["jobType"],
        "inputs": {name: _input(entry) for name, entry in (inputs or {}).items()},
        "outputs": {name: {"jobOutputType": "uri_folder"} for name in outputs or {}},
        "searchSpace": {
            name: _distribution(entry)
            for name, entry in (space if isinstance(space, dict) else {}).items()
        },
    }


def _input(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return {"jobInputType": "literal", "value": str(entry)}
    kind = str(entry.get("type", "uri_folder"))
    if kind in {"string", "integer", "number", "boolean"}:
        return {
            "jobInputType": "literal",
            "value": str(entry.get("default", entry.get("value", ""))),
        }
    return {"jobInputType": kind, "uri": str(entry.get("path", ""))}


def _distribution(entry: Any) -> Any:
    kind = entry.get("type") if isinstance(entry, dict) else None
    if kind == "choice":
        return ["choice", [entry.get("values", [])]]
    return [str(kind), [value for name, value in (entry or {}).items() if name != "type"]]
