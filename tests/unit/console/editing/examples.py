"""Full, valid documents of every type in the registry, for the tests of editors."""

from __future__ import annotations

import re
from typing import Any

from polysync_core.console.forms.annotations import Annotation, read_annotation
from polysync_core.definition_types import type_catalogue
from polysync_core.domain.definitions.types.catalogue import AuthKind

TYPES = type_catalogue(development=True)
PLATFORM_TYPES = TYPES.platform_types()
JOB_TYPES = [(name, job) for name in PLATFORM_TYPES for job in TYPES.platform(name).jobs]
PROVIDERS = TYPES.vault_providers()

GUID = "00000000-0000-0000-0000-000000000001"
_TEXTS = {
    "accountUrl": "https://sales.services.ai.azure.com",
    "accountId": "123456789012",
    "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
    "bigqueryDestination": "bq://my-project.sales",
    "bigquerySource": "bq://my-project.sales.rows",
    "gcsOutputDirectory": "gs://my-bucket/runs",
    "imageUri": "europe-docker.pkg.dev/my-project/images/train:1",
    "model": "projects/my-project/locations/europe-west1/models/1",
    "stagingLocation": "gs://my-bucket/staging",
    "tempLocation": "gs://my-bucket/temp",
    "templateFolder": "gs://my-bucket/templates",
    "templatePath": "gs://my-bucket/templates/load",
    "airflowUrl": "https://abc-dot-europe-west1.composer.googleusercontent.com",
    "workerType": "G.1X",
    "studioDomainId": "d-abc123",
    "roleArn": "arn:aws:iam::123456789012:role/polysync",
    "pipelineExecutionRoleArn": "arn:aws:iam::123456789012:role/pipelines",
    "address": "https://vault.example.com:8200",
    "aiFoundryCommand": "python train.py",
    "aiFoundryComputeName": "cpu-cluster",
    "aiFoundryEnvironmentName": "azureml:train:1",
    "aiFoundryObjectiveGoal": "minimize",
    "aiFoundryObjectiveMetric": "val_loss",
    "apiVersion": "v1",
    "attemptTokenParameter": "token",
    "audience": "api://functions",
    "clientId": GUID,
    "clusterUrl": "https://sales.westeurope.kusto.windows.net",
    "command": "declare query_parameters(token:string); print token",
    "clusterNodeType": "Standard_D4ds_v5",
    "clusterVersion": "15.4.x-scala2.12",
    "completionWindow": "24h",
    "dataSecurityMode": "SINGLE_USER",
    "defaultNotebookPath": "/etl",
    "endpoint": "http://127.0.0.1:8787",
    "environmentName": "daily",
    "entraAudience": "api://entra",
    "environmentId": GUID,
    "defaultLakehouseId": GUID,
    "existingClusterId": "0101-000000-cluster",
    "existingInstancePool": "pool-1",
    "fabricWorkspaceId": GUID,
    "batchAccountUrl": "https://my-account.westeurope.batch.azure.com",
    "functionAppUrl": "https://app.azurewebsites.net",
    "key": "value",
    "mount": "secret",
    "namespace": "admin",
    "policyId": "policy-1",
    "projectId": "my-project",
    "provider": "projects/1/locations/global/workloadIdentityPools/pool/providers/entra",
    "region": "eu-west-1",
    "sessionName": "night",
    "routePrefix": "v1",
    "serviceAccountEmail": "name@my-project.iam.gserviceaccount.com",
    "subscriptionId": GUID,
    "targetServiceAccountEmail": "other@my-project.iam.gserviceaccount.com",
    "tenantId": GUID,
    "thumbprint": "0" * 40,
    "tokenUrl": "https://login.example.com/token",
    "monitorPath": "/ui/{runId}",
    "serviceUrl": "https://jobs.example.com",
    "testPath": "/health",
    "accessUrl": "https://cloud.getdbt.com",
    "vaultUrl": "https://my-vault.vault.azure.net",
    "workspaceUrl": "https://adb-1.1.azuredatabricks.net",
}
_OTHER_VALUES: dict[str, Any] = {
    "dataSource": {"type": "jsonl"},
    "acceleratorCount": 1,
    "keepSeconds": 7200,
    "additionalLibraryUris": ["abfss://libraries@sales.example/a.jar"],
    "sparkSettings": {"spark.x": "1"},
    "maxWorkers": 3,
    "numWorkers": 1,
    "privateWorkers": True,
    "replicaCount": 2,
    "dimensions": 256,
    "maxTokens": 100,
    "metadata": {"team": "sales"},
    "options": {"top_p": 0.5},
    "temperature": 0.5,
    "clusterSettings": {"spark_conf": {"a": "b"}},
    "libraries": [{"pypi": {"package": "x"}}],
    "numberOfWorkerNodes": 0,
    "numberOfWorkers": 2,
    "timeoutMinutes": 30,
    "queueRuns": True,
    "maxParallelExecutionSteps": 2,
    "schedulingPriorityOverride": 1,
    "attemptDurationSeconds": 60,
    "retryAttempts": 2,
    "arraySize": 2,
    "tags": {"team": "sales"},
    "propagateTags": True,
    "dependsOn": [{"jobId": "job-1"}],
    "kvVersion": 1,
    "submit": {"path": "/jobs/{externalId}", "runId": "$.id"},
    "read": {
        "path": "/runs/{runId}",
        "status": ["$.state"],
        "words": {"succeeded": ["done"], "failed": ["broken"]},
    },
    "cancel": {"method": "DELETE", "path": "/runs/{runId}"},
    "outputs": {"rows": "$.rows"},
    "outputsFromExitValue": True,
    "stepsOverride": ["dbt build"],
}
_OF_MODELS = {
    ("SnowflakeAttributes", "accountUrl"): "https://myorg-acct1.snowflakecomputing.com",
}
"""The values of fields whose names other models have with other values."""
EXTERNAL_IDS = {
    "FoundryAgentRun": "asst_1a2b",
    "FoundryEvaluationRun": "eval_1a2b",
    "DataExplorerCommand": "Sales",
    "DataflowClassicTemplate": "gs://my-bucket/templates/load",
    "DataflowFlexTemplate": "gs://my-bucket/templates/load.json",
    "AzureHttpFunction": "Report",
    "AwsLambdaFunction": "report",
    "StepFunctionsStateMachine": "arn:aws:states:eu-west-1:123456789012:stateMachine:load",
    "CloudFunctionHttp": "projects/my-project/locations/europe-west1/functions/report",
    "DatabricksJob": "620987654321098",
    "DbtCloudJob": "70403",
    "SnowflakeProcedure": "SALES.PUBLIC.LOAD(NUMBER)",
    "DatabricksNotebook": "/etl/load",
    "DatabricksPipeline": "2f1e5c4a-0000-0000-0000-000000000000",
    "DatabricksWorkflow": "620987654321099",
    "FabricDataflow": GUID,
    "FabricNotebook": GUID,
    "FabricPipeline": GUID,
    "FabricSparkJob": GUID,
}
_LEFT_OUT = {
    # A table and files exclude each other.
    "gcsSource",
    "gcsDestination",
    # A simulator replaces the whole service, and only one kind of compute is used.
    "endpoint",
    "existingClusterId",
    "existingInstancePool",
    # It contradicts `workerType`.
    "maxCapacity",
}
_AWS_REGION = "eu-west-1"


