"""Defines the pydantic models of API responses and definitions for the Python client.

`python -m scripts.client_models` generates this module from the OpenAPI document. A model keeps the
fields that it does not know, so that the client works with a newer host.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """The base of all models: snake_case in Python, camelCase in JSON."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="allow",
        protected_namespaces=(),
        defer_build=True,
    )


type Algorithm = Literal["TokenBucket", "LeakyBucket"] | str
"""The rate limit algorithm: with bursts or evenly."""


type ArrivalOutcome = Literal["Started", "Collected", "Repeated", "Ignored", "FilteredOut"] | str
"""The outcome of an event for one arrival."""


type BackfillOrder = Literal["OldestFirst", "NewestFirst"] | str
"""The order in which the runs of a backfill start."""


type Backoff = Literal["Fixed", "Linear", "Exponential"] | str
"""The growth of the delay before retry n, from the initial delay d."""


type ChangeSource = Literal["Edit", "Document", "Import"] | str
"""The way in which a version was saved."""


type ConsequenceKind = (
    Literal["FireTimes", "Starts", "Dependents", "Runs", "Limits", "Referrers"] | str
)
"""The subject of a consequence."""


type DataType = Literal["String", "Secret", "Int", "Float", "Bool", "Json", "JsonArray"] | str
"""The types of parameter values."""


type DeadlineKind = Literal["Late", "Missing", "Slow"] | str
"""The field of the expectation that a run did not meet."""


type DeliveryResult = Literal["Accepted", "Failed", "Abandoned"] | str
"""The result of one attempt to deliver an event."""


type DetailsState = (
    Literal["Found", "NotFailed", "NoExternalRun", "NotOffered", "NoDetails", "Unavailable"] | str
)
"""The result of a request for failure details."""


type Direction = Literal["Input", "Output", "InputOutput"] | str
"""The direction of a value, seen from the artefact."""


type DriftState = Literal["equal", "changed", "gone", "unknown"] | str
"""The result of the comparison of a Job with its artefact."""


type ExceedAction = Literal["Queue", "Reject", "DeferToNextWindow"] | str
"""The treatment of a run that exceeds the limit."""


type FailureCause = (
    Literal[
        "Artefact",
        "Submit",
        "Timeout",
        "QueueTimeout",
        "ContentionRejected",
        "Parameters",
        "Secret",
        "PlatformUnreachable",
        "Lost",
        "Internal",
    ]
    | str
)
"""The cause of a failed attempt, under the name that the API uses."""


type Fold = Literal["Auto", "First", "Second", "Both"] | str
"""The choice between the two occurrences of a repeated wall-clock time."""


type Gap = Literal["RunAfter", "Skip"] | str
"""The treatment of a wall-clock time that the start of daylight saving skips."""


type IdleCause = Literal["Paused", "ScheduleDisabled", "TaskDisabled"] | str
"""The reason why a schedule does not fire."""


type ImportResult = Literal["created", "updated", "unchanged", "failed", "skipped"] | str
"""The result of the import of one artefact."""


type Join = Literal["All", "Any", "AllDone"] | str
"""The number of dependencies of a Task whose conditions must be met."""


type Kind = (
    Literal[
        "vaults",
        "platforms",
        "contentionProfiles",
        "calendars",
        "jobs",
        "tasks",
        "webhooks",
        "receivers",
    ]
    | str
)
"""A kind of definition; the value is the name of its list in a document."""


type MailService = Literal["AzureCommunicationServices", "Smtp"] | str
"""The services that send e-mail."""


type Misfire = Literal["Skip", "Last", "All"] | str
"""The treatment of missed fire times (misfires)."""


type MissCause = (
    Literal[
        "NotCreated",
        "SchedulePaused",
        "WaitingForUpstream",
        "Held",
        "Waiting",
        "Running",
        "Failed",
        "Cancelled",
        "Skipped",
        "TooLate",
        "NotExamined",
    ]
    | str
)
"""The state of the run when its deadline passed."""


type NotificationKind = Literal["Failed", "Late", "Recovered", "Skipped", "WaitingTooLong"] | str
"""The kinds of notification, under the names that the API uses."""


type Overlap = Literal["Queue", "Skip", "CancelRunning", "KeepNewest"] | str
"""The treatment of a fire time while an earlier run is still active (overlap)."""


type ProblemKind = Literal["Unreachable", "Uncertain", "Refused", "NotFound", "Fault"] | str
"""The kind of a failure."""


type ProblemStep = Literal["Start", "Submit", "Poll", "Cancel", "Notify"] | str
"""The step of a run that failed."""


type ProfileType = Literal["Concurrency", "RateLimit"] | str
"""The quantity that a profile limits."""


type ProviderStatus = (
    Literal["Starting", "Running", "Success", "Failed", "Cancelled", "Unknown"] | str
)
"""The status of a run, decoded from the platform's own word."""


type Redo = Literal["failed"] | str
"""The runs of a backfill that run again."""


type RunStatus = Literal["Queued", "Running", "Succeeded", "Failed", "Cancelled", "Skipped"] | str
"""The status of a run."""


type Scope = Literal["PerPlatform", "Global"] | str
"""The scope of a count: each linked Platform alone, or all of them together."""


type SkipKind = (
    Literal[
        "Upstream",
        "Abandoned",
        "Incomplete",
        "TaskDisabled",
        "Missed",
        "Overlap",
        "SchedulePaused",
        "ScheduleChanged",
        "Past",
        "ArrivalChanged",
        "ShardFull",
    ]
    | str
)
"""The rule that skipped a run."""


type SmtpSecurity = Literal["StartTls", "Tls", "None"] | str
"""The encryption of the connection to an SMTP server."""


type Take = Literal["Each", "Newest", "Window"] | str
"""The outcomes of an upstream that a dependency uses."""


type TaskType = (
    Literal["notebook", "python_wheel", "python_script", "spark_jar", "sql", "dbt"] | str
)
"""The type of a job's task, which decides the field of the parameters."""


type TriggerType = (
    Literal["Manual", "Schedule", "Dependency", "Backfill", "Message", "Arrival"] | str
)
"""The trigger of a run."""


type UnknownParameters = Literal["Warn", "Fail"] | str
"""The treatment of a run with a value that its artefact no longer reads."""


type WaitReasonKind = (
    Literal[
        "Concurrency",
        "RateLimit",
        "MaxConcurrentRuns",
        "Backfill",
        "BackOff",
        "PlannedStart",
        "Held",
        "LimitsUnknown",
    ]
    | str
)
"""The kind of a reason to wait."""


class AcceptedRun(Model):
    """A run that was accepted: its row is stored."""

    run_id: str
    """The id of the run."""

    graph_run_id: str
    """The graph run to which the run belongs."""

    status_url: str
    """The path of the run, as in the header `Location`."""


class Arrival(Model):
    """The events that start a Task, alone or collected in batches."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    description: str | None = None
    """Free text for people."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    source: str | list[str] | dict[str, Any] | None = None
    """The source of the events; a storage account may be given by its name."""

    type: str | list[str] | dict[str, Any] | None = None
    """The type of the events; empty = every type, except deleted or unfinished files."""

    prefix: str | None = None
    """The beginning of the subject; for files also of `<container>/<path>`."""

    suffix: str | None = None
    """The end of the subject."""

    filter: dict[str, str | list[str] | dict[str, Any]] | None = None
    """The expected values of further attributes, by their names."""

    quiet_seconds: int | None = None
    """Collect events until none came for this time; 0 = do not wait."""

    minimum_count: int | None = None
    """The number of events that a batch waits for."""

    maximum_wait_seconds: int | None = None
    """Start at this time after the first event, with the events that came; empty = never."""

    maximum_count: int | None = None
    """The number of events at which a batch starts at once and another one begins."""

    parameters: dict[str, Any] | None = None
    """Values for the runs of this arrival, with `${arrival.…}`; they override the Task's own."""


class ArrivalStatus(Model):
    """An arrival of a Task with the events that it collects."""

    name: str
    """The name of the arrival."""

    enabled: bool
    """False if the arrival ignores events."""

    collecting: Collecting | None
    """The events that wait for their run; null without events."""


class ArrivedEvent(Model):
    """An event that started a run."""

    id: str
    """The id of the event."""

    source: str
    """The source of the event."""

    type: str
    """The type of the event."""

    subject: str | None
    """The subject of the event, such as a file."""

    time: datetime | None
    """The time of the event."""

    received_at: datetime
    """The time at which Polysync received the event."""


class Artefact(Model):
    """An artefact that exists on a platform."""

    external_id: str
    """The platform's own id of the artefact."""

    job_type: str
    """The type of a Job that runs the artefact."""

    name: str
    """The name of the artefact."""

    description: str | None
    """The description of the artefact on its platform."""

    imported: bool
    """True if a Job runs the artefact."""

    jobs: list[str]
    """The Jobs that run the artefact."""

    problem: str | None
    """The reason why no Job can run it, or why a folder was not searched; null if it is usable."""


class Attempt(Model):
    """One try of a run on its platform."""

    number: int
    """The number of the attempt; the first one is 1."""

    status: RunStatus
    """The status of the attempt."""

    repairs: str | None = None
    """The external run id of the failed run that the attempt repairs; absent for a start."""

    external_run_id: str | None
    """The id that the platform gave the attempt; null before the platform has accepted it."""

    monitor_url: str | None
    """The page of the attempt in the platform's own user interface."""

    provider_status: str | None
    """The last state of the attempt in the platform's own words."""

    submitted_at: datetime | None
    """The time at which the platform accepted the attempt."""

    started_at: datetime | None
    """The time at which the platform started the attempt."""

    finished_at: datetime | None
    """The time at which the attempt ended."""

    cause: FailureCause | None
    """The cause of the failure; null unless the attempt failed."""

    error: str | None
    """The error of a failed attempt."""

    parameters: dict[str, Any] | None
    """The values that the attempt sent, with secrets as references; null if nothing was sent."""

    parameters_not_kept: list[str]
    """The parameters whose values are too long to be recorded."""


