"""Defines Jobs: descriptions of platform artefacts, with job type and parameters."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from polysync_core.domain.definitions.base import (
    MAX_PARAMETERS,
    Definition,
    Line,
    Lines,
    ObjectName,
    Tags,
    TypeName,
    Value,
    refuse,
)
from polysync_core.domain.display_text import is_deceptive
from polysync_core.domain.json_types import JsonValue


class JobType(StrEnum):
    """The job types of Polysync itself; packages may add more."""

    # Azure: data platforms
    DATABRICKS_NOTEBOOK = "DatabricksNotebook"
    DATABRICKS_JOB = "DatabricksJob"
    DATABRICKS_WORKFLOW = "DatabricksWorkflow"
    DATABRICKS_PIPELINE = "DatabricksPipeline"
    FABRIC_NOTEBOOK = "FabricNotebook"
    FABRIC_PIPELINE = "FabricPipeline"
    FABRIC_DATAFLOW = "FabricDataflow"
    FABRIC_SPARK_JOB = "FabricSparkJob"
    DATA_EXPLORER_COMMAND = "DataExplorerCommand"
    # Azure: machine learning and models
    AI_FOUNDRY_PIPELINE_JOB = "AIFoundryPipelineJob"
    AI_FOUNDRY_COMMAND_JOB = "AIFoundryCommandJob"
    AI_FOUNDRY_SWEEP_JOB = "AIFoundrySweepJob"
    OPENAI_CHAT_COMPLETION = "OpenAIChatCompletion"
    OPENAI_EMBEDDING = "OpenAIEmbedding"
    OPENAI_BATCH = "OpenAIBatch"
    FOUNDRY_AGENT_RUN = "FoundryAgentRun"
    FOUNDRY_EVALUATION_RUN = "FoundryEvaluationRun"
    FOUNDRY_MODEL_INFERENCE = "FoundryModelInference"
    # Azure: pipelines and functions
    ADF_PIPELINE = "ADFPipeline"
    SYNAPSE_PIPELINE = "SynapsePipeline"
    AZURE_HTTP_FUNCTION = "AzureHttpFunction"
    LOGIC_APPS_WORKFLOW = "LogicAppsWorkflow"
    # Azure: containers and batches
    AKS_JOB = "AKSJob"
    AKS_CRON_JOB = "AKSCronJob"
    CONTAINER_APPS_JOB = "ContainerAppsJob"
    AZURE_BATCH_JOB = "AzureBatchJob"

    # Google Cloud: functions
    CLOUD_FUNCTION_HTTP = "CloudFunctionHttp"
    # Google Cloud: data and models
    VERTEX_AI_PIPELINE_JOB = "VertexAIPipelineJob"
    VERTEX_AI_CUSTOM_JOB = "VertexAICustomJob"
    VERTEX_AI_BATCH_PREDICTION_JOB = "VertexAIBatchPredictionJob"
    DATAFLOW_CLASSIC_TEMPLATE = "DataflowClassicTemplate"
    DATAFLOW_FLEX_TEMPLATE = "DataflowFlexTemplate"

    # AWS: functions and workflows
    AWS_LAMBDA_FUNCTION = "AwsLambdaFunction"
    STEP_FUNCTIONS_STATE_MACHINE = "StepFunctionsStateMachine"

    # AWS: data and batches
    GLUE_JOB = "GlueJob"
    AWS_BATCH_JOB = "AwsBatchJob"
    SAGEMAKER_PIPELINE = "SageMakerPipeline"

    # Workflow services
    AIRFLOW_DAG = "AirflowDag"
    COMPOSER_DAG = "ComposerDag"
    DBT_CLOUD_JOB = "DbtCloudJob"
    SNOWFLAKE_PROCEDURE = "SnowflakeProcedure"

    # Any service
    HTTP_JOB = "HttpJob"


class DataType(StrEnum):
    """The types of parameter values."""

    STRING = "String"
    SECRET = "Secret"  # noqa: S105 - a data type's name
    INT = "Int"
    FLOAT = "Float"
    BOOL = "Bool"
    JSON = "Json"
    JSON_ARRAY = "JsonArray"


class UnknownParameters(StrEnum):
    """The treatment of a run with a value that its artefact no longer reads."""

    WARN = "Warn"
    """The run starts, with a warning."""
    FAIL = "Fail"
    """The run is refused; a run that a schedule or a dependency starts fails."""


class Resubmit(StrEnum):
    """The rules for a submit that may have been executed, because its answer was lost."""

    NEVER = "Never"
    """The attempt ends as `Lost`, so that a person decides: at-most-once execution."""
    WHEN_IDEMPOTENT = "WhenIdempotent"
    """The submit is sent again, because the artefact may run twice without harm."""


class SubmitSettings(Value):
    """The settings that the Jobs of every type have."""

    resubmit: Resubmit = Resubmit.NEVER
    """The rule for a submit that may have been executed, because its answer was lost."""


RESUBMIT = "resubmit"
"""The setting of a Job that chooses a `Resubmit`."""


class RetryFrom(StrEnum):
    """The place from which a retry of a failed attempt continues."""

    START = "Start"
    """The platform runs the whole artefact again."""
    FAILURE = "Failure"
    """The platform repairs the failed run: only its failed parts run again."""


RETRY_FROM = "retryFrom"
"""The setting of a Job that chooses a `RetryFrom`."""

_MAX_DATASETS = 100
_HIDDEN_CATEGORIES = frozenset({"Co", "Cn"})
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,16}\U000e007f")
"""The flag of a region, such as England: a black flag with invisible tags."""


class Direction(StrEnum):
    """The direction of a value, seen from the artefact."""

    INPUT = "Input"
    OUTPUT = "Output"
    INPUT_OUTPUT = "InputOutput"


def hidden_character(text: str) -> str | None:
    """Describe the first control or invisible character of an artefact's name, or return None.

    A name of a platform may hold any letter, look-alikes of ASCII included. It is always sent
    percent-encoded or in JSON, where no server takes such a letter for a separator.
    """
    for character in _FLAG.sub("", text):
        if is_deceptive(character) or unicodedata.category(character) in _HIDDEN_CATEGORIES:
            return f"the control or invisible character U+{ord(character):04X}"
    return None


def _check_external_id(text: str) -> str:
    if not text.strip():
        raise ValueError("must have a character other than a space")
    hidden = hidden_character(text)
    if hidden is not None:
        raise ValueError(f"must not contain {hidden}")
    return text


class Parameter(Value):
    """One entry of a job's parameter schema."""

    name: Annotated[Line, StringConstraints(min_length=1, max_length=255)]
    data_type: DataType = DataType.STRING
    direction: Direction = Direction.INPUT
    default: JsonValue = None
    description: Annotated[Lines, StringConstraints(max_length=4000)] | None = None
    required: bool = False
    """True if a run needs a value for the parameter."""
    sensitive: bool = False
    """True if the output of this name is never stored."""
    missing: bool = False
    """True if the last import did not find the parameter in the artefact."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.sensitive and self.direction is Direction.INPUT:
            refuse(
                "sensitive",
                "is for outputs: for a secret input set dataType to Secret, "
                "and give its value as vault://<vault>/<secret>",
            )
        return self

    @property
    def is_secret(self) -> bool:
        """Return whether an output of this name must not be stored or shown.

        An output with the name of a secret input could repeat the secret.
        """
        return self.sensitive or self.data_type is DataType.SECRET


class Dataset(Value):
    """A data set of an artefact; its texts may hold `${parameters.NAME}` and run variables."""

    namespace: Annotated[Line, StringConstraints(min_length=1, max_length=500)]
    """The store of the data set, such as `abfss://sales@lake.dfs.core.windows.net`."""
    name: Annotated[Line, StringConstraints(min_length=1, max_length=1000)]
    """The name of the data set in its store, such as `bronze/orders`."""


class Job(Definition):
    """A template of one artefact on one platform."""

    platform: ObjectName
    job_type: TypeName
    external_id: Annotated[
        str,
        StringConstraints(min_length=1, max_length=1024),
        AfterValidator(_check_external_id),
    ]
    parameters: Annotated[tuple[Parameter, ...], Field(max_length=MAX_PARAMETERS)] = ()
    settings: Annotated[dict[str, JsonValue], Field(max_length=100)] = Field(default_factory=dict)
    keep_errors: bool = False
    """True if the failure details of each attempt are stored when it ends."""
    unknown_parameters: UnknownParameters = UnknownParameters.WARN
    """The treatment of a run with a value for a parameter that the artefact no longer has."""
    tags: Tags = Field(default_factory=dict)
    inputs: Annotated[tuple[Dataset, ...], Field(max_length=_MAX_DATASETS)] = ()
    """The data sets that the artefact reads, for lineage."""
    outputs: Annotated[tuple[Dataset, ...], Field(max_length=_MAX_DATASETS)] = ()
    """The data sets that the artefact writes, for lineage."""

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        seen: set[str] = set()
        for index, parameter in enumerate(self.parameters):
            if parameter.name in seen:
                refuse(f"parameters[{index}].name", f"'{parameter.name}' is duplicated")
            seen.add(parameter.name)
        return self

    @property
    def may_run_twice(self) -> bool:
        """True if a submit that may have been executed may be sent again."""
        return self.settings.get(RESUBMIT) == Resubmit.WHEN_IDEMPOTENT

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter of a name."""
        return next((each for each in self.parameters if each.name == name), None)