def object_of(model: Any, *, is_full: bool) -> dict[str, Any]:
    """Return a valid object of a model, with every field or with the required ones."""
    values: dict[str, Any] = {}
    for attribute, info in model.model_fields.items():
        name = info.alias or attribute
        if (is_full and name not in _LEFT_OUT) or info.is_required():
            value = _value(name, read_annotation(info.annotation, info.metadata))
            values[name] = _OF_MODELS.get((model.__name__, name), value)
    return values


def auth_of(method: AuthKind, *, is_full: bool) -> dict[str, str]:
    """Return a valid sign-in by a method."""
    fields = {
        field.name: f"vault://local/{field.name}"
        if field.is_secret
        else _TEXTS.get(field.name, "name")
        for field in method.fields
        if is_full or field.required
    }
    return {"method": method.name, **fields}


def _value(name: str, found: Annotation) -> Any:
    if name in _OTHER_VALUES:
        return _OTHER_VALUES[name]
    if found.plain is bool:
        return True
    if found.plain is int:
        return found.limit("ge") or 7
    if isinstance(found.plain, type) and hasattr(found.plain, "__members__"):
        # The last member is no default; compute without a cluster would contradict the others.
        members = list(found.plain)
        return members[0 if name in {"computeType", "logicAppType", "cloud"} else -1].value
    text = _TEXTS.get(name, "a-name")
    pattern = found.limit("pattern")
    is_of_aws = name == "region" and pattern and re.match(pattern, text) is None
    return _AWS_REGION if is_of_aws else text