class AuditEntry(Model):
    """One changing call of the API."""

    at: datetime
    """The time at which the call was made."""

    actor: str
    """The name of the caller."""

    object_id: str | None
    """The Entra object id of the caller."""

    method: str
    """The HTTP method of the call."""

    path: str
    """The path of the call, without the prefix `/api`."""

    status: int | None
    """The status of a call that changed nothing; null for a change."""

    run_id: str | None
    """The run that the call has started on a platform."""


class Auth(Model):
    """A sign-in method and its fields; a secret is a `vault://` reference. The fields below
    belong to Polysync's own plugins. A package's plugin declares the fields of its own
    methods, and the check of the definition refuses every undeclared field.
    """

    method: str
    """The sign-in method of calls."""

    tenant_id: str | None = None
    """The Entra tenant."""

    client_id: str | None = None
    """The client id of the application or of the managed identity."""

    client_secret: str | None = None
    """The reference of the client secret."""

    certificate: str | None = None
    """The reference of the certificate in PEM or PFX form."""

    certificate_password: str | None = None
    """The reference of the certificate's password."""

    thumbprint: str | None = None
    """The thumbprint of the certificate."""

    personal_access_token: str | None = None
    """The reference of the personal access token."""

    function_key: str | None = None
    """The reference of the function key."""

    system_key: str | None = None
    """The reference of the system key."""

    api_key: str | None = None
    """The reference of the API key."""

    key_json: str | None = None
    """The reference of the service account key in JSON."""

    provider: str | None = None
    """The workload identity provider."""

    entra_audience: str | None = None
    """The audience of the Entra token that is exchanged."""

    service_account_email: str | None = None
    """The service account to act as."""

    source_key: str | None = None
    """The reference of the key of the source account."""

    target_service_account_email: str | None = None
    """The service account that is impersonated."""

    role_arn: str | None = None
    """The ARN of the AWS role that is assumed."""

    session_name: str | None = None
    """The name of the role session in the logs of AWS; polysync by default."""

    external_id: str | None = None
    """The external id that the trust policy of the AWS role expects."""

    access_key_id: str | None = None
    """The id of the AWS access key, or its reference."""

    secret_access_key: str | None = None
    """The reference of the secret access key."""

    session_token: str | None = None
    """The reference of the session token of a temporary AWS access key."""

    token: str | None = None
    """The reference of the token."""

    role_id: str | None = None
    """The reference of the role id."""

    secret_id: str | None = None
    """The reference of the secret id."""

    username: str | None = None
    """The name of the user."""

    password: str | None = None
    """The reference of the password."""

    mount: str | None = None
    """The path at which the sign-in method is mounted."""


class Backfill(Model):
    """The outcome or the plan of a backfill."""

    backfill_id: str
    """The id of the backfill; all of its runs have it."""

    schedule: str
    """The schedule whose fire times were filled."""

    dry_run: bool
    """True if nothing was created."""

    count: int
    """The number of fire times in the range."""

    created: int
    """The number of runs that the request created."""

    existing: int
    """The number of runs that existed before."""

    runs: list[BackfilledRun]
    """The fire times with their runs, oldest first."""


class BackfillProgress(Model):
    """A backfill with the progress of its runs."""

    backfill_id: str
    """The id of the backfill; all of its runs have it."""

    task: str
    """The Task."""

    schedule: str
    """The schedule whose fire times were filled."""

    from_: datetime = Field(alias="from")
    """The start of the range."""

    to: datetime
    """The end of the range, exclusive."""

    requested_at: datetime
    """The time of the first request."""

    requested_by: str
    """The caller of the newest request."""

    order: BackfillOrder
    """The order in which the runs start."""

    max_concurrent_runs: int | None
    """The maximum number of its runs at the same time."""

    count: int
    """The number of fire times in the range."""

    runs: dict[str, int]
    """The number of runs of each status."""

    is_done: bool
    """True if every run has ended."""

    cancelled_at: datetime | None
    """The time at which the backfill was cancelled."""

    cancelled_by: str | None
    """The caller who cancelled the backfill."""


class BackfilledRun(Model):
    """A fire time of a backfill and its run."""

    scheduled_time: datetime
    """The fire time in UTC."""

    local_time: datetime
    """The fire time in the time zone of the schedule."""

    note: str | None = Field(alias="remark")
    """A note about daylight saving time."""

    run_id: str | None
    """The run of the fire time; null in a dry run if it does not exist."""

    exists: bool
    """True if the run existed before the request."""


class Broken(Model):
    """A stored definition that this version cannot read: replace it or delete it."""

    reason: str
    """The wrong fields."""

    content: dict[str, Any]
    """The stored document as it is; the fields beside have placeholders for wrong values."""


class Calendar(Model):
    """Dates, in the zone of each schedule, on which linked schedules do not fire."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    dates: list[date] | None = None
    """The excluded days."""

    ranges: list[DateRange] | None = None
    """The excluded ranges of days."""


class ClockChange(Model):
    """A clock change that affects fire times."""

    at: datetime
    """The instant of the change."""

    count: int
    """The number of fire times with a remark about the change."""

    fire_times: list[CronFireTime]
    """The first of these fire times."""


class Collecting(Model):
    """The events that an arrival collects at present."""

    count: int
    """The number of events."""

    first_at: datetime
    """The time at which the first event was received."""

    last_at: datetime
    """The time at which the last event was received."""

    starts_at: datetime | None
    """The start if no further event comes; null while the batch waits for further events."""

    sentence: str
    """The state of the batch in words."""


class ConcurrencyProfile(Model):
    """Limits the number of concurrent runs."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    scope: Scope | None = None
    """The scope of the limit: every Platform alone, or all together."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    type: Literal["Concurrency"] | str
    """The type of the object."""

    settings: ConcurrencySettings
    """The settings of the type."""


class ConcurrencySettings(Model):
    """The maximum number of concurrent runs."""

    queue_size_limit: int | None = None
    """The maximum number of runs that may wait for the limit; empty for no limit."""

    queue_timeout_seconds: int | None = None
    """The longest wait of a run in seconds; empty for no limit."""

    exceed_action: ExceedAction | None = None
    """The treatment of a run that exceeds the limit."""

    max_concurrent_tasks: int
    """The maximum number of attempts that may run at once."""

    window_seconds: int | None = None
    """The windows of `DeferToNextWindow`, counted from 1970-01-01T00:00Z."""


class ConnectionTest(Model):
    """The result of a connection test; a target that fails is a result, not an error."""

    ok: bool
    """True if the target answered as expected."""

    message: str
    """The result as a sentence, with the remedy after a failure."""

    latency_ms: int
    """The duration of the test in milliseconds."""

    platform_message: str | None
    """The platform's own words about a failure, without secrets; null if there are none."""


class Consequence(Model):
    """An effect of a change that its fields do not show."""

    kind: ConsequenceKind
    """The subject of the effect."""

    text: str
    """The effect in words."""


class Counter(Model):
    """The usage of a profile for one Platform, or for all Platforms together."""

    platform: str | None
    """The Platform; null for all Platforms together."""

    used: int
    """The used part of the limit."""

    limit: int
    """The limit."""

    holders: list[Lease]
    """The first 100 leases that use the slots; empty for a rate."""

    queue_length: int
    """The number of runs that the profile blocks."""

    queue: list[WaitingRun]
    """The first 100 runs that the profile blocks, the next one first."""

    next_start: datetime | None
    """The next start that a rate permits."""


class CreateTask(Model):
    """The body of a request that creates a Task."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    parameters: dict[str, Any] | None = None
    """The values of the Task's parameters."""


class CronFireTime(Model):
    """A fire time of a cron expression."""

    scheduled_time: datetime
    """The fire time in UTC."""

    local_time: datetime
    """The fire time in the time zone."""

    note: str | None = Field(alias="remark")
    """A note about daylight saving time."""

    excluded: str | None
    """The calendar that excludes the fire time."""


class DatabricksRuns(Model):
    """Runs of a Databricks job of the environment, newest first."""

    runs: list[dict[str, Any]]
    """The runs as Databricks describes them."""


class DatabricksStatus(Model):
    """The newest run of a Databricks job of the environment."""

    status: str | None
    """The life-cycle state of the run; null before the first run."""

    run: dict[str, Any] | None
    """The run as Databricks describes it; null before the first run."""


class Dataset(Model):
    """A data set of an artefact; its texts may hold `${parameters.NAME}` and run variables."""

    namespace: str
    """The store of the data set, such as `abfss://sales@lake.dfs.core.windows.net`."""

    name: str
    """The name of the data set in its store, such as `bronze/orders`."""


class DateRange(Model):
    """A range of dates; both ends are included."""

    from_: date = Field(alias="from")
    """The first day."""

    to: date
    """The last day."""


