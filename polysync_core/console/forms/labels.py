"""Defines the labels, units and help texts of form fields and options.

A field or an option without an entry gets its own name, written as words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

_LABELS: Mapping[str, str] = {
    "auth.method": "Signs in by",
    "Calendar.ranges": "Ranges of days",
    "Dependency.task": "Upstream Task",
    "Dependency.when": "Only if",
    "EventFilter.deadlines": "Missed deadlines, too",
    "EventFilter.drift": "Drift of Jobs, too",
    "Expectation.durationWithin": "Longest normal duration",
    "Expectation.finishedBy": "Finished by",
    "Expectation.startedWithinSeconds": "Started within",
    "Expectation.timeZone": "Time zone of this time of day",
    "EventFilter.problems": "Problems of runs, too",
    "Job.inputs": "Data sets read",
    "Job.outputs": "Data sets written",
    "Parameter.missing": "Missing in the artefact",
    "Platform.auth": "Sign-in",
    "Platform.shard": "Shard",
    "Retry.enabled": "Retry failed attempts",
    "Retry.maxRetryAttempts": "Retries after the first attempt",
    "Retry.maxInfrastructureAttempts": "Retries after infrastructure failures",
    "Schedule.cron": "Cron expression",
    "Schedule.calendars": "Calendars",
    "Schedule.catchUpSeconds": "Catch up for",
    "Schedule.endAt": "Ends at",
    "Schedule.fold": "A time that comes twice",
    "Schedule.gap": "A time that the clocks leave out",
    "Schedule.misfire": "Fire times that were missed",
    "Schedule.overlap": "While a run is still active",
    "Schedule.startAt": "Begins at",
    "Dependency.take": "Outcomes taken",
    "Dependency.withinSeconds": "Time limit",
    "Task.expect": "Expected of each run",
    "Task.join": "Starts when",
    "Task.dependsOnPast": "Each run waits for the success of the one before",
    "Task.maxConcurrentRuns": "Concurrent runs",
    "Vault.auth": "Sign-in",
    "Webhook.events": "Events",
    "attributes": "Attributes",
    "externalId": "External id",
    "jobType": "Job type",
    "keepErrors": "Keep failure details",
    "maxConcurrentTasks": "Concurrent runs",
    "queueSizeLimit": "Runs that may wait",
    "queueTimeoutSeconds": "Longest wait",
    "exceedAction": "A run above the limit",
    "windowSeconds": "Window",
    "unknownParameters": "Values that nothing reads",
    "url": "URL",
}
"""The labels by `Model.field`, or by the name of the field in every model."""

_OPTIONS: Mapping[str, str] = {
    "Algorithm.TokenBucket": "Token bucket: bursts are allowed",
    "Algorithm.LeakyBucket": "Leaky bucket: starts are spread evenly",
    "Backoff.Fixed": "Fixed: the same wait each time",
    "Backoff.Linear": "Linear: the wait grows by the first one",
    "Backoff.Exponential": "Exponential: the wait doubles",
    "Caching.Off": "Off: every task does its work",
    "Caching.On": "On: every task may reuse earlier results",
    "Caching.Template": "As in the template",
    "Cloud.AzurePublic": "Azure (public)",
    "Cloud.AzureUSGovernment": "Azure US Government",
    "Cloud.AzureChina": "Azure China (21Vianet)",
    "Condition.Always": "Any outcome, also a skip",
    "Condition.OnCompletion": "Any end",
    "Condition.OnFailure": "Failure",
    "Condition.OnSkipped": "Skip",
    "Condition.OnSuccess": "Success",
    "DataType.Json": "JSON",
    "DataType.JsonArray": "JSON array",
    "Direction.InputOutput": "Input and output",
    "ExceedAction.DeferToNextWindow": "It waits for the next window",
    "ExceedAction.Queue": "It waits",
    "ExceedAction.Reject": "It fails",
    "Fold.Auto": "Once; twice where hourly or finer",
    "Fold.Both": "Both times",
    "Fold.First": "The first time",
    "Fold.Second": "The second time",
    "Gap.RunAfter": "Fires right after the gap",
    "Gap.Skip": "Does not fire",
    "StopBy.Cancel": "Cancel: the job stops at once",
    "StopBy.Drain": "Drain: data in flight is processed",
    "StreamingRun.UntilEnd": "The run is active as long as the job",
    "StreamingRun.UntilRunning": "The run succeeds as soon as the job runs",
    "Take.Each": "Each: every outcome starts a run",
    "Take.Newest": "Newest: starts no run",
    "Take.Window": "Window: all since the last fire time",
    "Join.All": "All are met",
    "Join.AllDone": "All have ended, with any outcome",
    "Join.Any": "At least one is met",
    "HttpMethod.DELETE": "DELETE",
    "HttpMethod.GET": "GET",
    "HttpMethod.HEAD": "HEAD",
    "HttpMethod.PATCH": "PATCH",
    "HttpMethod.POST": "POST",
    "HttpMethod.PUT": "PUT",
    "Misfire.All": "Each one is caught up",
    "Misfire.Last": "The newest replaces all",
    "Misfire.Skip": "None is caught up",
    "Overlap.CancelRunning": "Cancel the active run",
    "Overlap.KeepNewest": "Keep the newest waiting run only",
    "Overlap.Queue": "Queue another run",
    "Overlap.Skip": "Skip the fire time",
    "ProfileType.Concurrency": "Concurrency: runs at the same time",
    "ProfileType.RateLimit": "Rate limit: starts within a window",
    "Resubmit.Never": "Never: the attempt ends as Lost, and a person decides",
    "Resubmit.WhenIdempotent": "Send again: the artefact may run twice without harm",
    "RetryFrom.Failure": "The failed parts run again",
    "RetryFrom.Start": "The whole artefact runs again",
    "Scope.Global": "All Platforms together",
    "Scope.PerPlatform": "Each Platform alone",
    "UnknownParameters.Fail": "The run fails",
    "UnknownParameters.Warn": "The run has a warning",
    "ApiVersion.v1": "v1: Airflow 2",
    "ApiVersion.v2": "v2: Airflow 3",
    "ValueForm.JsonTokens": "With their data types",
    "ValueForm.Texts": "As texts",
}
"""The words of options by `Enum.value`."""

_HELP: Mapping[str, str] = {
    "Auth.method": "The way in which calls to the service are signed.",
    "Calendar.dates": "The days on which schedules do not fire.",
    "ConcurrencyProfile.type": "The quantity that the profile limits.",
    "Job.settings": "The settings of the job type; an empty field has the default.",
    "Platform.attributes": "The facts about the service; an empty field has the default.",
    "Platform.auth": "The identity with which the app calls the service.",
    "Platform.type": "The service that runs the jobs.",
    "RateLimitProfile.type": "The quantity that the profile limits.",
    "Vault.attributes": "The facts about the secret manager; an empty field has the default.",
    "Webhook.secret": "The reference of the key that signs the events.",
    "Schedule.name": "The name of the schedule, unique in the Task.",
    "Schedule.description": "Free text for people.",
    "Retry.enabled": "Without it, the first failed attempt ends the run.",
    "Task.enabled": "Nothing starts a Task that is switched off, and its dependents are skipped.",
    "Schedule.cron": "Five fields, or six with a leading second, or a name such as `@daily`. "
    "`L` is the last day, `15W` the weekday nearest to the 15th, `5#2` the second Friday. "
    "If neither day nor weekday is `*`, one of them is enough.",
    "Schedule.enabled": "A schedule that is switched off does not fire.",
    "Schedule.pauseAfterFailures": "Failed runs in a row that pause the schedule; empty: never.",
    "Parameter.name": "The name as the artefact declares it.",
    "Parameter.description": "Free text for people.",
}
"""Help texts that differ from those of the API."""

_INITIALS: Mapping[str, str] = {
    "arn": "ARN",
    "url": "URL",
    "id": "id",
    "json": "JSON",
    "api": "API",
    "http": "HTTP",
    "utc": "UTC",
}
_SECONDS = re.compile(r"Seconds$")
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_TYPES: Mapping[str, str] = {
    "ADFPipeline": "Data Factory pipeline",
    "AIFoundryCommandJob": "AI Foundry command job",
    "AIFoundryPipelineJob": "AI Foundry pipeline job",
    "AIFoundrySweepJob": "AI Foundry sweep job",
    "AccessKey": "Access key of AWS",
    "ApiKey": "API key",
    "AirflowDag": "Airflow DAG",
    "ApacheAirflow": "Apache Airflow",
    "AppRole": "AppRole",
    "ApplicationDefault": "Application default credentials",
    "AssumeRole": "AWS role, assumed with an access key",
    "AwsLambda": "AWS Lambda",
    "AwsLambdaFunction": "AWS Lambda function",
    "AKSCronJob": "AKS CronJob",
    "AKSJob": "AKS Job",
    "AwsBatch": "AWS Batch",
    "AwsBatchJob": "AWS Batch job",
    "AwsGlue": "AWS Glue",
    "AwsSageMaker": "Amazon SageMaker",
    "AwsSecretsManager": "AWS Secrets Manager",
    "AwsStepFunctions": "AWS Step Functions",
    "AzureAIFoundry": "Azure AI Foundry",
    "AzureAIFoundryProject": "Azure AI Foundry project",
    "AzureBatch": "Azure Batch",
    "AzureBatchJob": "Azure Batch job",
    "AzureContainerApps": "Azure Container Apps",
    "AzureDataExplorer": "Azure Data Explorer",
    "AzureDataFactory": "Azure Data Factory",
    "AzureDatabricks": "Azure Databricks",
    "AzureFunctions": "Azure Functions",
    "AzureHttpFunction": "Azure HTTP function",
    "AzureKeyVault": "Azure Key Vault",
    "AzureKubernetes": "Azure Kubernetes Service",
    "AzureLogicApps": "Azure Logic Apps",
    "AzureOpenAI": "Azure OpenAI",
    "AzureSynapse": "Azure Synapse",
    "ComposerDag": "Cloud Composer DAG",
    "GoogleCloudComposer": "Google Cloud Composer",
    "CloudFunctionHttp": "Cloud function (HTTP)",
    "DataExplorerCommand": "Data Explorer command",
    "ContainerAppsJob": "Container Apps job",
    "DatabricksJob": "Databricks job (one task)",
    "DatabricksNotebook": "Databricks notebook",
    "DatabricksPipeline": "Databricks pipeline",
    "DatabricksWorkflow": "Databricks workflow (several tasks)",
    "DbtCloud": "dbt Cloud",
    "DbtCloudJob": "dbt Cloud job",
    "DefaultCredential": "Default Azure credential",
    "Environment": "Environment variables (development)",
    "FabricDataflow": "Fabric dataflow (Gen2)",
    "FabricNotebook": "Fabric notebook",
    "FabricPipeline": "Fabric pipeline",
    "FabricSparkJob": "Fabric Spark job",
    "Files": "Files of a folder",
    "GlueJob": "Glue job",
    "FoundryAgentRun": "Foundry agent run",
    "FoundryEvaluationRun": "Foundry evaluation run",
    "FoundryModelInference": "Foundry model inference",
    "GoogleCloudFunctions": "Google Cloud Functions",
    "GoogleSecretManager": "Google Secret Manager",
    "HashiCorpVault": "HashiCorp Vault",
    "ImpersonatedServiceAccount": "Impersonated service account",
    "LogicAppsWorkflow": "Logic Apps workflow",
    "OpenAIBatch": "OpenAI batch",
    "OpenAIChatCompletion": "OpenAI chat completion",
    "OpenAIEmbedding": "OpenAI embedding",
    "MicrosoftFabric": "Microsoft Fabric",
    "OAuth": "OAuth client credentials",
    "PersonalAccessToken": "Personal access token",
    "SageMakerPipeline": "SageMaker pipeline",
    "StepFunctionsStateMachine": "Step Functions state machine",
    "KeyPair": "Key pair",
    "SnowflakeProcedure": "Snowflake procedure",
    "SynapsePipeline": "Synapse pipeline",
    "UserPassword": "User name and password",
    "WebIdentityFederation": "AWS role, assumed with the app's identity",
    "WorkloadIdentityFederation": "Workload identity federation",
}
"""The words of platform types, job types, vault providers and sign-in methods."""


def label_of(owner: str, name: str) -> str:
    """Return the label of a field of a model."""
    known = _LABELS.get(f"{owner}.{name}") or _LABELS.get(name)
    return known or sentence(_SECONDS.sub("", name))


def unit_of(name: str) -> str | None:
    """Return the unit of a number by the name of its field."""
    return "seconds" if _SECONDS.search(name) else None


def own_help(owner: str, name: str) -> str | None:
    """Return the help text of the console for a field, if it has one."""
    return _HELP.get(f"{owner}.{name}")


def option_label(option: StrEnum) -> str:
    """Return the words of an option."""
    return _OPTIONS.get(f"{type(option).__name__}.{option.value}") or type_label(option.value)


def type_label(name: str) -> str:
    """Return the words of a type, a provider or a sign-in method."""
    return _TYPES.get(name) or sentence(name)


def sentence(name: str) -> str:
    """Return a name in camelCase as words, such as `Workspace URL` for `workspaceUrl`."""
    words = [_INITIALS.get(each[0].lower(), each[0].lower()) for each in _WORD.finditer(name)]
    text = " ".join(words) or name
    return text[:1].upper() + text[1:]
