"""Tests that each plugin checks definitions by the models that it declares."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from polysync_core.definition_types import type_catalogue
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Auth, Platform
from polysync_core.domain.definitions.types.hints import ShownWhen
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import Problem
from polysync_core.platforms.plugin import Capability
from polysync_core.platforms.registry import check_job, platform_plugin, platform_types
from polysync_core.vaults.registry import vault_plugin
from tests.fakes.builders import problems_of

TYPES = type_catalogue(development=True)
JOB_TYPES = [(name, job) for name in TYPES.platform_types() for job in TYPES.platform(name).jobs]


def names_of(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def refused(problems: list[Problem], prefix: str) -> set[str]:
    """Return the names of the fields that are not known."""
    return {
        each.path.removeprefix(prefix) for each in problems if "is not a known field" in str(each)
    }


@pytest.mark.parametrize(("platform_type", "job_type"), JOB_TYPES)
def test_a_job_type_accepts_the_declared_settings_only(platform_type: str, job_type: str) -> None:
    names = names_of(TYPES.platform(platform_type).jobs[job_type].settings)
    settings = dict.fromkeys([*names, "somethingElse"], "x")
    job = Job(name="j", platform="p", job_type=job_type, external_id="x", settings=settings)
    problems = [*platform_plugin(platform_type).jobs[job_type].check(job)]
    assert refused(problems, "settings.") == {"somethingElse"}


@pytest.mark.parametrize(("platform_type", "job_type"), JOB_TYPES)
def test_every_job_type_has_the_same_rule_for_lost_answers(
    platform_type: str, job_type: str
) -> None:
    kind = TYPES.platform(platform_type).jobs[job_type]
    assert "resubmit" in names_of(kind.settings)
    for value, is_refused in (("Never", False), ("WhenIdempotent", False), ("Always", True)):
        job = Job(
            name="j",
            platform="p",
            job_type=job_type,
            external_id="x",
            settings={"resubmit": value},
        )
        problems = platform_plugin(platform_type).jobs[job_type].check(job)
        assert ("settings.resubmit" in {each.path for each in problems}) is is_refused


@pytest.mark.parametrize(("platform_type", "job_type"), JOB_TYPES)
def test_a_retry_from_the_failure_is_refused_where_the_platform_cannot(
    platform_type: str, job_type: str
) -> None:
    plugin = platform_plugin(platform_type).jobs[job_type]
    platform = Platform(name="p", type=platform_type, auth=Auth(method="ManagedIdentity"))
    job = Job(
        name="j",
        platform="p",
        job_type=job_type,
        external_id="x",
        settings={"retryFrom": "Failure"},
    )
    found = [
        each
        for each in problems_of(lambda: check_job(platform, job))
        if each.path == "settings.retryFrom"
    ]
    if Capability.REPAIR in plugin.capabilities:
        assert not found
    else:
        (problem,) = found
        able = [
            job
            for name, job in JOB_TYPES
            if Capability.REPAIR in platform_plugin(name).jobs[job].capabilities
        ]
        assert {"DatabricksJob", "ADFPipeline"} <= {*able}
        assert f"only {', '.join(able)} can" in str(problem)


@pytest.mark.parametrize("platform_type", TYPES.platform_types())
def test_a_platform_type_accepts_the_declared_attributes_only(platform_type: str) -> None:
    names = names_of(TYPES.platform(platform_type).attributes)
    attributes = dict.fromkeys([*names, "somethingElse"], "x")
    platform = Platform(
        name="p", type=platform_type, auth=Auth(method="ManagedIdentity"), attributes=attributes
    )
    problems = [*platform_plugin(platform_type).check(platform, True)]
    assert refused(problems, "attributes.") == {"somethingElse"}


@pytest.mark.parametrize("provider", TYPES.vault_providers())
def test_a_vault_provider_accepts_the_declared_attributes_only(provider: str) -> None:
    names = names_of(TYPES.vault(provider).attributes)
    attributes = dict.fromkeys([*names, "somethingElse"], "x")
    vault = Vault(name="v", provider=provider, attributes=attributes)
    problems = [*vault_plugin(provider).check(vault, True)]
    assert refused(problems, "attributes.") == {"somethingElse"}


def test_every_declared_field_has_a_help_text() -> None:
    models = [
        *(TYPES.platform(name).attributes for name in TYPES.platform_types()),
        *(TYPES.platform(name).jobs[job].settings for name, job in JOB_TYPES),
        *(TYPES.vault(name).attributes for name in TYPES.vault_providers()),
    ]
    missing = [
        f"{model.__name__}.{name}"
        for model in models
        for name, field in model.model_fields.items()
        if not field.description
    ]
    assert missing == []


def test_a_hint_names_another_field_of_its_model() -> None:
    for name in platform_types():
        model = TYPES.platform(name).attributes
        for field in model.model_fields.values():
            for hint in field.metadata:
                if isinstance(hint, ShownWhen):
                    assert hint.field in names_of(model)


def test_production_offers_no_vault_for_development() -> None:
    production = type_catalogue(development=False)
    assert "Environment" in TYPES.vault_providers()
    assert "Environment" not in production.vault_providers()
