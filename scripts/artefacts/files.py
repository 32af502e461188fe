"""Finds Databricks, Data Factory, Logic Apps and Azure ML artefacts in a folder's files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

MAX_FILE_BYTES = 10_000_000
SUFFIXES = {".py": "py", ".sql": "sql", ".scala": "scala", ".r": "r", ".ipynb": "ipynb"}
_HEADER = re.compile(r"\s*(?:#|--|//) Databricks notebook source")
_AML_KINDS = {"pipelineJob": "Pipeline", "commandJob": "Command", "sweepJob": "Sweep"}


class Kind(StrEnum):
    """The kinds of artefacts."""

    NOTEBOOK = "notebook"
    JOB = "Databricks job"
    PIPELINE = "pipeline"
    WORKFLOW = "logic app"
    AML_JOB = "Azure ML job"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtefactFile:
    """One artefact of a file: the text of a notebook, or a document."""

    path: Path
    kind: Kind
    name: str = ""
    text: str = ""
    document: Any = None


def artefacts_in(folder: Path) -> Iterator[ArtefactFile]:
    """Yield the artefacts of all files below a folder, by path."""
    for path in sorted(folder.rglob("*")):
        if ".git" in path.parts or not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
            continue
        suffix = path.suffix.lower()
        if suffix in SUFFIXES:
            yield from _notebook(path, suffix)
        elif suffix in {".yml", ".yaml", ".json"}:
            yield from _documents(path, suffix)


def _notebook(path: Path, suffix: str) -> Iterator[ArtefactFile]:
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    if suffix == ".ipynb" or _HEADER.match(text):
        yield ArtefactFile(path=path, kind=Kind.NOTEBOOK, text=text)


def _documents(path: Path, suffix: str) -> Iterator[ArtefactFile]:
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    try:
        found = json.loads(text) if suffix == ".json" else list(yaml.safe_load_all(text))
    except (ValueError, yaml.YAMLError, RecursionError):
        # A template of another tool is no document.
        return
    for document in found if isinstance(found, list) else [found]:
        if isinstance(document, dict):
            yield from _of_document(path, document)


def _of_document(path: Path, document: dict[str, Any]) -> Iterator[ArtefactFile]:
    schema = str(document.get("$schema", ""))
    for word, kind in _AML_KINDS.items():
        if word in schema:
            described = {**document, "jobType": kind}
            yield ArtefactFile(path=path, kind=Kind.AML_JOB, document=described)
            return
    for name, job in _jobs(document):
        yield ArtefactFile(path=path, kind=Kind.JOB, name=name, document=job)
    for name, pipeline in _pipelines(document):
        yield ArtefactFile(path=path, kind=Kind.PIPELINE, name=name, document=pipeline)
    for name, workflow in _workflows(document):
        yield ArtefactFile(path=path, kind=Kind.WORKFLOW, name=name, document=workflow)


def _jobs(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    holders = [document, *(document.get("targets") or {}).values()]
    for holder in holders:
        resources = holder.get("resources") if isinstance(holder, dict) else None
        jobs = resources.get("jobs") if isinstance(resources, dict) else None
        for name, job in (jobs if isinstance(jobs, dict) else {}).items():
            if isinstance(job, dict) and isinstance(job.get("tasks"), list):
                yield str(name), job
    settings = document.get("settings", document)
    tasks = settings.get("tasks") if isinstance(settings, dict) else None
    if isinstance(tasks, list) and any(_is_task(each) for each in tasks):
        yield "", settings


def _is_task(task: object) -> bool:
    return isinstance(task, dict) and "task_key" in task


def _pipelines(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in (("", document), *_resources(document, "/pipelines")):
        properties = resource.get("properties")
        if isinstance(properties, dict) and isinstance(properties.get("activities"), list):
            yield name, resource


def _workflows(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in (("", document), *_resources(document, "logic/workflows")):
        properties = resource.get("properties")
        holder = properties if isinstance(properties, dict) else resource
        definition = holder.get("definition")
        if isinstance(definition, dict) and isinstance(definition.get("triggers"), dict):
            yield name, {"properties": {**holder}}


def _resources(document: dict[str, Any], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    resources = document.get("resources")
    for each in resources if isinstance(resources, list) else []:
        if isinstance(each, dict) and str(each.get("type", "")).lower().endswith(kind):
            yield str(each.get("name", "")), each
