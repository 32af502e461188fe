"""Provides the help texts of fields in definitions and request bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAMED = {
    "name": "The name: 1 to 63 of a-z, 0-9 and '-'.",
    "displayName": "The name for people.",
    "description": "Free text for people.",
    "enabled": "False switches the object off without a change of the rest.",
    "tags": "Free labels as key and value.",
    "type": "The type of the object.",
    "settings": "The settings of the type.",
    "attributes": "The attributes of the type, such as the address of the service.",
}
"""The descriptions of fields that mean the same in every model."""

_LIMITS = {
    "queueSizeLimit": "The maximum number of runs that may wait for the limit; empty for no limit.",
    "queueTimeoutSeconds": "The longest wait of a run in seconds; empty for no limit.",
    "exceedAction": "The treatment of a run that exceeds the limit.",
}
_PROFILE = {"scope": "The scope of the limit: every Platform alone, or all together."}

_FIELDS: Mapping[str, Mapping[str, str]] = {
    "Auth": {
        "method": "The sign-in method of calls.",
        "tenantId": "The Entra tenant.",
        "clientId": "The client id of the application or of the managed identity.",
        "clientSecret": "The reference of the client secret.",
        "certificate": "The reference of the certificate in PEM or PFX form.",
        "certificatePassword": "The reference of the certificate's password.",
        "thumbprint": "The thumbprint of the certificate.",
        "personalAccessToken": "The reference of the personal access token.",
        "functionKey": "The reference of the function key.",
        "systemKey": "The reference of the system key.",
        "apiKey": "The reference of the API key.",
        "keyJson": "The reference of the service account key in JSON.",
        "provider": "The workload identity provider.",
        "entraAudience": "The audience of the Entra token that is exchanged.",
        "serviceAccountEmail": "The service account to act as.",
        "sourceKey": "The reference of the key of the source account.",
        "targetServiceAccountEmail": "The service account that is impersonated.",
        "roleArn": "The ARN of the AWS role that is assumed.",
        "sessionName": "The name of the role session in the logs of AWS; polysync by default.",
        "externalId": "The external id that the trust policy of the AWS role expects.",
        "accessKeyId": "The id of the AWS access key, or its reference.",
        "secretAccessKey": "The reference of the secret access key.",
        "sessionToken": "The reference of the session token of a temporary AWS access key.",
        "token": "The reference of the token.",
        "header": "The header that carries the token; Authorization by default.",
        "scheme": "The word before the token in the header; Bearer by default.",
        "tokenUrl": "The address that issues tokens for client credentials.",
        "user": "The login name of the user.",
        "privateKey": "The reference of the private key of the user, PEM in PKCS #8.",
        "privateKeyPassphrase": "The reference of the passphrase of the private key.",
        "scope": "The scope of the token, as the service names it.",
        "roleId": "The reference of the role id.",
        "secretId": "The reference of the secret id.",
        "username": "The name of the user.",
        "password": "The reference of the password.",
        "mount": "The path at which the sign-in method is mounted.",
    },
    "Calendar": {"dates": "The excluded days.", "ranges": "The excluded ranges of days."},
    "ConcurrencyProfile": _PROFILE,
    "ConcurrencySettings": {
        **_LIMITS,
        "maxConcurrentTasks": "The maximum number of attempts that may run at once.",
    },
    "CreateTask": {"parameters": "The values of the Task's parameters."},
    "DateRange": {"from": "The first day.", "to": "The last day."},
    "Dependency": {
        "task": "The upstream Task.",
        "condition": "The required outcome of the upstream Task, or a list of outcomes.",
        "when": "An expression over the upstream's outputs, such as `row_count > 0`. If it is "
        "false, the run is skipped.",
        "take": "Each outcome starts a run. The newest outcome, or the window of all since the "
        "Task's last fire time, starts none.",
        "withinSeconds": "With Newest, the maximum age of the outcome; with Window, the maximum "
        "wait after the fire time.",
        "mappings": "The outputs of the upstream run that become parameters.",
    },
    "EventFilter": {"tasks": "Only events of these Tasks."},
    "ImportRequest": {
        "externalIds": "Only the artefacts with these ids.",
        "jobType": "Only artefacts of this job type.",
        "search": "Only artefacts with this text in their name.",
        "limit": "The maximum number of artefacts of one call.",
        "continuationToken": "Continues an import: the token of the previous answer.",
    },
    "Job": {
        "platform": "The Platform that runs the artefact.",
        "jobType": "The type of the artefact.",
        "externalId": "The platform's own id of the artefact.",
        "parameters": "The schema of the parameters.",
    },
    "Mapping": {
        "output": "The output of the upstream Task.",
        "input": "The parameter of the dependent Task.",
    },
    "Parameter": {
        "dataType": "The type of the value.",
        "direction": "The direction: into the run, out of the run, or both.",
        "default": "The value if neither the Task nor the request gives one.",
    },
    "PauseRequest": {
        "reason": "The reason of the pause.",
        "schedule": "The schedule to pause; empty for all schedules of the Task.",
    },
    "Platform": {"contentionProfiles": "The limits of all runs on the Platform."},
    "RateLimitProfile": _PROFILE,
    "RateLimitSettings": {
        **_LIMITS,
        "algorithm": "The algorithm that counts starts.",
        "limit": "The maximum number of starts within the window.",
        "windowSeconds": "The length of the window in seconds.",
    },
    "ResumeRequest": {"schedule": "The schedule to resume; empty for all schedules of the Task."},
    "Retry": {
        "backoff": "The growth of the wait before a retry.",
        "initialDelaySeconds": "The wait before the first retry.",
        "maxDelaySeconds": "The longest wait before a retry.",
    },
    "RunOnceBody": {
        "parameters": "Values of parameters for this run alone.",
        "priority": "The priority of this run; empty for that of the Task.",
    },
    "BackfillBody": {
        "dryRun": "True answers with the plan and creates nothing.",
        "maxConcurrentRuns": "The maximum number of runs of the backfill that may run at once.",
    },
    "Schedule": {
        "cron": "The cron expression of five fields.",
        "timeZone": "The IANA time zone of the expression.",
        "startAt": "No fire time before this time.",
        "endAt": "No fire time after this time.",
        "misfire": "The treatment of fire times that were missed.",
        "overlap": "The treatment of a fire time while a run of the schedule is active.",
        "gap": "The treatment of a local time that daylight saving skips.",
        "fold": "The treatment of a local time that daylight saving repeats.",
        "id": "The identity of the schedule, which survives a rename. Empty: the name.",
        "jitterSeconds": "The longest random delay of a start.",
    },
    "Task": {
        "job": "The Job that the Task configures.",
        "schedules": "The schedules that start runs.",
        "dependencies": "The upstream Tasks whose outcomes start runs.",
        "dependsOnPast": "A scheduled run starts only after the run of the fire time before "
        "succeeded.",
        "retry": "The retry policy.",
        "executionTimeoutSeconds": "The longest time of an attempt; empty for no limit.",
        "maxConcurrentRuns": "The maximum number of runs of the Task at once; empty for no limit.",
    },
    "Vault": {
        "provider": "The type of the secret manager.",
        "auth": "The sign-in method of calls to the secret manager.",
    },
    "Webhook": {
        "url": "The address that receives the events.",
        "events": "The events to deliver.",
    },
}


def description_of(model: str, field: str) -> str | None:
    """Return the description of a model's field that has none of its own."""
    return _FIELDS.get(model, {}).get(field) or _NAMED.get(field)


def describe_fields(schemas: Mapping[str, Any]) -> None:
    """Add a description to each field of a definition or a body that has none."""
    for name, schema in schemas.items():
        model = name.removeprefix("Stored")
        for field, each in schema.get("properties", {}).items():
            known = description_of(model, field)
            if known is not None:
                each.setdefault("description", known)
