"""Validates definition files offline, with the same rules as the host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from polysync_core.application.definitions.planning.document_planner import DocumentPlanner
from polysync_core.cli.documents import JoinedDocument
from polysync_core.definition_rules import definition_rules
from polysync_core.domain.definitions.document import read_document
from polysync_core.domain.definitions.stored import NothingStored
from polysync_core.domain.errors import Invalid, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineCheck:
    """The problems and the warnings of a document."""

    problems: tuple[Problem, ...] = ()
    omitted: int = 0
    """The number of further problems."""
    warnings: tuple[Problem, ...] = ()
    definitions: int = 0
    """The number of the definitions that could be read."""

    def with_problems(self, problems: Sequence[Problem]) -> OfflineCheck:
        """Return the check with the problems of the bundle, which explain others at their paths."""
        explained = {each.path for each in problems}
        others = (each for each in self.problems if each.path not in explained)
        return replace(self, problems=(*problems, *others))


def check_offline(
    document: JoinedDocument, *, is_partial: bool, is_production: bool
) -> OfflineCheck:
    """Check a document as an empty host would.

    Args:
        document: The joined files.
        is_partial: True if the files may refer to definitions that they do not contain.
        is_production: True for the rules of a production host, which are stricter.
    """
    local = not is_production
    planner = DocumentPlanner(
        NothingStored(), definition_rules(development=local, allow_loopback=local)
    )
    try:
        read = read_document(document.content)
        if is_partial or document.unreadable:
            read.unread.add_everything()
        plan = planner.plan(read)
    except Invalid as error:
        return OfflineCheck(problems=error.problems, omitted=error.omitted)
    return OfflineCheck(warnings=plan.warnings, definitions=len(plan.steps))
