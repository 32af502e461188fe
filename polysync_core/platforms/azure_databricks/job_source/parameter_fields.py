"""Names the request fields that carry parameter values when a Databricks job starts."""

from __future__ import annotations

import re
from enum import StrEnum

SEND_PARAMETERS_AS = "sendParametersAs"
FULL_REFRESH = "full_refresh"


class ParameterField(StrEnum):
    """The request field for a run's parameters: of the job or of one task type."""

    JOB_PARAMETERS = "JobParameters"
    NOTEBOOK_PARAMS = "NotebookParams"
    PYTHON_NAMED_PARAMS = "PythonNamedParams"
    SQL_PARAMS = "SqlParams"
    JAR_PARAMS = "JarParams"
    PYTHON_PARAMS = "PythonParams"
    SPARK_SUBMIT_PARAMS = "SparkSubmitParams"
    DBT_COMMANDS = "DbtCommands"
    PIPELINE_PARAMS = "PipelineParams"

    @property
    def field(self) -> str:
        """The name of the field in the request."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.value).lower()