class DeadlineReport(Model):
    """A deadline of a Task that was missed."""

    task: str
    """The Task."""

    kind: DeadlineKind
    """Late: not finished in time. Missing: not started in time."""

    deadline: datetime
    """The deadline."""

    scheduled_time: datetime | None
    """The first fire time that missed the deadline."""

    run_id: str | None
    """The run of this fire time; null without a run."""

    count: int
    """The number of fire times that missed the deadline; of deadlines, in a summary."""

    cause: MissCause
    """The state of the run when the deadline passed."""

    reason: str
    """The miss, as a sentence."""

    reported_at: datetime
    """The time of the check that found the miss."""

    recovered_at: datetime | None
    """The time of the check that found a later success or start."""


class DeadlineResult(Model):
    """The result of a deadline that has passed."""

    kind: DeadlineKind
    """Late: the runs had to succeed by then. Missing: a run had to start by then."""

    at: datetime
    """The deadline."""

    is_met: bool
    """False if the deadline was missed."""

    cause: MissCause | None
    """The state of the run when the deadline was missed."""

    run_id: str | None
    """The run of the first fire time that missed the deadline."""

    reason: str | None
    """The miss, as a sentence."""

    recovered_at: datetime | None
    """The time of the check that found a later success or start."""


class Deliveries(Model):
    """The recent attempts of a webhook or a receiver."""

    items: list[Delivery]
    """The attempts, newest first; their number is bounded."""


class Delivery(Model):
    """One attempt to deliver an event or a message."""

    at: datetime
    """The time of the attempt."""

    event_id: str
    """The id of the event."""

    kind: str
    """The kind of the event, such as `run.failed`, or of the message, such as `Failed (50)`."""

    run_id: str | None
    """The run of the event."""

    attempt: int
    """The number of the attempt; 1 is the first."""

    result: DeliveryResult
    """`Accepted`, `Failed` (tried again) or `Abandoned` (the last attempt)."""

    error: str | None
    """The reason why it was not accepted."""


class Dependency(Model):
    """An edge of the graph: an upstream Task and the required outcome."""

    task: str
    """The upstream Task."""

    condition: (
        Literal["OnSuccess", "OnFailure", "OnCompletion", "OnSkipped", "Always"]
        | str
        | list[Literal["OnSuccess", "OnFailure", "OnCompletion", "OnSkipped", "Always"] | str]
        | None
    ) = None
    """One condition, or a list of conditions of which one must be met."""

    when: str | None = None
    """An expression over the outputs of the upstream run, as `row_count > 0`."""

    take: Take | None = None
    """The outcomes that are used, if the upstream belongs to another graph run."""

    within_seconds: int | None = None
    """With Newest, the maximum age of the outcome. With Window, the maximum wait for outcomes."""

    mappings: list[Mapping] | None = None
    """The outputs of the upstream run that become parameters."""


class DependencyEdge(Model):
    """A dependency between two Tasks."""

    from_: str = Field(alias="from")
    """The upstream Task."""

    to: str
    """The dependent Task."""

    condition: (
        Literal["OnSuccess", "OnFailure", "OnCompletion", "OnSkipped", "Always"]
        | str
        | list[Literal["OnSuccess", "OnFailure", "OnCompletion", "OnSkipped", "Always"] | str]
    )
    """The required outcome, or a list of outcomes of which one is required."""

    when: str | None
    """The expression over the outputs of the upstream run that must be true."""

    take: Take
    """The outcomes that the dependency uses."""

    mappings: list[OutputMapping]
    """The outputs that are passed on."""


class Drift(Model):
    """Some Jobs of a Platform, or some artefacts that no Job runs."""

    jobs: list[JobDrift]
    """The Jobs by name, also those without a difference."""

    artefacts: list[UnusedArtefact]
    """Artefacts that no Job runs; they come after all Jobs."""

    unlisted: list[str]
    """The reasons why some artefacts could not be listed."""

    continuation_token: str | None
    """Continues the comparison; null at its end."""


class DroppedRun(Model):
    """A run that a limit ended before it started."""

    run_id: str
    """The id of the run."""

    task: str | None
    """The Task of the run."""

    at: datetime
    """The time at which the run was accepted."""

    cause: FailureCause | None
    """The cause of the failure."""

    error: str | None
    """The error, which names the limit."""


class EmailReceiver(Model):
    """People with e-mail addresses."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    events: NotificationFilter | None = None
    """The notifications to send."""

    grouping: Grouping | None = None
    """The rule that joins and limits the messages."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    type: Literal["Email"] | str
    """The type of the object."""

    to: list[str]
    """The addresses that receive the messages."""

    sender: str
    """The address that sends the messages."""

    service: MailService
    """The service that sends the messages."""

    endpoint: str | None = None
    """The address of the Azure Communication Services resource."""

    access_key: str | None = None
    """The reference of its access key; empty signs in as the app's managed identity."""

    host: str | None = None
    """The name of the SMTP server."""

    port: int | None = None
    """The port of the SMTP server; empty is 587, or 465 with `Tls`."""

    security: SmtpSecurity | None = None
    """The encryption of the connection; empty is `StartTls`."""

    username: str | None = None
    """The user name for the SMTP server; empty signs in nowhere."""

    password: str | None = None
    """The reference of the password for the SMTP server."""


class EventFilter(Model):
    """Filters events: every part must match, and an empty part matches every event."""

    tasks: list[str] | None = None
    """Only events of these Tasks."""

    statuses: list[RunStatus] | None = None
    """The new statuses of a run."""

    problems: bool | None = None
    """True if the begin and the end of a run's problem are events, too."""

    deadlines: bool | None = None
    """True if missed deadlines and their recoveries are events, too."""

    drift: bool | None = None
    """True to receive the drift of Jobs, too, which the nightly check finds."""

    tags: dict[str, str] | None = None
    """Tags that the Task of the run must have, with these values; for drift, the Job."""


class EventOutcome(Model):
    """The outcome of an event for one arrival of a Task."""

    task: str
    """The Task."""

    arrival: str
    """The arrival of the Task."""

    outcome: ArrivalOutcome
    """The outcome."""

    reason: str
    """The reason of the outcome, in words."""

    run_id: str | None
    """The run that the event has started."""


class ExcludedDate(Model):
    """A date on which a calendar excludes fire times."""

    date: date
    """The date in the time zone."""

    calendar: str
    """The calendar."""

    count: int
    """The number of fire times on the date."""


class ExcludedDay(Model):
    """The fire times of a schedule on a day that a calendar excludes."""

    task: str
    """The Task of the schedule."""

    schedule: str
    """The name of the schedule."""

    calendar: str
    """The calendar."""

    day: date
    """The day in the zone of the schedule."""

    first: datetime
    """The first excluded fire time."""

    count: int
    """The number of excluded fire times; at most about 10000."""


class Expectation(Model):
    """The deadlines of a Task's runs; a missed one becomes an event, an alert and a mark."""

    finished_by: str | None = None
    """The time of day by which the runs of the fire times before it have succeeded."""

    time_zone: str | None = None
    """The zone of `finishedBy`; empty = the zone of the Task or of its schedules."""

    started_within_seconds: int | None = None
    """The seconds after a fire time within which its run has started."""

    duration_within: int | str | None = None
    """The longest normal duration of an attempt: seconds, or `p95x2`."""


class Explanation(Model):
    """The reasons why a run waits."""

    run_id: str
    """The run."""

    status: RunStatus
    """The status of the run."""

    waiting_for: list[WaitReason]
    """The reasons; empty if the run does not wait."""

    position: int | None
    """The position among the runs with the same limits; 1 is next."""

    next_possible_time: datetime | None
    """The earliest start; null if it depends on the end of other runs."""

    sentences: list[str]
    """The explanation in sentences."""


class FailedPart(Model):
    """The failure of a task, activity or action, or of the whole artefact."""

    part: str
    """The name of the part; empty for the whole artefact."""

    error: str
    """The error in the platform's words."""

    trace: str
    """The stack trace or the log, the failure at its end."""


class FailureGroup(Model):
    """Failed runs of one Task or Job that have one cause and one error."""

    task: str | None
    """The Task; null for runs of a Job without a Task."""

    job: str
    """The Job."""

    platform: str
    """The Platform."""

    cause: FailureCause | None
    """The cause of the failures."""

    error: str
    """The error of the newest run; numbers and ids may differ in the others."""

    count: int
    """The number of runs."""

    first_at: datetime
    """The acceptance of the oldest run."""

    last_at: datetime
    """The acceptance of the newest run."""

    run_ids: list[str]
    """The newest runs of the group, at most a hundred."""


class FailureGroups(Model):
    """The groups of the newest failed runs."""

    groups: list[FailureGroup]
    """The groups, the largest first."""

    examined: int
    """The number of runs in all groups."""

    is_complete: bool
    """False if older failed runs of the period were not read."""


class FieldDifference(Model):
    """A field that an update changes."""

    path: str
    """The path of the field within the definition."""

    before: Any
    """The value before."""

    after: Any
    """The value after."""


class FireTime(Model):
    """A future fire time of a schedule."""

    schedule: str
    """The schedule."""

    scheduled_time: datetime
    """The fire time in UTC."""

    local_time: datetime
    """The fire time in the time zone of the schedule."""

    time_zone: str
    """The IANA time zone of the schedule."""

    starts_at: datetime
    """The fire time plus the jitter of the schedule."""

    note: str | None = Field(alias="remark")
    """A note about daylight saving time."""

    excluded: str | None
    """The calendar that excludes the fire time."""


class FireTimes(Model):
    """The next fire times of a Task."""

    items: list[FireTime]
    """The items of the page."""

    continuation_token: str | None
    """Continues the list as the query parameter `continuationToken`; null on the last page."""

    notes: list[str]
    """Sentences about schedules that will not fire, and about unexpected effects of expressions."""


