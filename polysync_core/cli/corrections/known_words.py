"""Maps commands and options of other tools, such as kubectl, to Polysync's.

Other tools are gh, kubectl, Terraform, dbt, Airflow, Prefect and the bundles of Databricks.
"""

from __future__ import annotations

from collections.abc import Mapping

type _Options = Mapping[str, tuple[str, ...]]

KINDS: Mapping[str, str] = {
    **dict.fromkeys(("run", "runs", "task-run", "task-runs", "dag-run", "flow-run"), "run"),
    **dict.fromkeys(("dag", "dags", "flow", "flows", "workflow", "workflows"), "task"),
    **dict.fromkeys(("deployment", "deployments"), "task"),
    **dict.fromkeys(("connection", "connections"), "platform"),
    **dict.fromkeys(("pool", "pools"), "profile"),
}
"""The words for kinds of objects that `polysync get` does not know."""

VERBS: Mapping[str, str] = {
    **dict.fromkeys(("list", "ls"), "get"),
    **dict.fromkeys(("show", "view", "inspect", "details", "status"), "describe"),
    **dict.fromkeys(("remove", "rm", "destroy", "drop"), "delete"),
    **dict.fromkeys(("start", "trigger", "execute", "launch", "invoke", "submit"), "run"),
    **dict.fromkeys(("stop", "kill", "abort", "terminate"), "cancel"),
    **dict.fromkeys(("retry", "restart", "repeat", "redo"), "rerun"),
    **dict.fromkeys(("watch", "wait", "attach", "tail"), "follow"),
    "log": "logs",
    "why": "explain",
    "suspend": "pause",
    "freeze": "hold",
    "unfreeze": "release",
    **dict.fromkeys(("unpause", "unsuspend"), "resume"),
    **dict.fromkeys(("next", "next-run", "next-runs", "next-execution", "upcoming"), "fire-times"),
    "history": "versions",
    **dict.fromkeys(("rollback", "undo", "revert"), "restore"),
    **dict.fromkeys(("browse", "web"), "open"),
    **dict.fromkeys(("update", "modify"), "edit"),
    **dict.fromkeys(("ping", "check"), "test"),
    "new": "create",
}
"""The verbs of other tools, and the command with the same effect."""

RUN_COMMANDS: Mapping[str, str] = {
    "get": "show",
    "describe": "show",
    "delete": "cancel",
    "create": "run",
    **{word: word for word in ("cancel", "rerun", "follow", "logs", "explain", "open")},
}
"""The commands for a run, by the verb that other kinds have."""

TAKES_KIND = frozenset(
    {"get", "describe", "delete", "edit", "enable", "disable", "test", "versions", "restore"}
)
"""The commands that take a kind before a name."""

TAKES_RUN = frozenset({"logs", "follow", "explain"})
"""The commands for runs; `@TASK` names the newest run of a task."""

OPTION_FOR_KIND: Mapping[str, frozenset[str]] = {
    "cancel": frozenset({"task", "job", "platform", "backfill"}),
    "hold": frozenset({"task", "platform"}),
    "release": frozenset({"task", "platform"}),
}
"""The commands that have an option for the name of an object, with the kinds."""

OTHER_VERBS = frozenset({"create", "export", "fire-times", "graph", "import", *OPTION_FOR_KIND})
NAME_ALONE = frozenset({"edit", "versions", "restore", "delete"})
"""The commands in which a name without a kind is probably that of a task."""

WHOLE_COMMANDS: Mapping[str, str] = {
    "list": "get tasks",
    "ls": "get tasks",
    "status": "runs",
    "create": "init",
    "new": "init",
    "check": "doctor",
    "ping": "doctor",
    "dag": "graph",
}
"""The commands without arguments, and those that replace them."""

PHRASES: Mapping[str, str] = {
    "ps": "runs --status Running",
    "outputs": "show",
    "output": "show",
    "history": "runs --task",
    "cancel all": "cancel",
    "get all": "export",
    "get contexts": "context list",
    "get events": "audit",
    "events": "audit",
    "dump": "export",
    "diff": "plan",
    "preview": "plan",
    "deploy": "apply",
    "promote": "apply --target",
    "bundle deploy": "apply",
    "bundle validate": "validate",
    "bundle run": "run",
    "bundle init": "init",
    "bundle summary": "plan",
    "lint": "validate",
    "parse": "validate",
    "compile": "validate",
    "debug": "doctor",
    "health": "doctor",
    "info": "doctor",
    "test connection": "test platform",
    "top": "usage",
    "limits": "usage",
    "slots": "usage",
    "tree": "graph",
    "lineage": "graph",
    "console": "open",
    "ui": "open",
    "dashboard": "open",
    "webserver": "open",
    "server": "dev",
    "serve": "dev",
    "standalone": "dev",
    "scheduler": "dev",
    "up": "dev",
    "dlq": "dead-letters",
    "poison": "dead-letters",
    "auth login": "login",
    "auth logout": "logout",
    "auth status": "context list",
    "whoami": "context list",
    "contexts": "context list",
    "environments": "context list",
    "envs": "context list",
    "config get-contexts": "context list",
    "config current-context": "context list",
    "config use-context": "context use",
    "config view": "context list",
    "workspace list": "context list",
    "workspace select": "context use",
    "workspace new": "context add",
    "use-context": "context use",
    "use": "context use",
    "switch": "context use",
    "context ls": "context list",
    "context show": "context list",
    "context select": "context use",
    "context switch": "context use",
    "context rm": "context remove",
    "context delete": "context remove",
    "context create": "context add",
    "context set": "context add",
    "rollout undo": "restore",
    "rollout history": "versions",
    "backfill list": "get backfills",
    "backfill create": "backfill",
    "dags backfill": "backfill",
    "dags list-runs": "runs --task",
    "import platform": "import",
    "graph show": "graph",
    "server start": "dev",
    "man": "help",
}
"""The first words of a command, and the words that replace them."""

