"""Sends a document of definitions to the API to plan or apply it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polysync.errors import ApiProblem
from polysync_core.cli.api.errors import BadDocument
from polysync_core.cli.api.plan import PlanAnswer
from polysync_core.cli.documents import JoinedDocument
from polysync_core.cli.files.bundles import BundleChoice, read_bundle
from polysync_core.cli.files.plan_file import PlanFile

if TYPE_CHECKING:
    from polysync_core.cli.api.client import ApiClient
    from polysync_core.domain.json_types import JsonObject

_STALE = 412


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDocument:
    """A document with its owner; a saved plan also has its token."""

    document: JoinedDocument
    prune: bool = False
    bundle: str | None = None
    target: str | None = None
    token: str | None = None

    @classmethod
    def read(cls, sources: Sequence[str], choice: BundleChoice, *, prune: bool) -> PlannedDocument:
        """Read the files of a bundle.

        Raises:
            BadDocument: a file cannot be read, or a variable or a target has a problem.
        """
        found = read_bundle(sources, choice)
        return cls(
            document=found.document,
            prune=prune,
            bundle=found.bundle.name,
            target=found.bundle.target,
        )

    @classmethod
    def of_plan(cls, saved: PlanFile, url: str) -> PlannedDocument:
        """Return the document of a saved plan.

        Raises:
            BadDocument: another app made the plan.
        """
        if saved.url != url:
            raise BadDocument(f"The plan was made for {saved.url}, and not for {url}: plan again.")
        return cls(
            document=JoinedDocument(content=saved.document),
            # The plan names its deletes, and a person has seen them.
            prune=saved.prune,
            bundle=saved.bundle,
            target=saved.target,
            token=saved.token,
        )

    @property
    def of_owner(self) -> str:
        """The owner of the pruned definitions, as the end of a question."""
        return f" of bundle {self.bundle}" if self.bundle else " that no bundle owns"

    def plan(self, api: ApiClient) -> JsonObject:
        """Return the plan; raises `ApiProblem` with the place of each problem."""
        return self._put(api, {"dryRun": "true"})

    def execute(self, api: ApiClient, *, token: str | None = None) -> JsonObject:
        """Execute the document, or exactly the plan of a token."""
        return self._put(api, {"planToken": self.token or token})

    def deleted(self, plan: JsonObject) -> list[str]:
        """Return the definitions that a plan deletes."""
        entries = PlanAnswer.decode(plan).entries
        return [f"{each.kind} {each.name}" for each in entries if each.action == "delete"]

    def warnings(self, plan: PlanAnswer) -> list[str]:
        """Return the warnings with the places of the files."""
        places = self.document.locations([each.path for each in plan.warnings])
        return [f"{places[each.path]}: {each.message}" for each in plan.warnings]

    def _put(self, api: ApiClient, query: Mapping[str, str | None]) -> JsonObject:
        prune = "true" if self.prune else None
        every = {**query, "prune": prune, "bundle": self.bundle}
        try:
            return api.put("definitions", body=self.document.content, query=every)
        except ApiProblem as problem:
            located = problem.with_paths(self.document.locations)
            if problem.status == _STALE:
                located.add_detail("Nothing is changed. Plan again, and look at the new plan.")
            raise located from problem