class GateEdge(Model):
    """An input of a gate."""

    upstream: str
    """The upstream Task, or `@schedule` for the Task's own schedules."""

    condition: (
        Literal["OnSuccess", "OnFailure", "OnCompletion", "OnSkipped", "Always"]
        | str
        | list[Literal["OnSuccess", "OnFailure", "OnCompletion", "OnSkipped", "Always"] | str]
    )
    """The required outcome, or a list of outcomes of which one is required."""

    when: str | None
    """The expression over the outputs of the upstream run that must be true."""

    take: Take
    """The outcomes that the edge uses."""

    held: int
    """The number of tokens."""

    tokens: list[Token]
    """The first 100 tokens."""


class Graph(Model):
    """Tasks and the dependencies between them."""

    nodes: list[Node]
    """The Tasks, upstream Tasks first."""

    edges: list[DependencyEdge]
    """The dependencies."""


class Grouping(Model):
    """Joins notifications of one cause to one message, and limits the messages."""

    window_seconds: int | None = None
    """The time for which notifications of one kind and cause are collected; 0 sends each alone."""

    max_per_hour: int | None = None
    """The maximum number of messages within an hour; later ones are summarised."""


class Health(Model):
    """The answer of an app that works."""

    status: Literal["ok"] | str
    """Always `ok`."""


class HistoryEntry(Model):
    """One line of a run's history: a change of the status, or a note."""

    at: datetime
    """The time of the change."""

    from_: RunStatus | None = Field(alias="from")
    """The status before; null for the first entry, equal to `to` for a note."""

    to: RunStatus
    """The status after."""

    reason: str
    """The reason, as a sentence."""

    actor: str
    """The caller who caused the change, or `polysync`."""

    attempt: int
    """The number of the attempt; 0 before the first one."""


class Hold(Model):
    """A hold on starts."""

    task: str | None
    """The Task that is held."""

    platform: str | None
    """The platform that is held; without a Task and a platform everything is held."""

    active: bool
    """False in the answer to a release."""

    reason: str
    """The reason of the hold."""

    by: str
    """The caller who made the hold or released it."""

    at: datetime
    """The time of the hold or of its release."""


class Holds(Model):
    """The active holds."""

    items: list[Hold]
    """The holds by name."""


class ImportReport(Model):
    """The outcomes of an import, one list for each result."""

    created: list[ImportedArtefact]
    """The artefacts with a new Job."""

    updated: list[ImportedArtefact]
    """The artefacts whose Job was changed."""

    unchanged: list[ImportedArtefact]
    """The artefacts whose Job was up to date."""

    failed: list[ImportedArtefact]
    """The artefacts that could not be imported."""

    skipped: list[ImportedArtefact]
    """The folders that were not searched, with the reason."""

    continuation_token: str | None
    """Continues the import; null after the last artefact."""


class ImportedArtefact(Model):
    """The outcome of the import of one artefact."""

    result: ImportResult
    """The outcome."""

    external_id: str
    """The platform's own id of the artefact."""

    requested: list[str] | None = None
    """The given external ids that name the artefact; several spellings may name one artefact."""

    job_type: str | None
    """The type of the Job; null if the artefact was not found."""

    job: str | None
    """The Job; null if none was created."""

    difference: SchemaDifference
    """The change of the parameters."""

    notes: list[str]
    """Facts about the reading of the artefact, such as a part that could not be read."""

    complete: bool | None = None
    """False if the artefact may read other parameters, as the notes say. Then no parameter is
    removed, unless the request has `remove`. The field is left out if it is true.
    """

    tasks: list[IncompatibleTask]
    """The Tasks because of which a part of the schema was not changed."""

    error: str | None
    """The error of a failed import, or the reason why a folder was not searched."""

    definition: dict[str, Any] | None = None
    """The Job as it appears in a document; only in a dry run."""


class IncompatibleTask(Model):
    """A Task that contradicts the present parameters of the artefact."""

    task: str
    """The Task."""

    problems: list[ProblemItem]
    """The contradictions."""


class Job(Model):
    """A template of one artefact on one platform."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    platform: str
    """The Platform that runs the artefact."""

    job_type: str
    """The type of the artefact."""

    external_id: str
    """The platform's own id of the artefact."""

    parameters: list[Parameter] | None = None
    """The schema of the parameters."""

    settings: dict[str, Any] | None = None
    """The settings of the type."""

    keep_errors: bool | None = None
    """True if the failure details of each attempt are stored when it ends."""

    unknown_parameters: UnknownParameters | None = None
    """The treatment of a run with a value for a parameter that the artefact no longer has."""

    tags: dict[str, str] | None = None
    """Free labels as key and value."""

    inputs: list[Dataset] | None = None
    """The data sets that the artefact reads, for lineage."""

    outputs: list[Dataset] | None = None
    """The data sets that the artefact writes, for lineage."""


class JobDrift(Model):
    """The difference between a Job and its artefact."""

    job: str
    """The Job."""

    platform: str
    """The Platform of the Job."""

    job_type: str
    """The type of the Job."""

    external_id: str
    """The platform's own id of the artefact."""

    state: DriftState
    """The result of the comparison; `unknown` if the artefact could not be read."""

    difference: SchemaDifference
    """The changes that the Job lacks."""

    notes: list[str]
    """Facts about the reading of the artefact, such as a part that could not be read."""

    complete: bool | None = None
    """False if the artefact may read other parameters, as the notes say. The field is left out
    if it is true.
    """

    unseen: list[str]
    """The parameters that an incomplete reading did not find; they may exist."""

    tasks: list[IncompatibleTask]
    """The Tasks that contradict the artefact, such as by values that nothing reads any more."""

    error: str | None
    """The reason why the artefact is gone or could not be read."""


class JobKey(Model):
    """A job key of the environment."""

    task_type: TaskType | None
    """The type of the job's task, which decides the field of the parameters; null if not set."""

    params: dict[str, Any] | None
    """The JSON Schema of the parameters; null without a schema."""

    platform: str | None
    """The stored Platform that has the job; null for the workspace of the environment."""

    has_job_id: bool
    """The variable of the key holds a job id; without one, every call answers 404."""


class JobKeys(Model):
    """The job keys of the environment. A stored Job of the same name wins over a key."""

    jobs: dict[str, JobKey]
    """The keys with their options, as AppKit's own configuration for clients shows them."""


class JobRuns(Model):
    """Runs of a stored Job without a Task, newest first."""

    runs: list[TaskRun]
    """The runs of the page."""

    continuation_token: str | None
    """Continues the list as the query parameter `continuationToken`; null on the last page."""


class JobStatus(Model):
    """The newest run of a stored Job."""

    status: RunStatus | None
    """The status of the run; null before the first run."""

    run: TaskRun | None
    """The run; null before the first run."""


class LastRun(Model):
    """The newest run of a Task."""

    run_id: str
    """The id of the run."""

    status: RunStatus
    """The status of the run."""

    finished_at: datetime | None
    """The time at which the run ended."""


class LastTest(Model):
    """The last test of a stored definition."""

    at: datetime
    """The time of the test."""

    ok: bool
    """True if the target answered as expected."""

    message: str
    """The result as a sentence."""

    latency_ms: int
    """The duration of the test in milliseconds."""


class Lease(Model):
    """The right of one attempt to run."""

    run_id: str
    """The run."""

    attempt: int
    """The number of the attempt."""

    task: str | None
    """The Task; null for a run of a Job without a Task."""

    platform: str
    """The Platform."""

    weight: int
    """The number of slots that the attempt uses."""

    since: datetime
    """The time at which the attempt got the lease."""


class Logs(Model):
    """The failure of an attempt in the platform's words, without secrets."""

    run_id: str
    """The id of the run."""

    attempt: int | None
    """The number of the attempt; null before the first one."""

    status: RunStatus
    """The status of the attempt, or of a run without attempts."""

    cause: FailureCause | None
    """The cause of the failure."""

    error: str | None
    """The error of the attempt."""

    monitor_url: str | None
    """The page of the attempt in the platform's own user interface."""

    state: DetailsState
    """The result of the request."""

    message: str
    """The result as a sentence."""

    parts: list[FailedPart]
    """The failed parts."""

    note: str | None
    """The reason why something is missing."""


class MappedInput(Model):
    """The output of an upstream run that supplied a parameter."""

    task: str
    """The upstream Task."""

    run_id: str
    """The run of the upstream Task."""

    output: str
    """The name of the output."""


class Mapping(Model):
    """Copies an output of the upstream run into an input of this Task's run."""

    output: str
    """The output of the upstream Task."""

    input: str
    """The parameter of the dependent Task."""


class MissedDeadline(Model):
    """A deadline of the Task that the run missed."""

    kind: DeadlineKind
    """Late: not finished in time. Missing: not started in time. Slow: longer than normal."""

    deadline: datetime
    """The deadline."""

    noticed_at: datetime
    """The time at which Polysync found that the deadline was missed."""


class MissedListOfDeadlineReport(Model):
    """The schema `MissedList_DeadlineReportView_` of the API."""

    items: list[DeadlineReport]
    """The items, newest first."""

    is_complete: bool
    """False if older items may exist within the period."""


class MissedListOfDroppedRun(Model):
    """The schema `MissedList_DroppedRunView_` of the API."""

    items: list[DroppedRun]
    """The items, newest first."""

    is_complete: bool
    """False if older items may exist within the period."""


