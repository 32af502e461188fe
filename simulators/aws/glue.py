"""Simulates AWS Glue jobs; the script address sets the duration and outcome of runs.

The script `s3://simulator/run?seconds=2&error=no+sales&failures=1` runs two seconds. Its first run
fails with the error, and a run that Glue itself retries succeeds.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from simulators.aws.account import AccountService, Json, control, operation
from simulators.aws.services import AwsService
from simulators.aws.state import AwsState
from simulators.serving import Refusal

MAX_RUN_RETRIES = 10
_STOPPING_SECONDS = 0.05
_RETRY_DELAY = 0.05
_ACTIVE = frozenset({"STARTING", "RUNNING", "STOPPING"})
_INTERNAL_ARGUMENTS = frozenset({"--debug", "--mode", "--JOB_NAME"})
_WORKERS = re.compile(r"Standard|[GZ]\.[0-9]+X|R\.[1248]X")
_DEFAULTS = {"MaxRetries": 0, "Timeout": 2880}


@dataclass(frozen=True, slots=True)
class Script:
    """The behaviour of a script."""

    seconds: float = 0.0
    error: str | None = None
    failures: int = MAX_RUN_RETRIES + 1
    """The number of runs that fail before one succeeds."""

    @classmethod
    def of(cls, job: Json) -> Script:
        """Return the behaviour that the script's location describes."""
        query = parse_qs(urlsplit(job["Command"].get("ScriptLocation", "")).query)
        options = {name: values[-1] for name, values in query.items()}
        return cls(
            seconds=float(options.get("seconds", 0)),
            error=options.get("error"),
            failures=int(options.get("failures", MAX_RUN_RETRIES + 1)),
        )


@dataclass(slots=True, kw_only=True)
class Run:
    """A run of a job."""

    job: Json
    request: Json
    started: float
    arguments: Json
    attempt: int = 0
    run_id: str = field(default_factory=lambda: f"jr_{uuid.uuid4().hex}{uuid.uuid4().hex}")
    previous: str | None = None
    stopped: float | None = None
    is_waiting: bool = False

    @property
    def script(self) -> Script:
        """The behaviour of the job's script."""
        return Script.of(self.job)

    @property
    def fails(self) -> bool:
        """True if the script fails in this attempt."""
        return self.script.error is not None and self.attempt < self.script.failures

    def end(self) -> float:
        """Return the time at which the run ends."""
        return self.started + self.script.seconds if self.stopped is None else self.stopped

    def state(self, now: float) -> str:
        """Return the state of the run."""
        if self.is_waiting:
            return "WAITING"
        if self.stopped is not None:
            return "STOPPING" if now < self.stopped + _STOPPING_SECONDS else "STOPPED"
        if now < self.end():
            return "RUNNING"
        return "FAILED" if self.fails else "SUCCEEDED"

    def as_json(self, now: float) -> Json:
        """Return the run in the form of the API."""
        state = self.state(now)
        over = state not in _ACTIVE and not self.is_waiting
        options = ("WorkerType", "NumberOfWorkers", "MaxCapacity", "Timeout", "ExecutionClass")
        answer: Json = {
            "Id": self.run_id,
            "Attempt": self.attempt,
            "JobName": self.job["Name"],
            "StartedOn": self.started,
            "LastModifiedOn": self.end() if over else self.started,
            "JobRunState": state,
            "Arguments": self.arguments,
            "PredecessorRuns": [],
            "ExecutionTime": 0,
            "LogGroupName": "/aws-glue/jobs",
            "GlueVersion": "4.0",
            **{
                name: value
                for name in options
                if (value := self.request.get(name, self.job.get(name))) is not None
            },
        }
        if self.previous is not None:
            answer["PreviousRunId"] = self.previous
        if over:
            answer["CompletedOn"] = self.end()
        if state == "FAILED":
            answer["ErrorMessage"] = f"RuntimeError: {self.script.error}"
        if state == "WAITING":
            answer["StateDetail"] = "The maximum number of concurrent runs is reached."
        return answer


