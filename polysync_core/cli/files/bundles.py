"""Reads a bundle of definition files for one target, and substitutes its variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import typer

from polysync_core.cli.api.errors import BadDocument
from polysync_core.cli.documents import JoinedDocument, parse_object, read_documents
from polysync_core.cli.files.sources import read_bytes
from polysync_core.domain.bundles.bundle import Bundle, resolve_bundle
from polysync_core.domain.bundles.variables import Assigned
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue

BUNDLE_FILES = ("polysync.yaml", "polysync.yml")
"""A folder with one of these files is applied as a whole, if no file is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleChoice:
    """The target and the values that the caller of a command chooses."""

    target: str | None = None
    files: Sequence[str] = ()
    """Files with values of variables."""
    values: JsonObject = field(default_factory=dict[str, JsonValue])
    """The values of `--var`."""
    context_target: str | None = None
    """The target of the context, which a document without targets ignores."""
    context_values: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBundle:
    """The joined files of a bundle, with the definitions for its target."""

    document: JoinedDocument
    bundle: Bundle


def sources_of(files: Sequence[str] | None, more: Sequence[str] | None) -> list[str]:
    """Return the named files; without any, the folder of the command if it is a bundle.

    Raises:
        BadParameter: no file is named, and the folder is no bundle.
    """
    sources = [*(files or ()), *(more or ())]
    if sources:
        return sources
    if any(Path(each).is_file() for each in BUNDLE_FILES):
        return ["."]
    raise typer.BadParameter(
        "name a file or a folder, such as . for this folder", param_hint="FILE"
    )


def read_bundle(sources: Sequence[str], choice: BundleChoice) -> ReadBundle:
    """Read the files, and return their definitions for the chosen target.

    Raises:
        BadDocument: a file cannot be read, or a variable or a target has a problem.
    """
    document = read_documents(sources, without=choice.files)
    bundle = resolved(document, choice)
    if bundle.problems:
        from polysync_core.cli.files.offline_check import check_offline

        # The rules that need no app are checked in the same pass.
        checked = check_offline(document, is_partial=True, is_production=False)
        problems = checked.with_problems(bundle.problems).problems
        message = "The variables, the targets or the definitions have problems."
        raise BadDocument(message, details=_located(document, problems))
    return ReadBundle(document=document, bundle=bundle)


def resolved(document: JoinedDocument, choice: BundleChoice) -> Bundle:
    """Return the definitions of joined files, and make them the content of the document.

    Raises:
        BadDocument: a file of values cannot be read.
    """
    has_targets = document.content.get("targets") is not None
    target = choice.target or (choice.context_target if has_targets else None)
    bundle = resolve_bundle(document.content, target=target, assigned=_assigned(choice))
    document.content = bundle.content
    return bundle


def _assigned(choice: BundleChoice) -> list[Assigned]:
    """Return the values, the most important source last."""
    context = Assigned(source="the context", values=dict(choice.context_values), must_be_used=False)
    files = [
        Assigned(source=name, values=parse_object(name, read_bytes(name))) for name in choice.files
    ]
    return [context, *files, Assigned(source="--var", values=choice.values)]


def _located(document: JoinedDocument, problems: Sequence[Problem]) -> list[str]:
    locations = document.locations([each.path for each in problems])
    texts = ((str(locations[each.path]), each.message) for each in problems)
    return [f"{where}: {message}" if where else message for where, message in texts]
