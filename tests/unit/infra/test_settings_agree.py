"""Settings that are read, deployed, documented and in the sample agree."""

from __future__ import annotations

import ast
import json
import re

import pytest

from tests.unit.infra.templates import ROOT, deployed_files, deployed_settings

DOCUMENT = ROOT / "docs" / "reference" / "settings.md"
PLATFORM = {"WEBSITE_AUTH_ENABLED", "WEBSITE_HOSTNAME", "WEBSITE_INSTANCE_ID"}
"""Variables that App Service sets on its instances."""
DATABRICKS = {
    "DATABRICKS_HOST",
    "DATABRICKS_TOKEN",
    "DATABRICKS_CLIENT_ID",
    "DATABRICKS_CLIENT_SECRET",
    "DATABRICKS_APP_NAME",
}
"""Variables that all programs for Databricks read."""
OF_THE_HOST = {"AZURE_CLIENT_ID"}
"""Variables that the app reads, but that belong to its libraries."""
LOCAL = {"OTEL_EXPORTER_OTLP_ENDPOINT"}
"""Variables for a local collector."""
SECRETS = {"DATABRICKS_TOKEN"}
"""Secrets of the sample, which the vault of the examples reads from the environment."""
ONE_MACHINE = {
    "POLYSYNC_OIDC_ISSUER",
    "POLYSYNC_OIDC_AUDIENCE",
    "POLYSYNC_OIDC_ROLES_CLAIM",
    "POLYSYNC_ALLOWED_ORIGINS",
    "POLYSYNC_OPENLINEAGE_FILE",
    "POLYSYNC_SECRETS_FOLDER",
}
"""Settings of a host without App Service, which the templates do not deploy."""
READERS = {
    "polysync_core/composition.py",  # passes the environment to the settings
    "polysync_core/vaults/environment.py",  # secrets of a developer
}


def _read_by_the_app() -> set[str]:
    """Return the names in the modules that read the environment."""
    modules = ("settings.py", "setting_values.py")
    trees = [ast.parse((ROOT / "polysync_core" / module).read_text()) for module in modules]
    texts = {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {text for text in texts if re.fullmatch(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+", text)}


def _read_by_the_host() -> set[str]:
    """Return the names that host.json and the bindings refer to."""
    sources = [ROOT / "host.json", *deployed_files()]
    return {name for file in sources for name in re.findall(r"%([A-Z]\w+)%", file.read_text())}


def _documented(heading: str) -> set[str]:
    section = DOCUMENT.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}


def _ours(names: set[str]) -> set[str]:
    return {name.partition("__")[0] for name in names if name.startswith("POLYSYNC_")}


def _sample() -> dict[str, str]:
    return json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]


@pytest.mark.slow
def test_one_module_reads_the_environment() -> None:
    readers = {
        str(file.relative_to(ROOT))
        for file in deployed_files()
        if re.search(r"\benviron\b|\bgetenv\b", file.read_text())
    }
    assert readers == READERS


def test_the_deployed_settings_are_those_that_are_read() -> None:
    given = PLATFORM | DATABRICKS | OF_THE_HOST | LOCAL | ONE_MACHINE
    deployed, read = set(deployed_settings()), _read_by_the_app() - given
    assert _ours(deployed) == _ours(read)
    assert read - _ours(read) <= deployed


def test_the_deployed_parts_of_the_storage_connection_are_those_that_are_read() -> None:
    source = (ROOT / "polysync_core" / "storage" / "azure" / "connection.py").read_text()
    read = set(re.findall(r"\{name\}__(\w+)", source))
    deployed = {
        name.partition("__")[2]
        for name in deployed_settings()
        if name.startswith("POLYSYNC_STORAGE__")
    }
    assert deployed - read == {"credential"}  # the host's triggers read it, not the app
    assert read - deployed == {"accountName"}  # the short form of the two URLs


@pytest.mark.slow
def test_settings_named_by_host_json_and_bindings_are_deployed() -> None:
    assert _read_by_the_host() <= set(deployed_settings())
    assert _read_by_the_host() <= set(_sample())


def test_the_sample_has_every_setting_of_polysync() -> None:
    assert _ours(set(_sample())) == _ours(set(deployed_settings()))


def test_the_reference_documents_exactly_the_deployed_settings() -> None:
    deployed = set(deployed_settings())
    assert _ours(_documented("Polysync")) == _ours(deployed)
    assert _documented("AppKit jobs") == DATABRICKS
    assert _documented("One machine") == ONE_MACHINE
    host = {name for name in deployed - DATABRICKS if not name.startswith("POLYSYNC_")}
    assert _documented("Functions host") == host


def test_the_other_settings_of_the_sample_are_documented() -> None:
    rest = {name for name in _sample() if not name.startswith("POLYSYNC_")}
    local = _documented("Local machine only")
    assert local == rest - set(deployed_settings())
    assert local >= SECRETS | LOCAL


def test_no_deployed_setting_is_rejected_by_flex_consumption() -> None:
    """https://learn.microsoft.com/azure/azure-functions/functions-app-settings"""
    refused = re.compile(
        "FUNCTIONS_WORKER_RUNTIME|FUNCTIONS_EXTENSION_VERSION|FUNCTIONS_WORKER_PROCESS_COUNT"
        "|WEBSITE_RUN_FROM_PACKAGE|WEBSITE_CONTENT.*|WEBSITE_TIME_ZONE|TZ"
        "|SCM_DO_BUILD_DURING_DEPLOYMENT|ENABLE_ORYX_BUILD"
    )
    assert [name for name in deployed_settings() if refused.fullmatch(name)] == []


def test_no_setting_holds_a_key() -> None:
    text = json.dumps(deployed_settings())
    assert re.findall(r"AccountKey|SharedAccess|InstrumentationKey|listKeys|Password", text) == []


def test_the_scheduler_takes_its_names_from_settings_that_exist() -> None:
    settings = deployed_settings()
    prefix = "AzureFunctionsJobHost__extensions__durableTask__storageProvider__"
    assert settings[f"{prefix}connectionStringName"] in settings
    host = json.loads((ROOT / "host.json").read_text())["extensions"]["durableTask"]
    assert (host["storageProvider"]["type"], settings[f"{prefix}type"]) == (
        "AzureStorage",
        "azureManaged",
    )


def test_the_worker_has_a_thread_for_every_concurrent_call_of_the_host() -> None:
    """Activities, orchestrators and entities share the pool since version 2.0.0rc2."""
    host = json.loads((ROOT / "host.json").read_text())["extensions"]["durableTask"]
    threads = int(deployed_settings()["PYTHON_THREADPOOL_THREAD_COUNT"])
    kinds = ("Activity", "Orchestrator", "Entity")
    together = sum(host[f"maxConcurrent{kind}Functions"] for kind in kinds)
    assert threads >= together


def test_worker_and_host_send_telemetry_the_same_way() -> None:
    """A difference would lose the telemetry of one of them."""
    host = json.loads((ROOT / "host.json").read_text())
    assert host["telemetryMode"] == "OpenTelemetry"
    assert deployed_settings()["PYTHON_ENABLE_OPENTELEMETRY"] == "true"
    # This setting would make the worker start a second exporter and instrument libraries whose
    # URLs contain signatures.
    assert "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY" not in deployed_settings()
