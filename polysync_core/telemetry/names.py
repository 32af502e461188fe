"""Defines the names and meanings of all metrics, trace spans and attributes.

Alerts, the workbook and queries of users depend on these names: a name may be added, never renamed.
A metric has only the attributes listed with it, so its cardinality is bounded by the number of
platforms, shards and queues. Names of logs are in `polysync_core.telemetry.actions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

RUN_ID = "polysync.run_id"
GRAPH_RUN_ID = "polysync.graph_run_id"
TASK = "polysync.task"
JOB = "polysync.job"
JOB_TYPE = "polysync.job_type"
PLATFORM = "polysync.platform"
TRIGGER = "polysync.trigger"
SCHEDULE = "polysync.schedule"
SCHEDULED_TIME = "polysync.scheduled_time"
BACKFILL = "polysync.backfill"
ATTEMPT = "polysync.attempt"
EXTERNAL_RUN_ID = "polysync.external_run_id"
STATUS = "polysync.status"
CAUSE = "polysync.cause"
STEP = "polysync.step"
SHARD = "polysync.shard"
QUEUE = "polysync.queue"
REPAIR = "polysync.repair"
OUTCOME = "polysync.outcome"
DEADLINE = "polysync.deadline"
CHANGE = "polysync.change"
SECONDS = "polysync.seconds"
METHOD = "http.request.method"
STATUS_CODE = "http.response.status_code"
ROUTE = "http.route"
SCHEME = "url.scheme"
HOST = "server.address"
PORT = "server.port"
ERROR = "error.type"

ATTRIBUTES: Mapping[str, str] = {
    RUN_ID: "the run",
    GRAPH_RUN_ID: "the graph run of the run",
    TASK: "the Task; absent for a job run",
    JOB: "the Job",
    JOB_TYPE: "the type of the Job, such as `DatabricksNotebook`",
    PLATFORM: "the Platform, by its name in the definitions",
    TRIGGER: "the trigger of the run: `Manual`, `Schedule`, `Dependency`, `Backfill`, `Message`, "
    "`Arrival`",
    SCHEDULE: "the schedule that created the run",
    SCHEDULED_TIME: "the fire time of the run",
    BACKFILL: "the backfill that created the run",
    ATTEMPT: "the number of the attempt",
    EXTERNAL_RUN_ID: "the id of the attempt's run on its platform",
    STATUS: "the final status of a run or an attempt",
    CAUSE: "the cause of a failure, as on the attempt",
    STEP: "the step that made a call: `submit`, `poll` or `abandon`",
    SHARD: "the Dispatcher",
    QUEUE: "the queue of an abandoned message",
    REPAIR: "the kind of repair, as in the fields of action `runs_repaired`",
    OUTCOME: "`done` or `failed`",
    DEADLINE: "the kind of a deadline: `Late`, `Missing` or `Slow`",
    CHANGE: "the change of a deadline: `Missed` or `Recovered`",
    SECONDS: "the whole duration, even if the span was cut",
    METHOD: "the method of an HTTP request",
    STATUS_CODE: "the status of the answer; absent without an answer",
    ROUTE: "the route, with its placeholders",
    SCHEME: "`https`; `http` for simulators on this machine",
    HOST: "the host that was called",
    PORT: "the port that was called",
    ERROR: "the reason for a failure: a status, or the name of an exception",
}


class MetricKind(StrEnum):
    """The kind of an instrument."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric with its unit, meaning and attributes."""

    name: str
    kind: MetricKind
    unit: str
    meaning: str
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span with its meaning and attributes."""

    name: str
    meaning: str
    attributes: tuple[str, ...]


RUNS_QUEUED = Metric(
    name="polysync.runs.queued",
    kind=MetricKind.GAUGE,
    unit="{run}",
    meaning="runs that wait in a Dispatcher, measured every minute",
    attributes=(SHARD,),
)
RUNS_RUNNING = Metric(
    name="polysync.runs.running",
    kind=MetricKind.GAUGE,
    unit="{run}",
    meaning="attempts that hold a lease, measured every minute",
    attributes=(SHARD,),
)
OLDEST_WAIT = Metric(
    name="polysync.runs.oldest_wait",
    kind=MetricKind.GAUGE,
    unit="s",
    meaning="the longest wait of a run in the queue, without its back-off",
    attributes=(SHARD,),
)
STATE_SIZE = Metric(
    name="polysync.dispatcher.state_size",
    kind=MetricKind.GAUGE,
    unit="By",
    meaning="the size of a Dispatcher's state in the engine",
    attributes=(SHARD,),
)
RUNS_ACCEPTED = Metric(
    name="polysync.runs.accepted",
    kind=MetricKind.COUNTER,
    unit="{run}",
    meaning="runs that were stored",
    attributes=(TRIGGER,),
)
RUN_WAIT = Metric(
    name="polysync.run.wait",
    kind=MetricKind.HISTOGRAM,
    unit="s",
    meaning="from the earliest possible start of an attempt to its start",
    attributes=(PLATFORM,),
)
RUN_DURATION = Metric(
    name="polysync.run.duration",
    kind=MetricKind.HISTOGRAM,
    unit="s",
    meaning="from the acceptance of a run to its end; the count is the number of ended runs",
    attributes=(PLATFORM, JOB_TYPE, STATUS),
)
ATTEMPT_FAILURES = Metric(
    name="polysync.attempt.failures",
    kind=MetricKind.COUNTER,
    unit="{attempt}",
    meaning="attempts that failed",
    attributes=(PLATFORM, JOB_TYPE, CAUSE),
)
SCHEDULE_LATENESS = Metric(
    name="polysync.schedule.lateness",
    kind=MetricKind.HISTOGRAM,
    unit="s",
    meaning="from a fire time to the creation of its run",
)
START_LAG = Metric(
    name="polysync.schedule.start_lag",
    kind=MetricKind.HISTOGRAM,
    unit="s",
    meaning="from the planned start of a scheduled run to the start of its first attempt",
)
SCHEDULE_MISSED = Metric(
    name="polysync.schedule.missed",
    kind=MetricKind.COUNTER,
    unit="{fire time}",
    meaning="fire times that were missed",
)
DEADLINES = Metric(
    name="polysync.deadlines",
    kind=MetricKind.COUNTER,
    unit="{deadline}",
    meaning="deadlines of Tasks that were missed, and those whose runs have recovered",
    attributes=(DEADLINE, CHANGE),
)
TICK_DURATION = Metric(
    name="polysync.tick.duration",
    kind=MetricKind.HISTOGRAM,
    unit="s",
    meaning="the steps of the minute timer: `reconcile`, `schedules`, `deadlines` and `gates`",
    attributes=(STEP, OUTCOME),
)
REPAIRS = Metric(
    name="polysync.reconciler.repairs",
    kind=MetricKind.COUNTER,
    unit="{repair}",
    meaning="repairs by the reconciler",
    attributes=(REPAIR,),
)
POISON_MESSAGES = Metric(
    name="polysync.messages.poison",
    kind=MetricKind.COUNTER,
    unit="{message}",
    meaning="messages that were abandoned",
    attributes=(QUEUE,),
)
LINEAGE_DROPPED = Metric(
    name="polysync.lineage.dropped",
    kind=MetricKind.COUNTER,
    unit="{event}",
    meaning="lineage events that were dropped, because the service did not accept them in time",
    attributes=(),
)
CALL_DURATION = Metric(
    name="polysync.call.duration",
    kind=MetricKind.HISTOGRAM,
    unit="s",
    meaning="a request to a platform, a vault, a token service or a webhook, including retries",
    attributes=(METHOD, HOST, STATUS_CODE, ERROR, PLATFORM),
)

METRICS = (
    RUNS_QUEUED,
    RUNS_RUNNING,
    OLDEST_WAIT,
    STATE_SIZE,
    RUNS_ACCEPTED,
    RUN_WAIT,
    RUN_DURATION,
    ATTEMPT_FAILURES,
    SCHEDULE_LATENESS,
    START_LAG,
    SCHEDULE_MISSED,
    DEADLINES,
    TICK_DURATION,
    REPAIRS,
    POISON_MESSAGES,
    LINEAGE_DROPPED,
    CALL_DURATION,
)

OF_A_RUN = (
    RUN_ID,
    GRAPH_RUN_ID,
    TASK,
    JOB,
    JOB_TYPE,
    PLATFORM,
    TRIGGER,
    SCHEDULE,
    SCHEDULED_TIME,
    BACKFILL,
)

ACCEPT = Span(name="accept", meaning="a run is stored", attributes=OF_A_RUN)
RUN = Span(
    name="run",
    meaning="a run, from its acceptance to its end; exported at the end",
    attributes=(*OF_A_RUN, STATUS, CAUSE, SECONDS),
)
ATTEMPT_OF_RUN = Span(
    name="attempt",
    meaning="an attempt, from its start to its end; exported at the end",
    attributes=(*OF_A_RUN, ATTEMPT, EXTERNAL_RUN_ID, STATUS, CAUSE, SECONDS),
)
CALL = Span(
    name="METHOD host",
    meaning="an outgoing request; a request for an attempt has the attempt's ids",
    attributes=(
        *(METHOD, SCHEME, HOST, PORT, STATUS_CODE, ERROR),
        *(*OF_A_RUN, ATTEMPT, EXTERNAL_RUN_ID, STEP),
    ),
)
REQUEST = Span(
    name="METHOD route",
    meaning="a request to the API that may change something",
    attributes=(METHOD, ROUTE, STATUS_CODE, ERROR),
)

SPANS = (REQUEST, ACCEPT, RUN, ATTEMPT_OF_RUN, CALL)