class Glue(AccountService):
    """The jobs and the runs of one account and region."""

    def __init__(self, state: AwsState) -> None:
        super().__init__(state)
        self.jobs: dict[str, Json] = {}
        self.runs: list[Run] = []
        self.operations = {
            "CreateJob": self.create_job,
            "DeleteJob": self.delete_job,
            "GetJob": lambda body: {"Job": self.job(body, "JobName")},
            "GetJobs": lambda body: self.page(body, "Jobs", list(self.jobs.values())),
            "ListJobs": lambda body: self.page(body, "JobNames", list(self.jobs)),
            "StartJobRun": self.start_run,
            "GetJobRun": lambda body: {"JobRun": self.run(body).as_json(self.now())},
            "GetJobRuns": self.list_runs,
            "BatchStopJobRun": self.stop_runs,
        }

    def create_job(self, body: Json) -> Json:
        """Create a job."""
        if body["Name"] in self.jobs:
            raise Refusal(400, "IdempotentParameterMismatchException", "The job exists already.")
        created = self.now()
        limit = {"ExecutionProperty": {"MaxConcurrentRuns": 1}}
        self.jobs[body["Name"]] = {**_DEFAULTS, **limit, **body, "CreatedOn": created}
        return {"Name": body["Name"]}

    def delete_job(self, body: Json) -> Json:
        """Delete a job."""
        self.jobs.pop(body["JobName"], None)
        return {"JobName": body["JobName"]}

    def job(self, body: Json, name: str) -> Json:
        """Return the job that a request names."""
        if body.get(name) not in self.jobs:
            message = f"Job with name: {body.get(name)} not found."
            raise Refusal(400, "EntityNotFoundException", message)
        return self.jobs[body[name]]

    def start_run(self, body: Json) -> Json:
        """Start a run."""
        job = self.job(body, "JobName")
        self._check(job, body)
        limit = job["ExecutionProperty"].get("MaxConcurrentRuns", 1)
        active = [run for run in self._runs_of(job) if run.state(self.now()) in _ACTIVE]
        if len(active) >= limit and not body.get("JobRunQueuingEnabled"):
            message = f"Concurrent runs exceeded for {job['Name']}"
            raise Refusal(400, "ConcurrentRunsExceededException", message)
        given = {**job.get("DefaultArguments", {}), **body.get("Arguments", {})}
        run = Run(
            job=job,
            request=body,
            started=self.now(),
            arguments={**given, **job.get("NonOverridableArguments", {})},
            is_waiting=len(active) >= limit,
        )
        self.runs.append(run)
        self.state.record(service="glue", run_id=run.run_id, arguments=run.arguments)
        return {"JobRunId": run.run_id}

    def _check(self, job: Json, body: Json) -> None:
        names = set(body.get("Arguments", {}))
        refused = names & (_INTERNAL_ARGUMENTS | set(job.get("NonOverridableArguments", {})))
        if refused:
            message = f"The arguments {sorted(refused)} cannot be set."
            raise Refusal(400, "InvalidInputException", message)
        if "WorkerType" in body and "MaxCapacity" in body:
            raise Refusal(400, "InvalidInputException", "Set only Worker Type or Max Capacity.")
        worker = body.get("WorkerType")
        if worker is not None and _WORKERS.fullmatch(worker) is None:
            raise Refusal(400, "InvalidInputException", f"{worker} is not a worker type.")

    def _runs_of(self, job: Json) -> list[Run]:
        """Return the runs of a job, with those that Glue itself has retried."""
        self._retry(job)
        found = [run for run in self.runs if run.job is job]
        for run in found:
            active = [each for each in found if each.state(self.now()) in _ACTIVE]
            if run.is_waiting and len(active) < job["ExecutionProperty"]["MaxConcurrentRuns"]:
                run.is_waiting, run.started = False, self.now()
        return found

    def _retry(self, job: Json) -> None:
        for run in [each for each in self.runs if each.job is job]:
            first = run.run_id.partition("_attempt_")[0]
            following = f"{first}_attempt_{run.attempt + 1}"
            is_retried = any(each.run_id == following for each in self.runs)
            due = run.end() + _RETRY_DELAY
            ended = run.state(self.now()) == "FAILED" and due <= self.now()
            if ended and run.attempt < job["MaxRetries"] and not is_retried:
                self.runs.append(
                    Run(
                        job=job,
                        request=run.request,
                        started=due,
                        arguments=run.arguments,
                        attempt=run.attempt + 1,
                        run_id=following,
                        previous=run.run_id,
                    )
                )

    def run(self, body: Json) -> Run:
        """Return the run that a request names."""
        job = self.job(body, "JobName")
        for run in self._runs_of(job):
            if run.run_id == body.get("RunId"):
                return run
        message = f"Job Run {body.get('RunId')} not found."
        raise Refusal(400, "EntityNotFoundException", message)

    def list_runs(self, body: Json) -> Json:
        """Return the runs of a job, newest first."""
        runs = sorted(self._runs_of(self.job(body, "JobName")), key=lambda each: -each.started)
        return self.page(body, "JobRuns", [run.as_json(self.now()) for run in runs])

    def stop_runs(self, body: Json) -> Json:
        """Stop runs; each run that cannot be stopped has an error of its own."""
        job_name, stopped, errors = body["JobName"], list[Json](), list[Json]()
        known = {run.run_id: run for run in self._runs_of(self.jobs.get(job_name, {}))}
        for run_id in body["JobRunIds"]:
            run = known.get(run_id)
            line = {"JobName": job_name, "JobRunId": run_id}
            if run is None:
                code, text = "EntityNotFoundException", "Job run not found."
            elif run.state(self.now()) in _ACTIVE or run.is_waiting:
                run.stopped, run.is_waiting = run.stopped or self.now(), False
                stopped.append(line)
                continue
            else:
                code, text = "InvalidInputException", "Job run is not in a stoppable state."
            errors.append({**line, "ErrorDetail": {"ErrorCode": code, "ErrorMessage": text}})
        return {"SuccessfulSubmissions": stopped, "Errors": errors}


_OPERATIONS = (
    *("CreateJob", "DeleteJob", "GetJob", "GetJobs", "ListJobs"),
    *("StartJobRun", "GetJobRun", "GetJobRuns", "BatchStopJobRun"),
)
SERVICE = AwsService(
    signing_name="glue",
    control=(control(Glue),),
    target="AWSGlue",
    operations={name: operation(Glue, name) for name in _OPERATIONS},
)
