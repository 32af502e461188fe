"""Tests that the plugin alone declares whether runs of a job type have outputs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from polysync_core.domain.definitions.document import read_document
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.validation.checks import Rules
from polysync_core.domain.errors import Invalid
from polysync_core.platforms.plugin import Capability, JobTypePlugin
from tests.fakes.definitions import FakeDefinitions, documents_of

ACME = JobTypePlugin(check=lambda _: [])
JOB = Job(name="load", platform="acme", job_type="AcmeBatchJob", external_id="x")


def test_a_third_party_job_type_without_the_capability_has_no_outputs() -> None:
    plugin = replace(ACME, capabilities=frozenset({Capability.CANCEL}))
    assert plugin.outputs_problem(JOB) == "a AcmeBatchJob has no outputs"


def test_a_third_party_job_type_with_the_capability_has_outputs() -> None:
    assert ACME.outputs_problem(JOB) is None


@pytest.mark.parametrize(("value", "has_outputs"), [(True, True), (False, False), (1, False)])
def test_a_setting_of_the_plugin_turns_outputs_on(value: object, has_outputs: bool) -> None:
    plugin = replace(ACME, outputs_setting="report")
    job = JOB.model_copy(update={"settings": {"report": value}})
    assert (plugin.outputs_problem(job) is None) is has_outputs


def test_a_mapping_from_a_third_party_job_without_outputs_is_refused() -> None:
    document = read_document(
        {
            "platforms": [{"name": "acme", "type": "AcmeBatch", "auth": {"method": "Token"}}],
            "jobs": [
                {
                    "name": name,
                    "platform": "acme",
                    "jobType": "AcmeBatchJob",
                    "externalId": name,
                    "parameters": [{"name": "rows"}],
                }
                for name in ("first", "second")
            ],
            "tasks": [
                {"name": "first", "job": "first"},
                {
                    "name": "second",
                    "job": "second",
                    "dependencies": [
                        {"task": "first", "mappings": [{"output": "rows", "input": "rows"}]}
                    ],
                },
            ],
        }
    )
    plugin = replace(ACME, capabilities=frozenset({Capability.CANCEL}))
    rules = Rules(outputs_problem=lambda _, job: plugin.outputs_problem(job))
    with pytest.raises(Invalid, match="a AcmeBatchJob has no outputs"):
        documents_of(FakeDefinitions(), rules).plan(document)
    documents_of(FakeDefinitions(), Rules()).plan(document)
