"""The table of roles in the documentation equals the assignments of the compiled templates."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.unit.infra.templates import ROOT
from tests.unit.infra.test_roles_agree import GUIDS
from tests.unit.infra.test_snapshots import NAMES, of_type

PAGE = ROOT / "docs" / "reference" / "azure-roles.md"
ROLES = {guid: name for name, guid in GUIDS.items()}
SCOPES = {
    r"Microsoft\.Storage/storageAccounts/stdata\w+/queueServices/default/queues/run-requests": (
        "queue `run-requests`"
    ),
    r"Microsoft\.Storage/storageAccounts/sthost\w+": "storage account of the host (`sthost…`)",
    r"Microsoft\.Storage/storageAccounts/stdata\w+": "storage account of the data (`stdata…`)",
    r"Microsoft\.KeyVault/vaults/kv-\w+": "vault (`kv-…`)",
    r"Microsoft\.Insights/components/appi-[\w-]+": "Application Insights (`appi-…`)",
    r"Microsoft\.DurableTask/schedulers/dts-[\w-]+/taskHubs/\w+": (
        "task hub of the scheduler (`dts-…`)"
    ),
}
CONDITIONS = {
    frozenset(NAMES): "always",
    frozenset({"scheduler"}): "`backend=DurableTaskScheduler`",
    frozenset({"private"}): "`vaultOfficerId`",
    frozenset({"private", "scheduler"}): "`fileEvents`",
}
"""The sets of parameters that have an assignment, and the words for it."""


def _scope(assignment: dict[str, Any]) -> str:
    """Return the words for the resource that the assignment is for; it is the narrowest."""
    found = re.search(
        r"/providers/([^']*?)(?:'|/providers/Microsoft\.Authorization)", assignment["id"]
    )
    assert found is not None, assignment["id"]
    (words,) = [word for pattern, word in SCOPES.items() if re.fullmatch(pattern, found[1])]
    return words


def _holder(assignment: dict[str, Any]) -> str:
    if re.search(
        r"userAssignedIdentities/id-polysync-\w+-events", assignment["properties"]["principalId"]
    ):
        return "identity of the events"
    if "userAssignedIdentities/id-polysync-" in assignment["properties"]["principalId"]:
        assert assignment["properties"]["principalType"] == "ServicePrincipal"
        return "identity of the app"
    return "the principal in `vaultOfficerId`"


def _assigned() -> set[tuple[str, str, str, str]]:
    found: dict[tuple[str, str, str], set[str]] = {}
    for name in NAMES:
        for each in of_type(name, "Microsoft.Authorization/roleAssignments"):
            role = ROLES[each["properties"]["roleDefinitionId"].rpartition("/")[2]]
            found.setdefault((role, _scope(each), _holder(each)), set()).add(name)
    return {(*row, CONDITIONS[frozenset(names)]) for row, names in found.items()}


def _documented() -> list[tuple[str, ...]]:
    table = PAGE.read_text().split("\n\n")[2]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return [(role, scope, holder, when) for role, scope, holder, _, when in rows]


def test_the_table_has_every_assignment_of_the_templates_once() -> None:
    documented = _documented()

    assert len(documented) == len(set(documented))
    assert set(documented) == _assigned()


@pytest.mark.parametrize("name", NAMES)
def test_no_assignment_is_for_a_whole_group_or_subscription(name: str) -> None:
    assignments = of_type(name, "Microsoft.Authorization/roleAssignments")

    assert len(assignments) >= 7
    assert {_scope(each) for each in assignments} <= set(SCOPES.values())