class MissedListOfExcludedDay(Model):
    """The schema `MissedList_ExcludedDayView_` of the API."""

    items: list[ExcludedDay]
    """The items, newest first."""

    is_complete: bool
    """False if older items may exist within the period."""


class MissedListOfPoisonMessage(Model):
    """The schema `MissedList_PoisonMessageView_` of the API."""

    items: list[PoisonMessage]
    """The items, newest first."""

    is_complete: bool
    """False if older items may exist within the period."""


class MissedListOfSkippedGroup(Model):
    """The schema `MissedList_SkippedGroupView_` of the API."""

    items: list[SkippedGroup]
    """The items, newest first."""

    is_complete: bool
    """False if older items may exist within the period."""


class MissedListOfSkippedRun(Model):
    """The schema `MissedList_SkippedRunView_` of the API."""

    items: list[SkippedRun]
    """The items, newest first."""

    is_complete: bool
    """False if older items may exist within the period."""


class MissedListOfStoppedSchedule(Model):
    """The schema `MissedList_StoppedScheduleView_` of the API."""

    items: list[StoppedSchedule]
    """The items, newest first."""

    is_complete: bool
    """False if older items may exist within the period."""


class MissedWork(Model):
    """The work that did not happen since a time."""

    since: datetime
    """The start of the examined period."""

    skipped: MissedListOfSkippedGroup
    """Skipped runs by root cause."""

    fire_times: MissedListOfSkippedRun
    """Fire times without a run."""

    stopped: MissedListOfStoppedSchedule
    """Paused and disabled schedules, by Task."""

    dropped: MissedListOfDroppedRun
    """Runs that a limit rejected, or that waited for a limit too long."""

    excluded: MissedListOfExcludedDay
    """Fire times that calendars exclude, by the present definitions."""

    messages: MissedListOfPoisonMessage
    """Queue messages that could not be processed."""

    deadlines: MissedListOfDeadlineReport
    """Late and missing runs, by their deadlines."""


class NextDeadline(Model):
    """A deadline in the future."""

    kind: DeadlineKind
    """Late: the runs shall succeed by then. Missing: a run shall start by then."""

    at: datetime
    """The deadline."""


class Node(Model):
    """A Task of the graph, or a deleted Task as its last run describes it."""

    task: str
    """The Task."""

    job: str
    """The Job of the Task."""

    platform: str | None
    """The Platform of the Job; null if the Job is missing."""

    job_type: str | None
    """The type of the Job; null if the Job is missing."""

    enabled: bool
    """False if the Task is switched off."""

    schedules: int
    """The number of schedules."""

    paused_schedules: int | None = None
    """The number of paused schedules; absent if 0."""

    disabled_schedules: int | None = None
    """The number of schedules that are switched off; absent if 0."""

    broken: str | None = None
    """The fault of a stored Task that this version cannot read; otherwise absent."""

    last_run: LastRun | None
    """The newest run; in the graph of a graph run, the newest run of that graph run."""

    next_fire_time: datetime | None
    """The next fire time of the Task's schedules."""


class NotificationFilter(Model):
    """Filters notifications: every part must match, and an empty part matches every one."""

    kinds: list[NotificationKind] | None = None
    """The kinds of notification; an empty list is every kind."""

    tasks: list[str] | None = None
    """The Tasks of the runs."""

    platforms: list[str] | None = None
    """The Platforms of the runs."""

    tags: dict[str, str] | None = None
    """Tags that the Task of the run must have, with these values."""

    waiting_seconds: int | None = None
    """The time in the queue after which a run waits too long."""


class OutputMapping(Model):
    """An output of the upstream run that becomes a parameter of the dependent run."""

    output: str
    """The output of the upstream Task."""

    input: str
    """The parameter of the dependent Task."""


class Parameter(Model):
    """One entry of a job's parameter schema."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    data_type: DataType | None = None
    """The type of the value."""

    direction: Direction | None = None
    """The direction: into the run, out of the run, or both."""

    default: Any = None
    """The value if neither the Task nor the request gives one."""

    description: str | None = None
    """Free text for people."""

    required: bool | None = None
    """True if a run needs a value for the parameter."""

    sensitive: bool | None = None
    """True if the output of this name is never stored."""

    missing: bool | None = None
    """True if the last import did not find the parameter in the artefact."""


class ParameterChange(Model):
    """An attribute of a parameter before and after an import."""

    name: str
    """The parameter."""

    before: Any
    """The value before."""

    after: Any
    """The value after."""


class Parent(Model):
    """An upstream run whose outcome started the run."""

    task: str
    """The upstream Task."""

    run_id: str
    """The run of the upstream Task."""


class Pause(Model):
    """A pause of a schedule."""

    reason: str
    """The reason, as the caller gave it."""

    at: datetime
    """The time at which the schedule was paused."""

    by: str
    """The caller who paused it."""


class Plan(Model):
    """The planned or executed changes, one list for each action."""

    dry_run: bool
    """True if nothing was written."""

    plan_token: str | None = None
    """Executes exactly this plan as the parameter `planToken`; only in a dry run."""

    create: list[PlannedChange]
    """The definitions to create."""

    update: list[PlannedChange]
    """The definitions to change."""

    unchanged: list[PlannedChange]
    """The definitions that are up to date."""

    delete: list[PlannedChange]
    """The definitions to delete."""

    warnings: list[ProblemItem]
    """Warnings about the definitions, which prevent nothing."""

    consequences: list[Consequence] | None = None
    """Effects beyond the changed fields; only in the plan of one definition."""


class PlannedChange(Model):
    """The change of one definition."""

    kind: str
    """The kind of the definition, such as `task`."""

    name: str
    """The name of the definition."""

    differences: list[FieldDifference] | None = None
    """The changed fields; only an update has them."""


class Platform(Model):
    """A connection to an external execution service: type, auth method and attributes."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    type: str
    """The type of the object."""

    auth: Auth | None = None
    """The default is the identity of the app, which needs no secret."""

    attributes: dict[str, Any] | None = None
    """The attributes of the type, such as the address of the service."""

    contention_profiles: list[str] | None = None
    """The limits of all runs on the Platform."""

    shard: str | None = None
    """The Dispatcher that starts the runs of this platform (ADR 1)."""


class PlatformRun(Model):
    """A run as the platform lists it, without its outputs."""

    external_run_id: str
    """The platform's own id of the run."""

    provider_status: ProviderStatus
    """The status that Polysync decodes from the state."""

    provider_state: str
    """The state in the platform's own words."""

    message: str | None
    """The platform's message about the state."""

    monitor_url: str | None
    """The page of the run in the platform's own user interface."""

    started_at: datetime | None
    """The time at which the run started."""

    finished_at: datetime | None
    """The time at which the run ended."""


class PlatformRuns(Model):
    """Runs that a platform lists, newest first."""

    items: list[PlatformRun]
    """The items of the page."""

    continuation_token: str | None
    """Continues the list as the query parameter `continuationToken`; null on the last page."""

    note: str | None
    """The reason why older runs were not searched."""


class PoisonMessage(Model):
    """A message that was abandoned after every attempt to process it failed."""

    at: datetime
    """The time at which the message was abandoned."""

    queue: str
    """The queue of the message."""

    message_id: str
    """The queue's own id of the message."""

    reason: str
    """The reason why the message was abandoned."""

    payload: str
    """The text of the message."""


class Problem(Model):
    """The failure that keeps a run from going on."""

    step: ProblemStep
    """The step that fails."""

    kind: ProblemKind
    """The kind of the failure."""

    target: str
    """The service that failed, such as `vault team` or `platform lakehouse`."""

    message: str
    """The error of the last try, with its remedy."""

    since: datetime
    """The first failed try in the row."""

    tries: int
    """The number of failed tries in the row."""

    last_try_at: datetime
    """The last try."""

    next_try_at: datetime | None
    """The next try."""

    given_up_at: datetime | None
    """The end of the attempt if the problem lasts; null if Polysync does not give up."""

    text: str
    """The problem in one sentence."""


class ProblemItem(Model):
    """One problem of a request."""

    path: str
    """The place of the problem, such as `tasks[2].schedules[0].cron`; empty for the whole."""

    message: str
    """The problem and its remedy."""


class RateLimitProfile(Model):
    """Limits the number of starts within a rolling window."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    scope: Scope | None = None
    """The scope of the limit: every Platform alone, or all together."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    type: Literal["RateLimit"] | str
    """The type of the object."""

    settings: RateLimitSettings
    """The settings of the type."""


class RateLimitSettings(Model):
    """The maximum number of starts within a rolling window."""

    queue_size_limit: int | None = None
    """The maximum number of runs that may wait for the limit; empty for no limit."""

    queue_timeout_seconds: int | None = None
    """The longest wait of a run in seconds; empty for no limit."""

    exceed_action: ExceedAction | None = None
    """The treatment of a run that exceeds the limit."""

    algorithm: Algorithm | None = None
    """The algorithm that counts starts."""

    limit: int
    """The maximum number of starts within the window."""

    window_seconds: int
    """The length of the window in seconds."""

    burst: int | None = None
    """Maximum number of simultaneous starts (`TokenBucket`); empty = `limit`."""

    refill_interval_seconds: float | None = None
    """Seconds between refills (`TokenBucket`); empty = continuous refill."""


class ReceivedEvent(Model):
    """An event that was received."""

    id: str
    """The id of the event."""

    source: str
    """The source of the event."""

    outcomes: list[EventOutcome]
    """The outcomes of the event; empty if no Task waits for it."""


class ReceivedEvents(Model):
    """The events of one request, which are received."""

    items: list[ReceivedEvent]
    """The events in the order of the request."""


