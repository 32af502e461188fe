"""Defines the keys, events, actions and contexts that GitHub Actions workflow files may use.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax and …/contexts. An
action is added here with the inputs of its action.yml before a workflow uses it.
"""

from __future__ import annotations

WORKFLOW = frozenset(
    {"name", "run-name", "on", "permissions", "env", "defaults", "concurrency", "jobs"}
)
JOB = frozenset(
    {
        *("name", "permissions", "needs", "if", "runs-on", "environment", "concurrency"),
        *("outputs", "env", "defaults", "steps", "timeout-minutes", "strategy"),
        *("continue-on-error", "container", "services"),
    }
)
CALLING_JOB = frozenset(
    {
        *("name", "uses", "with", "secrets", "strategy", "needs", "if", "concurrency"),
        "permissions",
    }
)
"""The keys of a job that calls another workflow."""
STEP = frozenset(
    {
        *("id", "if", "name", "uses", "run", "working-directory", "shell", "with", "env"),
        *("continue-on-error", "timeout-minutes"),
    }
)
EVENTS = frozenset(
    {"pull_request", "push", "schedule", "workflow_call", "workflow_dispatch", "release"}
)
INPUT = frozenset({"description", "required", "default", "type", "options", "deprecationMessage"})
INPUT_TYPES = frozenset({"string", "boolean", "number", "choice", "environment"})
RUNNERS = frozenset({"ubuntu-latest", "ubuntu-24.04", "windows-latest", "macos-latest"})
PERMISSIONS = {
    "contents": frozenset({"read", "write", "none"}),
    "pull-requests": frozenset({"read", "write", "none"}),
    "id-token": frozenset({"write", "none"}),
}
CONCURRENCY = frozenset({"group", "cancel-in-progress"})

ACTIONS: dict[str, frozenset[str]] = {
    "actions/checkout@v4": frozenset(
        {"repository", "ref", "token", "fetch-depth", "persist-credentials", "submodules", "path"}
    ),
    "actions/setup-python@v5": frozenset(
        {
            *("python-version", "python-version-file", "cache", "cache-dependency-path"),
            *("architecture", "check-latest", "allow-prereleases"),
        }
    ),
    "actions/setup-node@v4": frozenset(
        {"node-version", "node-version-file", "cache", "cache-dependency-path", "check-latest"}
    ),
    "actions/setup-dotnet@v4": frozenset(
        {"dotnet-version", "dotnet-quality", "global-json-file", "cache", "cache-dependency-path"}
    ),
    "azure/login@v2": frozenset(
        {
            *("client-id", "tenant-id", "subscription-id", "audience", "environment"),
            *("enable-AzPSSession", "allow-no-subscriptions", "auth-type"),
        }
    ),
}
"""The inputs of the actions that the workflows use, by action and version."""

WORKFLOW_CONTEXTS = frozenset({"github", "inputs", "vars", "secrets"})
JOB_CONTEXTS = frozenset({"github", "inputs", "vars", "needs", "strategy", "matrix"})
STEP_CONTEXTS = JOB_CONTEXTS | {"env", "steps", "job", "runner", "secrets"}

GITHUB = frozenset(
    {
        *("actor", "event", "event_name", "head_ref", "base_ref", "job", "ref", "ref_name"),
        *("ref_type", "repository", "repository_owner", "run_attempt", "run_id", "run_number"),
        *("server_url", "sha", "token", "triggering_actor", "workflow", "workspace"),
    }
)
UNTRUSTED = (
    ("inputs",),
    *(("github", name) for name in ("event", "head_ref", "base_ref", "ref", "ref_name", "actor")),
)
"""Values that a caller chooses; a script that contains one could be made to run anything."""
