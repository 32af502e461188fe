"""The templates assign exactly the roles that the code needs."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest

from tests.unit.infra.templates import ROOT, deployed_files, deployed_settings, template

pytestmark = pytest.mark.slow

GUIDS = {
    # https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Queue Data Message Sender": "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Durable Task Data Contributor": "0ad04412-c4d5-4796-b79c-f76d14c8d402",
}
SDKS = {
    "azure.data.tables": ("dataStorage", "Storage Table Data Contributor"),
    "azure.storage.queue": ("dataStorage", "Storage Queue Data Contributor"),
    "azure.keyvault.secrets": ("vault", "Key Vault Secrets User"),
    "azure.monitor": ("applicationInsights", "Monitoring Metrics Publisher"),
}
"""The scope and role that each client library of the app needs."""
NO_ROLE = {"azure.core", "azure.identity", "azure.functions", "azure.durable_functions"}
HOST = {
    ("hostStorage", "Storage Blob Data Owner"),
    ("hostStorage", "Storage Queue Data Contributor"),
    ("hostStorage", "Storage Table Data Contributor"),
}
"""The roles of the Functions host and its engine, independent of the app.

https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-configure-managed-identity
"""
PEOPLE = {("vault", "Key Vault Secrets Officer")}
SENDERS = {("eventsQueue", "Storage Queue Data Message Sender")}
"""The role of Event Grid, which sends the events of new files."""


def _rbac() -> Any:
    return template("modules/rbac.bicep")


def _named() -> dict[str, tuple[str, str]]:
    """Return id and name of every role by its key in the template."""
    row = re.compile(r"^  (\w+): '([0-9a-f-]{36})' // (.+)$", re.MULTILINE)
    return {key: (guid, name) for key, guid, name in row.findall(_rbac().path.read_text())}


def _assigned() -> dict[str, tuple[str, str]]:
    """Return scope and role of every assignment, by its name in the template."""
    found: dict[str, tuple[str, str]] = {}
    assignments = _rbac().resources("Microsoft.Authorization/roleAssignments")
    for name, body in assignments.items():
        definition = body["properties"]["roleDefinitionId"]["function"]["parameters"]
        key = definition["resource_name_1"]["operator"]["operands"]["operand_2"]
        found[name] = (body["scope"], _named()[key][1])
    return found


def _sdks() -> set[str]:
    """Return the packages of Azure that the deployed code imports."""
    modules: set[str] = set()
    for file in deployed_files():
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module)
            elif isinstance(node, ast.Import):
                modules |= {each.name for each in node.names}
    known = {*SDKS, *NO_ROLE}
    return {
        next((each for each in known if f"{module}.".startswith(f"{each}.")), module)
        for module in modules
        if module.startswith("azure.")
    }


def _needed() -> set[tuple[str, str]]:
    needed = HOST | PEOPLE | SENDERS | {SDKS[each] for each in _sdks() if each in SDKS}
    settings = deployed_settings()
    assert "APPLICATIONINSIGHTS_AUTHENTICATION_STRING" in settings
    if "DURABLE_TASK_SCHEDULER_CONNECTION_STRING" in settings:
        needed.add(("taskHub", "Durable Task Data Contributor"))
    return needed


def test_the_role_of_every_azure_library_is_known() -> None:
    assert _sdks() <= {*SDKS, *NO_ROLE}


def test_the_assigned_roles_are_those_that_the_code_needs() -> None:
    assert set(_assigned().values()) == _needed()
    assert len(_assigned()) == len(_needed())


def test_a_role_id_appears_once_beside_its_name() -> None:
    assert {name: guid for guid, name in _named().values()} == GUIDS
    for guid in GUIDS.values():
        assert _rbac().path.read_text().count(guid) == 1


def test_only_one_template_assigns_roles() -> None:
    others = (ROOT / "infra").rglob("*.bicep")
    assigning = {path.name for path in others if "roleAssignments" in path.read_text()}
    assert assigning == {"rbac.bicep"}


def test_a_role_that_an_error_names_is_deployed() -> None:
    asked = re.compile(r"(?:Storage \w+ Data \w+|Key Vault \w+ User)")
    named = {name for file in deployed_files() for name in asked.findall(file.read_text())}
    assert named
    assert named <= {role for _, role in _assigned().values()}


def test_the_templates_create_no_queues_and_tables() -> None:
    """The app creates queues and tables itself, as on one machine; its roles suffice."""
    kinds = {
        each["type"]
        for name in ("main.bicep", "modules/storage.bicep")
        for each in template(name).part("resources").values()
    }
    assert {kind for kind in kinds if "Services/queues" in kind or "Services/tables" in kind} == (
        set()
    )


def test_queue_triggers_use_the_account_that_the_app_writes_to() -> None:
    snapshot = ROOT / "tests" / "integration" / "functions.json"
    bindings = [b for each in json.loads(snapshot.read_text()).values() for b in each]
    queues = [each for each in bindings if each["type"] == "queueTrigger"]
    assert {each["connection"] for each in queues} == {"POLYSYNC_STORAGE"}
    for each in queues:
        assert re.fullmatch(r"[a-z0-9](?:-?[a-z0-9]){2,62}", each["queueName"])
        # The app also reads the poison queue of each of its queues.
        base = each["queueName"].removesuffix("-poison")
        assert {base, f"{base}-poison"} <= {q["queueName"] for q in queues}