class Retry(Model):
    """The retry policy of failed attempts."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    max_retry_attempts: int | None = None
    """Maximum number of retries before the run fails."""

    backoff: Backoff | None = None
    """The growth of the wait before a retry."""

    initial_delay_seconds: int | None = None
    """The wait before the first retry."""

    max_delay_seconds: int | None = None
    """The longest wait before a retry."""

    jitter: bool | None = None
    """Shortens each delay by a random part, so that runs do not retry at the same time."""

    max_infrastructure_attempts: int | None = None
    """Separate retry budget for infrastructure failures; empty = they count in
    `maxRetryAttempts`.
    """


class RootCause(Model):
    """The run at the beginning of a chain of skipped runs."""

    task: str
    """The Task of the run."""

    run_id: str
    """The id of the run."""

    status: RunStatus
    """The outcome of the run."""


class RootRun(Model):
    """The first run of a chain of skipped runs."""

    task: str
    """The Task of the run."""

    run_id: str
    """The id of the run."""

    status: RunStatus
    """The status of the run."""

    error: str
    """The error of the run, or the reason of its status."""


class RunOutputs(Model):
    """The outputs of a run of a job."""

    tasks: list[TaskOutput]
    """The outputs of the tasks, at most 25."""


class Schedule(Model):
    """One schedule of a Task."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    id: str | None = None
    """The identity, which survives a rename; empty = the name. Polysync sets it at a rename."""

    description: str | None = None
    """Free text for people."""

    cron: str
    """The cron expression of five fields."""

    time_zone: str | None = None
    """The IANA time zone of the expression."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    start_at: datetime | None = None
    """No fire time before this time."""

    end_at: datetime | None = None
    """No fire time after this time."""

    misfire: Misfire | None = None
    """The treatment of fire times that were missed."""

    catch_up_seconds: int | None = None
    """Maximum age of a missed fire time that still starts a run."""

    overlap: Overlap | None = None
    """The treatment of a fire time while a run of the schedule is active."""

    gap: Gap | None = None
    """The treatment of a local time that daylight saving skips."""

    fold: Fold | None = None
    """The treatment of a local time that daylight saving repeats."""

    jitter_seconds: int | None = None
    """The longest random delay of a start."""

    parameters: dict[str, Any] | None = None
    """Values for the runs of this schedule; they override those of the Task."""

    calendars: list[str] | None = None
    """The schedule does not fire on the dates of these calendars."""

    pause_after_failures: int | None = None
    """Number of consecutive failed runs that pauses the schedule; empty = never."""


class ScheduleStatus(Model):
    """A schedule of a Task with its progress."""

    name: str
    """The name of the schedule within its Task."""

    cron: str
    """The cron expression."""

    time_zone: str
    """The IANA time zone of the cron expression."""

    enabled: bool
    """False if the definition switches the schedule off."""

    task_enabled: bool
    """False if the Task is switched off; then none of its schedules fires."""

    paused: Pause | None
    """The pause; null if the schedule is not paused."""

    next_fire_time: datetime | None
    """The next fire time; null if the schedule will not fire in its present state."""

    last_fire_time: datetime | None
    """The last fire time that was processed."""


class SchemaDifference(Model):
    """The difference between the parameters of a Job and those of its artefact."""

    added: list[str]
    """The new parameters."""

    removed: list[str]
    """The parameters that the artefact no longer has."""

    type_changed: list[ParameterChange]
    """The parameters with another data type."""

    default_changed: list[ParameterChange]
    """The parameters with another default."""

    missing_changed: list[ParameterChange] | None = None
    """The parameters that are missing in the artefact since this import, or no longer."""


class Section(Model):
    """A section of the documentation."""

    page: str
    """The file of the page, as `docs/reference/runs.md`."""

    section: str
    """The headings that lead to the section."""

    excerpt: str
    """The beginning of the section."""


class Skip(Model):
    """The reason why a run was skipped."""

    kind: SkipKind
    """The rule that skipped the run."""

    root: RootCause | None
    """The first run of the chain; null unless an upstream is the cause."""


class SkippedGroup(Model):
    """The runs that one root cause skipped."""

    root: RootRun
    """The first run of the chain."""

    graph_run_id: str
    """The graph run of the newest skipped run."""

    at: datetime
    """The time at which the newest run was skipped."""

    is_by_design: bool
    """True if a branch was not taken because its condition was not met."""

    recovered_by: str | None
    """A later run of the root's Task that succeeded."""

    runs: list[SkippedRun]
    """The skipped runs, upstream runs first."""


class SkippedRun(Model):
    """A run that was skipped."""

    run_id: str
    """The id of the run."""

    task: str | None
    """The Task of the run."""

    kind: SkipKind | None
    """The rule that skipped the run."""

    schedule: str | None
    """The schedule whose fire time was skipped."""

    scheduled_time: datetime | None
    """The fire time, or the last of several fire times."""

    at: datetime
    """The time at which the run was skipped."""

    reason: str
    """The reason, as a sentence."""


class SlackReceiver(Model):
    """A channel of Slack, by an incoming webhook."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    events: NotificationFilter | None = None
    """The notifications to send."""

    grouping: Grouping | None = None
    """The rule that joins and limits the messages."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    type: Literal["Slack"] | str
    """The type of the object."""

    url: str
    """The reference of the incoming webhook's URL, which is a secret."""


class StartedDatabricksRun(Model):
    """A run of a Databricks job of the environment that Databricks accepted."""

    run_id: int | str | None = None
    """The id that Databricks gave the run; absent if its answer was empty."""


class StartedJobRun(Model):
    """A run of a stored Job that was accepted."""

    run_id: str
    """The id of the run."""

    status_url: str
    """The path of the run, as in the header `Location`."""


class StoppedSchedule(Model):
    """A schedule that does not fire until a person changes it."""

    task: str
    """The Task of the schedule."""

    schedule: str
    """The name of the schedule."""

    cause: IdleCause
    """The reason why the schedule does not fire."""

    pause: Pause | None
    """The pause; null if the schedule is not paused."""


class StoredCalendar(Model):
    """Dates, in the zone of each schedule, on which linked schedules do not fire."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    dates: list[date] | None = None
    """The excluded days."""

    ranges: list[DateRange] | None = None
    """The excluded ranges of days."""

    etag: str
    """The version, for the header `If-Match`."""

    updated_at: datetime
    """The time of the last write."""

    bundle: str | None = None
    """The bundle that owns the definition and may prune it."""

    broken: Broken | None = None
    """Set if the stored definition breaks a rule."""


class StoredConcurrencyProfile(Model):
    """Limits the number of concurrent runs."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    scope: Scope | None = None
    """The scope of the limit: every Platform alone, or all together."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    type: Literal["Concurrency"] | str
    """The type of the object."""

    settings: ConcurrencySettings
    """The settings of the type."""

    etag: str
    """The version, for the header `If-Match`."""

    updated_at: datetime
    """The time of the last write."""

    bundle: str | None = None
    """The bundle that owns the definition and may prune it."""

    broken: Broken | None = None
    """Set if the stored definition breaks a rule."""


class StoredEmailReceiver(Model):
    """People with e-mail addresses."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    events: NotificationFilter | None = None
    """The notifications to send."""

    grouping: Grouping | None = None
    """The rule that joins and limits the messages."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    type: Literal["Email"] | str
    """The type of the object."""

    to: list[str]
    """The addresses that receive the messages."""

    sender: str
    """The address that sends the messages."""

    service: MailService
    """The service that sends the messages."""

    endpoint: str | None = None
    """The address of the Azure Communication Services resource."""

    access_key: str | None = None
    """The reference of its access key; empty signs in as the app's managed identity."""

    host: str | None = None
    """The name of the SMTP server."""

    port: int | None = None
    """The port of the SMTP server; empty is 587, or 465 with `Tls`."""

    security: SmtpSecurity | None = None
    """The encryption of the connection; empty is `StartTls`."""

    username: str | None = None
    """The user name for the SMTP server; empty signs in nowhere."""

    password: str | None = None
    """The reference of the password for the SMTP server."""

    etag: str
    """The version, for the header `If-Match`."""

    updated_at: datetime
    """The time of the last write."""

    bundle: str | None = None
    """The bundle that owns the definition and may prune it."""

    broken: Broken | None = None
    """Set if the stored definition breaks a rule."""


class StoredJob(Model):
    """A template of one artefact on one platform."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    platform: str
    """The Platform that runs the artefact."""

    job_type: str
    """The type of the artefact."""

    external_id: str
    """The platform's own id of the artefact."""

    parameters: list[Parameter] | None = None
    """The schema of the parameters."""

    settings: dict[str, Any] | None = None
    """The settings of the type."""

    keep_errors: bool | None = None
    """True if the failure details of each attempt are stored when it ends."""

    unknown_parameters: UnknownParameters | None = None
    """The treatment of a run with a value for a parameter that the artefact no longer has."""

    tags: dict[str, str] | None = None
    """Free labels as key and value."""

    inputs: list[Dataset] | None = None
    """The data sets that the artefact reads, for lineage."""

    outputs: list[Dataset] | None = None
    """The data sets that the artefact writes, for lineage."""

    etag: str
    """The version, for the header `If-Match`."""

    updated_at: datetime
    """The time of the last write."""

    bundle: str | None = None
    """The bundle that owns the definition and may prune it."""

    broken: Broken | None = None
    """Set if the stored definition breaks a rule."""


