"""The definitions, parameters, states and request tokens of SageMaker pipelines."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.platforms.aws_sagemaker.attributes import SageMakerAttributes
from polysync_core.platforms.aws_sagemaker.client import request_token
from polysync_core.platforms.aws_sagemaker.parameters import schema_of
from polysync_core.platforms.aws_sagemaker.settings import check_pipeline_job, normal_pipeline
from polysync_core.platforms.aws_sagemaker.states import STATES, Execution, report_of
from polysync_core.platforms.connector import ProviderStatus, RunNotFound

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/load"


def schema(*parameters: Any) -> Any:
    return schema_of({"PipelineDefinition": json.dumps({"Parameters": parameters})})


def test_declared_parameters_have_types_and_defaults() -> None:
    found = schema(
        {"Name": "rows", "Type": "Integer", "DefaultValue": 0},
        {"Name": "rate", "Type": "Float", "DefaultValue": 1},
        {"Name": "dry", "Type": "Boolean", "DefaultValue": False},
        {"Name": "day", "Type": "String", "DefaultValue": ""},
        {"Name": "path", "Type": "String"},
    )

    assert found.parameters == (
        Parameter(name="rows", data_type=DataType.INT, default=0),
        Parameter(name="rate", data_type=DataType.FLOAT, default=1),
        Parameter(name="dry", data_type=DataType.BOOL, default=False),
        Parameter(name="day", default=""),
        Parameter(name="path", required=True),
    )
    assert (found.typed, found.notes, found.is_complete) == (True, (), True)


@pytest.mark.parametrize(
    "declared",
    [
        {"Name": "a", "Type": "Integer", "DefaultValue": "1"},
        {"Name": "a", "Type": "Boolean", "DefaultValue": 1},
        {"Name": "a", "Type": "String", "DefaultValue": {"Get": "Execution.StartDateTime"}},
    ],
)
def test_a_default_of_another_type_is_left_out_with_a_note(declared: dict[str, Any]) -> None:
    found = schema(declared)

    assert (found.parameters[0].default, found.parameters[0].required) == (None, False)
    assert "default of 'a'" in found.notes[0]


def test_an_unknown_type_is_a_string_with_a_note() -> None:
    found = schema({"Name": "a", "Type": "Date"}, {"Name": ""}, "x")

    assert [each.data_type for each in found.parameters] == [DataType.STRING]
    assert len(found.notes) == 2


@pytest.mark.parametrize(
    "definition", [None, "", "{", "[]", "null", '{"Parameters": {}}', {"S3": "s3://x"}]
)
def test_a_definition_that_cannot_be_read_is_noted(definition: Any) -> None:
    found = schema_of({"PipelineDefinition": definition})

    assert found.parameters == ()
    assert "cannot be read" in found.notes[0]
    assert not found.is_complete


def a_job(**changes: Any) -> Job:
    fields = {
        "name": "load",
        "platform": "sagemaker",
        "job_type": JobType.SAGEMAKER_PIPELINE,
        "external_id": "load",
        **changes,
    }
    return Job(**fields)


@pytest.mark.parametrize("external_id", ["load", "Load-2", ARN, "a" * 256, "a--b"])
def test_a_name_and_an_arn_are_accepted(external_id: str) -> None:
    assert check_pipeline_job(a_job(external_id=external_id)) == []


def test_a_name_and_its_arn_are_one_pipeline() -> None:
    assert normal_pipeline("Load") == normal_pipeline(ARN) == "load"


def test_outputs_do_not_count_as_parameters() -> None:
    outputs = [Parameter(name=f"o.{i}", direction=Direction.OUTPUT) for i in range(250)]
    sent = [Parameter(name=f"p{i}") for i in range(200)]

    assert check_pipeline_job(a_job(parameters=(*outputs, *sent))) == []


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=64), st.data())
def test_each_token_has_a_request_token_of_its_own(token: str, data: st.DataObject) -> None:
    other = data.draw(st.text("ab01", min_size=1, max_size=64))

    assert 32 <= len(request_token(token)) <= 128
    assert (request_token(token) == request_token(other)) is (token == other)


def test_the_id_of_a_repair_holds_the_execution_and_the_token() -> None:
    execution = Execution.of(f"{ARN}/execution/abc123")

    repair = Execution.of(execution.repaired_by("token1"))

    assert (repair.arn, repair.pipeline, repair.id) == (execution.arn, "load", "abc123")
    assert (execution.repair, repair.repair) == (None, "token1")
    assert repair.repaired_by("token2") == f"{ARN}/execution/abc123#token2"


@pytest.mark.parametrize("text", ["", ARN, f"{ARN}/execution/", f"{ARN}/execution/a#", "a/b"])
def test_another_text_is_no_execution(text: str) -> None:
    with pytest.raises(RunNotFound):
        Execution.of(text)


@pytest.mark.parametrize(("word", "status"), STATES.items())
def test_each_state_has_its_status(word: str, status: ProviderStatus) -> None:
    answer = {"PipelineExecutionStatus": word, "CreationTime": 1.5, "LastModifiedTime": 2.5}

    found = report_of(answer, "https://page")

    assert found.status is status
    assert (found.finished_at is not None) is status.is_final
    assert (found.message is not None) is (status is ProviderStatus.FAILED)


@pytest.mark.parametrize(
    ("attributes", "page"),
    [
        (
            {"region": "eu-west-1", "studioDomainId": "d-abc"},
            "https://studio-d-abc.studio.eu-west-1.sagemaker.aws/pipelines/view/load/executions/x"
            "/graph",
        ),
        (
            {"region": "cn-north-1"},
            "https://console.amazonaws.cn/sagemaker/home?region=cn-north-1#/landing",
        ),
    ],
)
def test_an_execution_has_a_page(attributes: dict[str, Any], page: str) -> None:
    found = SageMakerAttributes.model_validate(attributes, by_alias=True, by_name=False)

    assert found.page("load", "x") == page
