"""Saves a plan of changes to a file, and reads it for a later `apply`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from polysync_core.cli.api.errors import BadDocument
from polysync_core.cli.api.reader import Reader
from polysync_core.cli.documents import PLAN_MARK, parse_object, to_json, write_document
from polysync_core.cli.files.sources import STDIN, read_bytes
from polysync_core.domain.json_types import JsonObject

_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """A planned document, with the token of its plan."""

    url: str
    """The address of the API that made the plan."""
    token: str
    prune: bool
    bundle: str | None
    target: str | None
    document: JsonObject
    plan: JsonObject
    """The answer of the API, which the apply shows before it asks."""

    def write(self, file: Path) -> None:
        """Write the plan.

        Raises:
            BadDocument: the file cannot be written.
        """
        content: JsonObject = {
            PLAN_MARK: _VERSION,
            "url": self.url,
            "planToken": self.token,
            "prune": self.prune,
            "bundle": self.bundle,
            "target": self.target,
            "document": self.document,
            "plan": self.plan,
        }
        write_document(file, to_json(content))


def read_plan_file(sources: Sequence[str]) -> PlanFile | None:
    """Return the plan of the only source; None if the source is no plan.

    Raises:
        BadDocument: the file is a plan that this version cannot read.
    """
    if len(sources) != 1 or sources[0] == STDIN or not Path(sources[0]).is_file():
        return None
    name = sources[0]
    data = read_bytes(name)
    if not data.lstrip().startswith(b"{") or PLAN_MARK.encode() not in data[:200]:
        return None
    content = parse_object(name, data)
    if content.get(PLAN_MARK) != _VERSION:
        raise BadDocument(f"{name}: another version of polysync made this plan: plan again.")
    reader = Reader(name, content)
    return PlanFile(
        url=reader.text("url") or "",
        token=reader.text("planToken") or "",
        prune=content.get("prune") is True,
        bundle=reader.text("bundle"),
        target=reader.text("target"),
        document=reader.object("document"),
        plan=reader.object("plan"),
    )
