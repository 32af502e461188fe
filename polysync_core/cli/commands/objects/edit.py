"""Implements `polysync edit`, which edits a definition as YAML in a text editor."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from polysync.errors import ApiProblem
from polysync_core.cli.api.errors import BadDocument, CommandFailed
from polysync_core.cli.nouns import Noun, find_definition_noun
from polysync_core.cli.options import DEFAULT_URL, Kind, Name, Url, Yes
from polysync_core.cli.session import Session, open_session

if TYPE_CHECKING:
    from polysync_core.cli.documents import JoinedDocument


_DEFAULT_EDITOR = "notepad" if os.name == "nt" else "vi"


def edit(kind: Kind, name: Name, yes: Yes = False, url: Url = DEFAULT_URL) -> None:
    """Edit a definition in the editor of EDITOR; its plan is shown before it is saved."""
    noun = find_definition_noun(kind)
    with open_session(url, as_json=False) as session:
        stored = session.api.get(noun.path, name)
        before = _text_of(session, noun, name)
        file = _new_file(name, before)
        try:
            _open_editor(file)
            after = file.read_text(encoding="utf-8")
            if after == before:
                session.terminal.note("Nothing is changed.")
            else:
                _save(session, noun, name, file, etag=str(stored.get("etag")), yes=yes)
            file.unlink()
        except (CommandFailed, typer.Exit) as failure:
            session.terminal.note(f"Your text is kept in {file}.")
            if isinstance(failure, CommandFailed):
                failure.add_detail(f"Correct the file, then: polysync apply {file}")
            raise


def _text_of(session: Session, noun: Noun, name: str) -> str:
    from polysync_core.cli.documents import to_yaml

    return to_yaml(session.api.document(str(noun.list_name), [name]))


def _new_file(name: str, text: str) -> Path:
    """Write a new file that only its owner can read."""
    handle, path = tempfile.mkstemp(prefix=f"polysync-{name}-", suffix=".yaml")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    return Path(path)


def _open_editor(file: Path) -> None:
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or _DEFAULT_EDITOR
    try:
        # The variable is the user's own choice of a program, as for git.
        ended = subprocess.run([*shlex.split(editor), str(file)], check=False)  # noqa: S603
    except (OSError, ValueError) as error:
        raise CommandFailed(f"The editor '{editor}' does not start: set EDITOR.") from error
    if ended.returncode:
        raise CommandFailed(f"The editor '{editor}' ended with {ended.returncode}.")


def _save(  # noqa: PLR0913 - one parameter for each fact of the edit
    session: Session, noun: Noun, name: str, file: Path, *, etag: str, yes: bool
) -> None:
    """Plan the edited document, ask, and apply exactly that plan."""
    from polysync_core.cli.api.plan import PlanAnswer
    from polysync_core.cli.confirmation import require_consent
    from polysync_core.cli.documents import read_documents
    from polysync_core.cli.views.definitions.apply import plan_view

    document = read_documents([str(file)])
    _require_same_name(document, noun, name)
    if session.api.get(noun.path, name).get("etag") != etag:
        raise CommandFailed(
            f"The {noun.singular} {name} was changed by another caller meanwhile: edit it again."
        )
    try:
        plan = session.api.put("definitions", body=document.content, query={"dryRun": "true"})
        decoded = PlanAnswer.decode(plan)
        session.terminal.show(*plan_view(decoded, dry_run=True, verbose=False))
        require_consent("Save this change?", yes=yes)
        token = str(plan.get("planToken"))
        session.api.put("definitions", body=document.content, query={"planToken": token})
    except ApiProblem as problem:
        raise problem.with_paths(document.locations) from problem
    session.terminal.line(f"Saved: {noun.singular} {name}.")


def _require_same_name(document: JoinedDocument, noun: Noun, name: str) -> None:
    entries = document.content.get(str(noun.list_name))
    names = (
        [each.get("name") if isinstance(each, dict) else None for each in entries or []]
        if isinstance(entries, list)
        else []
    )
    if names != [name] or len(document.content) != 1:
        raise BadDocument(
            f"The text must define the {noun.singular} {name} and nothing else: a name cannot be "
            "edited. Define a new object by `polysync apply`."
        )
