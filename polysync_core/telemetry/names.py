"""Every name in traces and metrics: alerts, the workbook and people's own queries hold on to them.

Names are only ever added. What a metric is split by is bounded: its attributes are those listed
with it, and each has no more values than the definitions have platforms, shards and queues.
Names of logs are in `polysync_core.telemetry.actions`.
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
    GRAPH_RUN_ID: "the graph run that it belongs to",
    TASK: "its Task; absent for a Job without one",
    JOB: "its Job",
    JOB_TYPE: "the type of its Job, such as `DatabricksNotebook`",
    PLATFORM: "the Platform, by its name in the definitions",
    TRIGGER: "what made the run: `Manual`, `Schedule`, `Dependency`, `Backfill`, `Message`",
    SCHEDULE: "the schedule that started it",
    SCHEDULED_TIME: "the fire time that it stands for",
    BACKFILL: "the backfill that made it",
    ATTEMPT: "the number of the attempt",
    EXTERNAL_RUN_ID: "the id that the platform gave the attempt's run",
    STATUS: "how a run or an attempt ended",
    CAUSE: "the cause of a failure, as on the attempt",
    STEP: "the step that made a call: `submit`, `poll` or `abandon`",
    SHARD: "the Dispatcher",
    QUEUE: "the queue whose message was given up",
    REPAIR: "what the reconciler did, as in the fields of action `runs_repaired`",
    OUTCOME: "`done` or `failed`",
    SECONDS: "how long it took in all, also where the span had to be cut",
    METHOD: "the method of an HTTP request",
    STATUS_CODE: "the status of its answer; absent where there was none",
    ROUTE: "the route, with its placeholders",
    SCHEME: "`https`; `http` for stand-ins on this machine",
    HOST: "the host that was called",
    PORT: "the port that was called",
    ERROR: "why there is no good answer: a status, or the name of the fault",
}


class Kind(StrEnum):
    """What a metric does with its numbers."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A number that is told."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of work in a trace."""

    name: str
    meaning: str
    attributes: tuple[str, ...]


RUNS_QUEUED = Metric(
    name="polysync.runs.queued",
    kind=Kind.GAUGE,
    unit="{run}",
    meaning="runs that wait in a Dispatcher, as the minute begins",
    attributes=(SHARD,),
)
RUNS_RUNNING = Metric(
    name="polysync.runs.running",
    kind=Kind.GAUGE,
    unit="{run}",
    meaning="attempts that hold a lease of a Dispatcher, as the minute begins",
    attributes=(SHARD,),
)
OLDEST_WAIT = Metric(
    name="polysync.runs.oldest_wait",
    kind=Kind.GAUGE,
    unit="s",
    meaning="the wait of the run that is held up longest, its back-off excluded",
    attributes=(SHARD,),
)
STATE_SIZE = Metric(
    name="polysync.dispatcher.state_size",
    kind=Kind.GAUGE,
    unit="By",
    meaning="what a Dispatcher's state takes up in the engine",
    attributes=(SHARD,),
)
RUNS_ACCEPTED = Metric(
    name="polysync.runs.accepted",
    kind=Kind.COUNTER,
    unit="{run}",
    meaning="runs that were stored",
    attributes=(TRIGGER,),
)
RUN_WAIT = Metric(
    name="polysync.run.wait",
    kind=Kind.HISTOGRAM,
    unit="s",
    meaning="from the time at which an attempt could have begun until it began",
    attributes=(PLATFORM,),
)
RUN_DURATION = Metric(
    name="polysync.run.duration",
    kind=Kind.HISTOGRAM,
    unit="s",
    meaning="from the acceptance of a run to its end; its count is the number of runs that ended",
    attributes=(PLATFORM, JOB_TYPE, STATUS),
)
ATTEMPT_FAILURES = Metric(
    name="polysync.attempt.failures",
    kind=Kind.COUNTER,
    unit="{attempt}",
    meaning="attempts that failed",
    attributes=(PLATFORM, JOB_TYPE, CAUSE),
)
SCHEDULE_LATENESS = Metric(
    name="polysync.schedule.lateness",
    kind=Kind.HISTOGRAM,
    unit="s",
    meaning="from a fire time, its jitter included, until its run was made",
)
SCHEDULE_MISSED = Metric(
    name="polysync.schedule.missed",
    kind=Kind.COUNTER,
    unit="{fire time}",
    meaning="fire times that were not made good",
)
TICK_DURATION = Metric(
    name="polysync.tick.duration",
    kind=Kind.HISTOGRAM,
    unit="s",
    meaning="the minute's work: `reconcile`, then `schedules`",
    attributes=(STEP, OUTCOME),
)
REPAIRS = Metric(
    name="polysync.reconciler.repairs",
    kind=Kind.COUNTER,
    unit="{repair}",
    meaning="what the reconciler had to make good",
    attributes=(REPAIR,),
)
POISON_MESSAGES = Metric(
    name="polysync.messages.poison",
    kind=Kind.COUNTER,
    unit="{message}",
    meaning="messages that were given up",
    attributes=(QUEUE,),
)
CALL_DURATION = Metric(
    name="polysync.call.duration",
    kind=Kind.HISTOGRAM,
    unit="s",
    meaning="a request to a platform, a vault, a token service or a webhook, repetitions too",
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
    SCHEDULE_MISSED,
    TICK_DURATION,
    REPAIRS,
    POISON_MESSAGES,
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
    meaning="a run, from its acceptance to its end; told when it has ended",
    attributes=(*OF_A_RUN, STATUS, CAUSE, SECONDS),
)
ATTEMPT_OF_RUN = Span(
    name="attempt",
    meaning="an attempt, from its begin to its end; told when it has ended",
    attributes=(*OF_A_RUN, ATTEMPT, EXTERNAL_RUN_ID, STATUS, CAUSE, SECONDS),
)
CALL = Span(
    name="METHOD host",
    meaning="a request that leaves the app; made for an attempt, it has the attempt's ids as well",
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