class StoredPlatform(Model):
    """A connection to an external execution service: type, auth method and attributes."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    type: str
    """The type of the object."""

    auth: Auth | None = None
    """The default is the identity of the app, which needs no secret."""

    attributes: dict[str, Any] | None = None
    """The attributes of the type, such as the address of the service."""

    contention_profiles: list[str] | None = None
    """The limits of all runs on the Platform."""

    shard: str | None = None
    """The Dispatcher that starts the runs of this platform (ADR 1)."""

    etag: str
    """The version, for the header `If-Match`."""

    updated_at: datetime
    """The time of the last write."""

    bundle: str | None = None
    """The bundle that owns the definition and may prune it."""

    broken: Broken | None = None
    """Set if the stored definition breaks a rule."""


class StoredRateLimitProfile(Model):
    """Limits the number of starts within a rolling window."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    scope: Scope | None = None
    """The scope of the limit: every Platform alone, or all together."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    type: Literal["RateLimit"] | str
    """The type of the object."""

    settings: RateLimitSettings
    """The settings of the type."""

    etag: str
    """The version, for the header `If-Match`."""

    updated_at: datetime
    """The time of the last write."""

    bundle: str | None = None
    """The bundle that owns the definition and may prune it."""

    broken: Broken | None = None
    """Set if the stored definition breaks a rule."""


class StoredSlackReceiver(Model):
    """A channel of Slack, by an incoming webhook."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    events: NotificationFilter | None = None
    """The notifications to send."""

    grouping: Grouping | None = None
    """The rule that joins and limits the messages."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    type: Literal["Slack"] | str
    """The type of the object."""

    url: str
    """The reference of the incoming webhook's URL, which is a secret."""

    etag: str
    """The version, for the header `If-Match`."""

    updated_at: datetime
    """The time of the last write."""

    bundle: str | None = None
    """The bundle that owns the definition and may prune it."""

    broken: Broken | None = None
    """Set if the stored definition breaks a rule."""


class StoredTask(Model):
    """A configured instance of a Job: values, schedules, dependencies, retry and limits."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    job: str
    """The Job that the Task configures."""

    parameters: dict[str, Any] | None = None
    """Literals, `vault://…` references, or texts with `${run.…}` in them."""

    time_zone: str | None = None
    """The zone of `${run.scheduledTime:…}` in every run; empty = that of the schedules."""

    schedules: list[Schedule] | None = None
    """The schedules that start runs."""

    arrivals: list[Arrival] | None = None
    """Events that start the Task, such as new files."""

    dependencies: list[Dependency] | None = None
    """The upstream Tasks whose outcomes start runs."""

    join: Join | None = None
    """The number of dependencies that must be met."""

    depends_on_past: bool | None = None
    """True if a scheduled run starts only after the run of the fire time before succeeded."""

    retry: Retry | None = None
    """The retry policy."""

    priority: int | None = None
    """A run with a higher priority starts first."""

    execution_timeout_seconds: int | None = None
    """The longest time of an attempt; empty for no limit."""

    max_concurrent_runs: int | None = None
    """The maximum number of runs of the Task at once; empty for no limit."""

    contention_profiles: list[str] | None = None
    """Applied in addition to the profiles of the Platform."""

    weight: int | None = None
    """Number of slots of a concurrency profile that one run takes."""

    expect: Expectation | None = None
    """The deadlines of the runs; empty = none."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    tags: dict[str, str] | None = None
    """Free labels as key and value."""

    etag: str
    """The version, for the header `If-Match`."""

    updated_at: datetime
    """The time of the last write."""

    bundle: str | None = None
    """The bundle that owns the definition and may prune it."""

    broken: Broken | None = None
    """Set if the stored definition breaks a rule."""


class StoredTeamsReceiver(Model):
    """A channel or chat of Microsoft Teams, by a workflow with a webhook trigger."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    events: NotificationFilter | None = None
    """The notifications to send."""

    grouping: Grouping | None = None
    """The rule that joins and limits the messages."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    type: Literal["Teams"] | str
    """The type of the object."""

    url: str
    """The reference of the workflow's URL, which is a secret."""

    etag: str
    """The version, for the header `If-Match`."""

    updated_at: datetime
    """The time of the last write."""

    bundle: str | None = None
    """The bundle that owns the definition and may prune it."""

    broken: Broken | None = None
    """Set if the stored definition breaks a rule."""


class StoredVault(Model):
    """The connection to a secret manager; it never holds a secret."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    provider: str
    """The type of the secret manager."""

    auth: Auth | None = None
    """The sign-in method of calls to the secret manager."""

    attributes: dict[str, Any] | None = None
    """The attributes of the type, such as the address of the service."""

    etag: str
    """The version, for the header `If-Match`."""

    updated_at: datetime
    """The time of the last write."""

    bundle: str | None = None
    """The bundle that owns the definition and may prune it."""

    broken: Broken | None = None
    """Set if the stored definition breaks a rule."""


class StoredWebhook(Model):
    """A URL that gets events, with the secret that signs them."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    url: str
    """The address that receives the events."""

    events: EventFilter | None = None
    """The events to deliver."""

    secret: str
    """The key of the signature."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    etag: str
    """The version, for the header `If-Match`."""

    updated_at: datetime
    """The time of the last write."""

    bundle: str | None = None
    """The bundle that owns the definition and may prune it."""

    broken: Broken | None = None
    """Set if the stored definition breaks a rule."""


class StoredWebhookReceiver(Model):
    """A system that takes messages as JSON, such as an incident tool; each request is signed."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    events: NotificationFilter | None = None
    """The notifications to send."""

    grouping: Grouping | None = None
    """The rule that joins and limits the messages."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    type: Literal["Webhook"] | str
    """The type of the object."""

    url: str
    """The address that receives the messages."""

    secret: str
    """The reference of the key that signs the messages."""

    etag: str
    """The version, for the header `If-Match`."""

    updated_at: datetime
    """The time of the last write."""

    bundle: str | None = None
    """The bundle that owns the definition and may prune it."""

    broken: Broken | None = None
    """Set if the stored definition breaks a rule."""


class Task(Model):
    """A configured instance of a Job: values, schedules, dependencies, retry and limits."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    job: str
    """The Job that the Task configures."""

    parameters: dict[str, Any] | None = None
    """Literals, `vault://…` references, or texts with `${run.…}` in them."""

    time_zone: str | None = None
    """The zone of `${run.scheduledTime:…}` in every run; empty = that of the schedules."""

    schedules: list[Schedule] | None = None
    """The schedules that start runs."""

    arrivals: list[Arrival] | None = None
    """Events that start the Task, such as new files."""

    dependencies: list[Dependency] | None = None
    """The upstream Tasks whose outcomes start runs."""

    join: Join | None = None
    """The number of dependencies that must be met."""

    depends_on_past: bool | None = None
    """True if a scheduled run starts only after the run of the fire time before succeeded."""

    retry: Retry | None = None
    """The retry policy."""

    priority: int | None = None
    """A run with a higher priority starts first."""

    execution_timeout_seconds: int | None = None
    """The longest time of an attempt; empty for no limit."""

    max_concurrent_runs: int | None = None
    """The maximum number of runs of the Task at once; empty for no limit."""

    contention_profiles: list[str] | None = None
    """Applied in addition to the profiles of the Platform."""

    weight: int | None = None
    """Number of slots of a concurrency profile that one run takes."""

    expect: Expectation | None = None
    """The deadlines of the runs; empty = none."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    tags: dict[str, str] | None = None
    """Free labels as key and value."""


class TaskArrivals(Model):
    """The arrivals of a Task, and the newest events."""

    items: list[ArrivalStatus]
    """The items of the page."""

    continuation_token: str | None
    """Continues the list as the query parameter `continuationToken`; null on the last page."""

    events: list[TaskEvent]
    """At most 50 of the newest 200 events of all Tasks: those from the sources of this Task."""


class TaskDeadlines(Model):
    """The deadlines of a Task."""

    upcoming: list[NextDeadline]
    """The next deadline of each kind; calendars are not considered."""

    open: int
    """The number of missed deadlines whose runs have not recovered."""

    results: list[DeadlineResult]
    """The newest results, newest first."""


class TaskEvent(Model):
    """A received event with its outcome for one arrival of the Task."""

    id: str
    """The id of the event."""

    source: str
    """The source of the event."""

    type: str
    """The type of the event."""

    subject: str | None
    """The subject of the event, such as a file."""

    time: datetime | None
    """The time of the event."""

    received_at: datetime
    """The time at which Polysync received the event."""

    arrival: str
    """The arrival."""

    outcome: ArrivalOutcome
    """The outcome; `FilteredOut` by the present filter of the arrival."""

    reason: str
    """The reason of the outcome, in words."""

    run_id: str | None
    """The run that the event has started."""


class TaskGate(Model):
    """The gate of a Task: the outcomes that it holds and awaits."""

    task: str
    """The Task."""

    enabled: bool
    """False if the Task is switched off."""

    edges: list[GateEdge]
    """The inputs of the gate."""

    group_count: int
    """The number of groups."""

    groups: list[TokenGroup]
    """The first 100 groups."""

    sentences: list[str]
    """The state of the gate in sentences."""


class TaskOutput(Model):
    """The output of one task of a run."""

    task_key: str | None
    """The name of the task; null for a run without named tasks."""

    run_id: int | str
    """The id of the task's run, or of the whole run."""

    status: str | None
    """The life-cycle state in Databricks, or the status of a stored Job's run."""

    result: str | None
    """The result state in Databricks; null before the end and for a stored Job."""

    output: dict[str, Any] | None
    """The output as Databricks describes it, or the outputs of a stored Job's run by name."""

    refusal: str | None
    """The status with which Databricks refused the output; null if it did not."""


