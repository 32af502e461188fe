"""Implements `polysync open`, which opens an object's web console page in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote, urlsplit

import typer

from polysync.errors import ApiProblem
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.api.reader import Reader
from polysync_core.cli.nouns import find_definition_noun
from polysync_core.cli.options import DEFAULT_URL, Last, Url
from polysync_core.cli.run_names import find_run_id
from polysync_core.cli.session import Session, open_session

if TYPE_CHECKING:
    from polysync_core.cli.api.client import ApiClient

Target = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KIND] NAME", help="A run, a task, a job or a platform; or a kind and a name."
    ),
]
OnPlatform = Annotated[
    bool, typer.Option("--platform", help="The page of the platform instead of the console.")
]
Print = Annotated[bool, typer.Option("--print", help="Print the address, open nothing.")]

_SEARCHED = ("tasks", "jobs", "platforms")
_NOT_FOUND = (400, 404, 422)
_MAX_WORDS = 2


def open_page(
    target: Target = None,
    last: Last = False,
    platform: OnPlatform = False,
    only_print: Print = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Open the page of a run or an object: in the console, or on its platform."""
    words = target or []
    if len(words) > _MAX_WORDS or (last and words):
        raise typer.BadParameter("give one name, or a kind and a name", param_hint="NAME")
    with open_session(url, as_json=False) as session:
        path, name = _found(session.api, words, last=last)
        address = _page_of_platform(session, path, name) if platform else ""
        address = address or f"{_console(session.api.url)}/{path}/{quote(name, safe='')}"
        if only_print:
            session.terminal.line(address)
        elif typer.launch(address) != 0:
            raise CommandFailed(f"No browser can be opened here. The page is {address}")
        else:
            session.terminal.note(f"Opened {address}")


def _found(api: ApiClient, words: list[str], *, last: bool) -> tuple[str, str]:
    """Return the section of the console and the name or id of the target."""
    if len(words) == _MAX_WORDS and words[0].lower() in {"run", "runs"}:
        return "runs", _run_id(api, words[1])
    if len(words) == _MAX_WORDS:
        noun = find_definition_noun(words[0])
        api.get(noun.path, words[1])
        return noun.path, words[1]
    if last or not words:
        return ("runs", find_run_id(api, None)) if last else ("runs", "")
    if words[0].startswith("@"):
        return "runs", find_run_id(api, words[0])
    for path in _SEARCHED:
        if _exists(api, path, words[0]):
            return path, words[0]
    return "runs", _run_id(api, words[0])


def _run_id(api: ApiClient, name: str) -> str:
    """Return the whole id of a run."""
    return api.task_run(find_run_id(api, name)).run_id


def _exists(api: ApiClient, path: str, name: str) -> bool:
    try:
        api.get(path, name)
    except ApiProblem as problem:
        if problem.status in _NOT_FOUND:
            return False
        raise
    return True


def _console(api_url: str) -> str:
    return f"{api_url.removesuffix('/api')}/console"


def _page_of_platform(session: Session, path: str, name: str) -> str:
    """Return the address of a run or of a platform on the platform itself.

    Raises:
        CommandFailed: no such address is known.
    """
    if path == "runs" and name:
        attempt = session.api.task_run(name).last_attempt
        address = attempt.monitor_url if attempt else None
    elif path == "platforms":
        stored = Reader("the platform", session.api.get(path, name))
        address = Reader("the attributes", stored.object("attributes")).text("workspaceUrl")
    else:
        raise CommandFailed("Only a run or a platform has a page on the platform.")
    if not address:
        raise CommandFailed(f"No page of {name} on its platform is known.")
    if urlsplit(address).scheme not in {"http", "https"}:
        raise CommandFailed(f"The address of {name} on its platform is not a web address.")
    return address