NOT_POSSIBLE: Mapping[str, str] = {
    **dict.fromkeys(
        ("mark", "mark-success", "set-state", "skip"),
        "The status of a finished run never changes. `polysync rerun RUN` runs its task again, and "
        "`polysync run TASK` starts a dependent task without it.",
    ),
    "scale": "Set `maxConcurrentRuns` of the task, or a contention profile: "
    "`polysync edit task TASK`.",
}
"""The answers to commands that Polysync does not have, by their verb."""

_STATUS: _Options = {
    f"--{word}": ("--status", word.capitalize())
    for word in ("queued", "running", "succeeded", "failed", "cancelled", "skipped")
}
_FOLLOW: _Options = dict.fromkeys(("--wait", "--watch", "-w", "-f", "--tail"), ("--follow",))
_VALUES: _Options = dict.fromkeys(
    ("--set", "--var", "--vars", "--conf", "--params", "--parameter", "-e", "--input", "-F"),
    ("--param",),
)
_FROM: _Options = dict.fromkeys(("--start-date", "--start", "--after", "-s"), ("--from",))
_TO: _Options = dict.fromkeys(("--end-date", "--end", "--before", "-e"), ("--to",))
_TARGET: _Options = dict.fromkeys(("--env", "--environment", "--stage", "--profile"), ("--target",))
_FAILURE_FILTERS: _Options = {
    **dict.fromkeys(("--dag", "--dag-id", "--flow", "--name", "-t"), ("--task",)),
    **dict.fromkeys(("--label", "--selector", "-l", "--select"), ("--tag",)),
    **dict.fromkeys(("--from", "--after", "--start", "--start-date"), ("--since",)),
    **dict.fromkeys(("--to", "--before", "--end", "--end-date"), ("--until",)),
    "--graph-run-id": ("--graph-run",),
}
_FILTERS: _Options = {
    **_FAILURE_FILTERS,
    **_STATUS,
    **dict.fromkeys(("--state", "-s"), ("--status",)),
}
_ZONE: _Options = dict.fromkeys(("--tz", "--timezone", "--time-zone", "-z"), ("--zone",))

OPTIONS: Mapping[str, _Options] = {
    "runs": {**_FILTERS, "-n": ("--limit",), "--max": ("--limit",), "-A": ("--all",)},
    "cancel": {**_FILTERS, "--all": ()},
    "failures": _FAILURE_FILTERS,
    "run": {**_FOLLOW, **_VALUES},
    "exec": {**_FOLLOW, **_VALUES},
    "rerun": {
        **_FOLLOW,
        **_VALUES,
        **_FILTERS,
        "--all": (),
    },
    "rerun RUN": {
        **dict.fromkeys(("--failed", "--failed-jobs", "--from-failed"), ("--from-failure",)),
    },
    "logs": _FOLLOW,
    "backfill": {**_FROM, **_TO},
    "cron": _ZONE,
    "apply": _TARGET,
    "plan": {**_TARGET, "-out": ("-o",), "--out": ("-o",)},
    "validate": _TARGET,
    "get": {**dict.fromkeys(("--label", "--selector", "-l"), ("--tag",)), "-A": ("--all",)},
}
"""The options of other tools by command, and those that replace them.

A command with `RUN` has these options if an argument is given.
"""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "pause": ("--reason", "TEXT"),
    "hold": ("--reason", "TEXT"),
}
"""The options that other tools do not require."""

COMMON_OPTIONS: _Options = {
    **dict.fromkeys(("--force", "--auto-approve", "--no-input", "--confirm"), ("--yes",)),
    **dict.fromkeys(("--server", "--host", "--endpoint"), ("--url",)),
    "-c": ("--context",),
}
"""The options of other tools that every command may get."""

JSON_OUTPUT = ("-o", "--output", "--format")
"""Options that print JSON in other tools, with the value `json`; here it is `--json`."""