class TaskRun(Model):
    """One execution of a Task, or of a Job without a Task."""

    run_id: str
    """The id of the run."""

    task: str | None
    """The Task; null for a run of a Job without a Task."""

    job: str
    """The Job."""

    platform: str
    """The Platform on which the Job runs."""

    status: RunStatus
    """The status; the last four values are final."""

    reason: str
    """The state of the run in words; the problem while there is one."""

    problem: Problem | None
    """The failure that keeps the run from going on; null without a problem."""

    trigger_type: TriggerType
    """The trigger of the run."""

    graph_run_id: str
    """The graph run to which the run belongs."""

    trace_id: str | None
    """The id of the run's trace."""

    schedule: str | None
    """The schedule that started the run."""

    backfill_id: str | None
    """The backfill that made the run."""

    arrival: Any
    """The events that started the run."""

    scheduled_time: datetime | None
    """The fire time for which the run was made."""

    starts_at: datetime | None
    """The planned start of a scheduled run: its fire time plus its jitter."""

    start_lag_seconds: float | None
    """The seconds from the planned start to the start; null before the start."""

    time_zone: str | None
    """The time zone of the run's variables."""

    queued_at: datetime
    """The time at which the run was accepted."""

    started_at: datetime | None
    """The time at which the first attempt started."""

    finished_at: datetime | None
    """The time at which the run ended."""

    next_attempt_at: datetime | None
    """The end of the back-off before the next attempt."""

    rerun_of: str | None
    """The finished run that this run repeats."""

    cancel_requested: bool
    """True if a caller asked to cancel the run."""

    priority: int
    """The priority; a higher one starts first."""

    parameters: dict[str, Any]
    """The parameters by name; a secret is shown as its reference."""

    outputs: dict[str, Any]
    """The outputs by name; `{"redacted": true}` replaces a sensitive output."""

    outputs_not_kept: dict[str, str]
    """The reasons why outputs were not stored, by name of the output."""

    parents: list[Parent]
    """The upstream runs whose outcomes started the run."""

    mapped_inputs: dict[str, MappedInput]
    """The sources of the parameters that mappings supplied, by parameter."""

    attempts: list[Attempt]
    """The attempts, oldest first."""

    skip: Skip | None = None
    """The reason why the run was skipped; absent for any other run."""

    missed_deadlines: list[MissedDeadline] | None = None
    """The deadlines of the Task that the run missed; absent for a run in time."""

    warnings: list[str] | None = None
    """Warnings about the run, such as a value that the artefact does not read."""


class TeamsReceiver(Model):
    """A channel or chat of Microsoft Teams, by a workflow with a webhook trigger."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    events: NotificationFilter | None = None
    """The notifications to send."""

    grouping: Grouping | None = None
    """The rule that joins and limits the messages."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    type: Literal["Teams"] | str
    """The type of the object."""

    url: str
    """The reference of the workflow's URL, which is a secret."""


class Token(Model):
    """An outcome of an upstream Task, or a fire time, that waits in a gate."""

    run_id: str | None
    """The upstream run; null for a fire time."""

    graph_run_id: str | None
    """The graph run of the upstream run; null for a fire time."""

    schedule: str | None
    """The schedule of a fire time."""

    scheduled_time: datetime | None
    """The fire time."""

    status: RunStatus
    """The outcome."""

    met: bool
    """True if the outcome meets the condition of the edge."""

    finished_at: datetime
    """The time at which the upstream run ended."""


class TokenGroup(Model):
    """Tokens that would start one run together."""

    graph_run_ids: list[str]
    """The graph runs of the tokens."""

    has: list[str]
    """The edges that have a token."""

    awaits: list[str]
    """The edges whose token comes from the same graph runs."""

    awaits_from_other_graph_runs: list[str]
    """The edges whose token comes from other graph runs."""

    windows: list[Window]
    """The windows of a fire time; empty for other groups, and beyond the first 20 groups."""


class UnusedArtefact(Model):
    """An artefact that no Job runs."""

    external_id: str
    """The platform's own id of the artefact."""

    job_type: str
    """The type of a Job that would run the artefact."""

    name: str
    """The name of the artefact."""


class UpcomingFire(Model):
    """A future fire time of a Task."""

    schedule: str
    """The schedule."""

    scheduled_time: datetime
    """The fire time in UTC."""

    local_time: datetime
    """The fire time in the time zone of the schedule."""

    time_zone: str
    """The IANA time zone of the schedule."""

    starts_at: datetime
    """The fire time plus the jitter of the schedule."""

    note: str | None = Field(alias="remark")
    """A note about daylight saving time."""

    excluded: str | None
    """The calendar that excludes the fire time."""

    task: str
    """The Task."""

    job: str
    """The Job of the Task."""

    expected_end: datetime | None
    """The end, if the run takes as long as the newest run of the Task; null if that failed."""


class UpcomingFires(Model):
    """Fire times of all Tasks in the order of their starts."""

    items: list[UpcomingFire]
    """The items of the page."""

    continuation_token: str | None
    """Continues the list as the query parameter `continuationToken`; null on the last page."""

    complete_until: datetime | None
    """Set if too many schedules fire in the window: the list ends at this time."""


class Usage(Model):
    """A contention profile with its usage."""

    name: str
    """The name of the profile."""

    type: ProfileType
    """The type of the profile."""

    scope: Scope
    """The scope of the profile."""

    enabled: bool
    """False if the profile is switched off."""

    settings: dict[str, Any]
    """The settings of the profile that have a value."""

    counters: list[Counter]
    """The usage, one entry for each Platform or one for all."""


class ValidationAnswer(Model):
    """The answer by which a new subscription of Event Grid is accepted."""

    validation_response: str
    """The code of the request."""


class Vault(Model):
    """The connection to a secret manager; it never holds a secret."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    provider: str
    """The type of the secret manager."""

    auth: Auth | None = None
    """The sign-in method of calls to the secret manager."""

    attributes: dict[str, Any] | None = None
    """The attributes of the type, such as the address of the service."""


class Version(Model):
    """A version of a definition, without its content."""

    version: int
    """The number of the version; 1 is the first."""

    saved_at: datetime
    """The time at which the version was saved."""

    saved_by: str | None
    """The caller who saved it; null if no caller is known."""

    source: ChangeSource | None
    """The way in which it was saved: `Edit`, `Document` or `Import`; null if it is not known."""


class VersionContent(Model):
    """A version of a definition with its content."""

    version: Version
    """The number and the author of the version."""

    definition: Any
    """The definition, as a document holds it."""


class Versions(Model):
    """The versions of a definition."""

    current: Version | None
    """The present version; null if the definition is deleted."""

    items: list[Version]
    """The former versions, newest first."""

    continuation_token: str | None
    """Continues the list as the query parameter `continuationToken`; null on the last page."""


class WaitReason(Model):
    """One reason why a run waits."""

    kind: WaitReasonKind
    """The kind of the reason."""

    profile: str | None
    """The contention profile; null for another limit."""

    scope: str | None
    """The Platform, Task or backfill that is limited or held; null if all of them are."""

    used: int | None
    """The used part of the limit."""

    limit: int | None
    """The limit."""

    needs: int
    """The number of slots that the run needs."""

    held_by: list[Lease]
    """The first 100 holders of the limit."""

    kept_for: str | None
    """The run for which the free slots are kept."""

    until: datetime | None
    """The end of the reason, if it is known."""

    sentence: str
    """The reason as a sentence."""


class WaitingRun(Model):
    """A run that waits for its start."""

    run_id: str
    """The run."""

    attempt: int
    """The number of the next attempt."""

    task: str | None
    """The Task; null for a run of a Job without a Task."""

    platform: str
    """The Platform."""

    priority: int
    """The priority; a higher one starts first."""

    since: datetime
    """The start of the wait."""


class Webhook(Model):
    """A URL that gets events, with the secret that signs them."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    url: str
    """The address that receives the events."""

    events: EventFilter | None = None
    """The events to deliver."""

    secret: str
    """The key of the signature."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""


class WebhookReceiver(Model):
    """A system that takes messages as JSON, such as an incident tool; each request is signed."""

    name: str
    """The name: 1 to 63 of a-z, 0-9 and '-'."""

    display_name: str | None = None
    """The name for people."""

    description: str | None = None
    """Free text for people."""

    events: NotificationFilter | None = None
    """The notifications to send."""

    grouping: Grouping | None = None
    """The rule that joins and limits the messages."""

    enabled: bool | None = None
    """False switches the object off without a change of the rest."""

    type: Literal["Webhook"] | str
    """The type of the object."""

    url: str
    """The address that receives the messages."""

    secret: str
    """The reference of the key that signs the messages."""


class Window(Model):
    """The fire times of an upstream whose outcomes a fire time of the Task needs."""

    upstream: str
    """The upstream Task."""

    after: datetime
    """The begin of the interval, exclusive: the fire time before."""

    until: datetime
    """The end of the interval, inclusive: the fire time."""

    outcomes: list[WindowOutcome]
    """The outcomes that exist, oldest fire time first."""

    awaited: list[datetime]
    """The fire times without an outcome."""


class WindowOutcome(Model):
    """The outcome of one fire time in a window."""

    scheduled_time: datetime
    """The fire time of the upstream."""

    run_id: str
    """The newest run of the fire time."""

    status: RunStatus
    """The outcome."""
