"""Tests that the packages of all platforms have modules with the same names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from polysync_core.platforms.registry import platform_plugin, platform_types

PLATFORMS = Path(__file__).parents[3] / "polysync_core/platforms"
ROLES = frozenset(
    {
        "plugin",
        "attributes",
        "client",
        "discovery",
        "states",
        "refusals",
        "outputs",
        "parameters",
        "settings",
        "repairs",
        "sign_in",
        "failure_details",
    }
)
"""Roles that a package may have; `plugin` is the only one that each platform must have.

A qualified role ends in the role, such as `pipeline_states` or `job_discovery`.
"""

EXCEPTIONS: dict[str, frozenset[str]] = {
    "aws": frozenset({"answers", "lost_start"}),
    "aws_glue": frozenset({"retries"}),
    "aws_step_functions": frozenset({"external_id"}),
    "azure": frozenset({"answers", "clouds", "environment_variables"}),
    "azure_ai_foundry": frozenset({"template_copy", "template_job"}),
    "azure_batch": frozenset({"job_template"}),
    "azure_databricks": frozenset({"answers", "job_source", "notebook_source"}),
    "azure_functions": frozenset({"external_id", "routes"}),
    "azure_kubernetes": frozenset({"job_template"}),
    "azure_logic_apps": frozenset({"workflow_definition"}),
    "azure_data_pipelines": frozenset({"lost_start", "pipeline"}),
    "azure_openai": frozenset({"lost_start", "model_call"}),
    "google": frozenset({"answers"}),
    "dbt_cloud": frozenset({"lost_start"}),
    "snowflake": frozenset({"external_id"}),
    "google_functions": frozenset({"external_id"}),
    "google_vertex_ai": frozenset({"template_job"}),
    "http_functions": frozenset({"single_call"}),
    "microsoft_fabric": frozenset({"item_job"}),
    "http_service": frozenset({"answers", "path_templates", "templates"}),
}
"""Modules with another name; `aws`, `azure` and `azure_data_pipelines` are shared by platforms."""

PACKAGES = sorted(path.parent.name for path in PLATFORMS.glob("*/__init__.py"))


def modules_of(package: str) -> set[str]:
    folder = PLATFORMS / package
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    return modules | {path.parent.name for path in folder.glob("*/__init__.py")}


def job_modules() -> set[str]:
    """Return the names that modules of job types may have, such as `command_job`.

    A module is named like its job type, with or without the words that name the platform.
    """
    names: set[str] = set()
    for platform in platform_types():
        for job_type in platform_plugin(platform).jobs:
            words = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]+", job_type)
            snake = [word.lower() for word in words]
            names |= {"_".join(snake[start:]) for start in range(len(snake))}
    return names | {"http_function"}


def is_role(module: str) -> bool:
    return module in ROLES or module.rpartition("_")[2] in ROLES


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_of_a_platform_has_a_role_or_the_name_of_a_job_type(package: str) -> None:
    others = {each for each in modules_of(package) if not is_role(each)} - job_modules()

    assert others <= EXCEPTIONS.get(package, frozenset())


@pytest.mark.parametrize("package", EXCEPTIONS)
def test_every_exception_exists(package: str) -> None:
    assert EXCEPTIONS[package] <= modules_of(package)


@pytest.mark.parametrize("platform", platform_types())
def test_every_platform_type_has_its_plugin_in_the_module_plugin(platform: str) -> None:
    opened = platform_plugin(platform).open.__module__

    assert re.fullmatch(r"polysync_core\.platforms\.\w+\.plugin", opened)
