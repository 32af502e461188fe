"""Simulates AWS Batch; the command of a job sets the duration and outcome.

The command `["sleep", "2"]` takes two seconds, and `["exit", "3", "no sales"]` fails. Each other
command succeeds at once. A placeholder such as `Ref::seconds` has the value of the parameter.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from dataclasses import dataclass, field

from simulators.aws.account import AccountService, Json, control, operation
from simulators.aws.services import AwsService, rest
from simulators.aws.state import AwsState
from simulators.serving import Refusal

_ARN = "arn:aws:batch:us-east-1:123456789012"
_STATES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
_OVER = frozenset({"SUCCEEDED", "FAILED"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


@dataclass(slots=True, kw_only=True)
class BatchJob:
    """A job; `index` is the position of a child in its array."""

    request: Json
    definition: Json
    queue: Json
    created: float
    job_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    index: int | None = None
    children: list[BatchJob] = field(default_factory=list["BatchJob"])
    terminated: float | None = None
    reason: str = ""
    was_started: bool = True
    """True if the job had started when it was terminated."""

    @property
    def command(self) -> list[str]:
        """The command with the values of its parameters."""
        values = {**self.definition.get("parameters", {}), **self.request.get("parameters", {})}
        words = self.definition["containerProperties"].get("command", [])
        return [values.get(word.removeprefix("Ref::"), word) for word in words]

    @property
    def attempts(self) -> int:
        """The number of attempts that the retry strategy allows."""
        strategy = self.request.get("retryStrategy") or self.definition.get("retryStrategy") or {}
        return int(strategy.get("attempts", 1))

    def exit_code(self) -> int:
        """Return the exit code of the command."""
        command = self.command
        return int(command[1]) if command[:1] == ["exit"] else 0

    def end(self) -> float:
        """Return the time at which the job ends."""
        if self.terminated is not None:
            return self.terminated
        command = self.command
        return self.created + (float(command[1]) if command[:1] == ["sleep"] else 0.0)

    def status(self, now: float) -> str:
        """Return the state of the job."""
        if self.children:
            return self._status_of_array(now)
        if self.terminated is not None:
            return "FAILED"
        if self.queue["state"] == "DISABLED":
            return "RUNNABLE"
        if now < self.end():
            return "RUNNING"
        return "FAILED" if self.exit_code() else "SUCCEEDED"

    def _status_of_array(self, now: float) -> str:
        states = self.summary(now)
        if sum(states[each] for each in _OVER) < len(self.children):
            return "PENDING"
        return "FAILED" if states["FAILED"] else "SUCCEEDED"

    def summary(self, now: float) -> Counter[str]:
        """Return the number of children in each state."""
        return Counter(each.status(now) for each in self.children)

    def terminate(self, reason: str, now: float) -> None:
        """Terminate a job that has not ended, with its children."""
        for job in (self, *self.children):
            if job.status(now) not in _OVER:
                job.was_started = job.status(now) == "RUNNING"
                job.terminated, job.reason = now, reason

    def _status_reason(self, now: float) -> str | None:
        status = self.status(now)
        if self.terminated is not None:
            return self.reason
        if status == "RUNNABLE":
            return "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - No instance fits the job."
        if self.children:
            return "Array Child Job failed" if status == "FAILED" else None
        return "Essential container in task exited" if status in _OVER else None

    def _container(self, now: float) -> Json:
        details: Json = {"image": "busybox", "command": self.command}
        if self.status(now) in _OVER and self.terminated is None:
            details["exitCode"] = self.exit_code()
            words = self.command[2:]
            if self.exit_code() and words:
                details["reason"] = " ".join(words)
        return details

    def as_json(self, now: float) -> Json:
        """Return the job in the form of `DescribeJobs`."""
        status, over = self.status(now), self.status(now) in _OVER
        answer = self.summary_json(now)
        answer |= {
            "jobQueue": self.queue["jobQueueArn"],
            "parameters": self.request.get("parameters", {}),
            "dependsOn": self.request.get("dependsOn", []),
            "tags": self.request.get("tags", {}),
            "retryStrategy": {"attempts": self.attempts, "evaluateOnExit": []},
            "isCancelled": self.terminated is not None and not self.was_started,
            "isTerminated": self.terminated is not None,
        }
        if not self.children:
            details = self._container(now)
            answer["container"] = details
            tries = (self.attempts if self.exit_code() else 1) if over else 0
            answer["attempts"] = [
                {
                    "container": {**details, "logStreamName": f"default/{self.job_id}"},
                    "startedAt": int(self.created * 1000),
                    "stoppedAt": int(self.end() * 1000),
                    "statusReason": self._status_reason(now),
                }
                for _ in range(tries if status in _OVER and self.was_started else 0)
            ]
        return answer

    def summary_json(self, now: float) -> Json:
        """Return the job in the form of `ListJobs`."""
        status = self.status(now)
        answer: Json = {
            "jobArn": f"{_ARN}:job/{self.job_id}",
            "jobId": self.job_id,
            "jobName": self.request["jobName"],
            "createdAt": int(self.created * 1000),
            "status": status,
            "jobDefinition": self.definition["jobDefinitionArn"],
            "container": self._container(now),
        }
        reason = self._status_reason(now)
        if reason is not None:
            answer["statusReason"] = reason
        if status in {"RUNNING", *_OVER}:
            answer["startedAt"] = int(self.created * 1000)
        if status in _OVER:
            ends = [each.end() for each in self.children] or [self.end()]
            answer["stoppedAt"] = int(max(ends) * 1000)
        if self.children:
            counts = self.summary(now)
            answer["arrayProperties"] = {
                "size": len(self.children),
                "statusSummary": {each: counts[each] for each in _STATES},
            }
        elif self.index is not None:
            answer["arrayProperties"] = {"index": self.index}
        return answer


class Batch(AccountService):
    """The queues, the job definitions and the jobs of one account."""

    next_key = "nextToken"
    size_key = "maxResults"

    def __init__(self, state: AwsState) -> None:
        super().__init__(state)
        self.queues: dict[str, Json] = {}
        self.definitions: list[Json] = []
        self.jobs: dict[str, BatchJob] = {}
        self.operations = {
            "CreateJobQueue": self.create_queue,
            "DescribeJobQueues": self.describe_queues,
            "UpdateJobQueue": self.update_queue,
            "RegisterJobDefinition": self.register,
            "DeregisterJobDefinition": self.deregister,
            "DescribeJobDefinitions": self.describe_definitions,
            "SubmitJob": self.submit,
            "DescribeJobs": self.describe_jobs,
            "ListJobs": self.list_jobs,
            "TerminateJob": self.terminate,
        }

    def create_queue(self, body: Json) -> Json:
        """Create a queue."""
        name = body["jobQueueName"]
        arn = f"{_ARN}:job-queue/{name}"
        order = {"computeEnvironmentOrder": [], "priority": 1, "status": "VALID"}
        self.queues[name] = {"state": "ENABLED", **order, **body, "jobQueueArn": arn}
        return {"jobQueueName": name, "jobQueueArn": arn}

    def update_queue(self, body: Json) -> Json:
        """Enable or disable a queue."""
        queue = self._queue(body["jobQueue"])
        queue["state"] = body["state"]
        return {"jobQueueName": queue["jobQueueName"], "jobQueueArn": queue["jobQueueArn"]}

    def describe_queues(self, body: Json) -> Json:
        """Return the queues."""
        wanted = body.get("jobQueues")
        found = [
            queue
            for name, queue in self.queues.items()
            if not wanted or name in wanted or queue["jobQueueArn"] in wanted
        ]
        return self.page(body, "jobQueues", found)

    def register(self, body: Json) -> Json:
        """Register a revision of a job definition."""
        name = body["jobDefinitionName"]
        revision = 1 + sum(each["jobDefinitionName"] == name for each in self.definitions)
        arn = f"{_ARN}:job-definition/{name}:{revision}"
        made = {"revision": revision, "jobDefinitionArn": arn, "status": "ACTIVE"}
        self.definitions.append({**body, **made})
        return {"jobDefinitionName": name, "jobDefinitionArn": arn, "revision": revision}

    def deregister(self, body: Json) -> Json:
        """Make a revision inactive."""
        self._definition(body["jobDefinition"])["status"] = "INACTIVE"
        return {}

    def describe_definitions(self, body: Json) -> Json:
        """Return the job definitions that a request selects."""
        name, status, wanted = (
            body.get("jobDefinitionName"),
            body.get("status"),
            body.get("jobDefinitions"),
        )
        found = [
            each
            for each in self.definitions
            if name in {None, each["jobDefinitionName"]}
            and status in {None, each["status"]}
            and (not wanted or any(_names(each, text) for text in wanted))
        ]
        return self.page(body, "jobDefinitions", found)

    def _definition(self, text: str) -> Json:
        found = [
            each for each in self.definitions if each["status"] == "ACTIVE" and _names(each, text)
        ]
        if not found:
            raise Refusal(400, "ClientException", f"Job definition {text} does not exist")
        return max(found, key=lambda each: each["revision"])

    def submit(self, body: Json) -> Json:
        """Submit a job."""
        if _NAME.fullmatch(body["jobName"]) is None:
            raise Refusal(400, "ClientException", "The job name is invalid.")
        definition = self._definition(body["jobDefinition"])
        queue = self._queue(body["jobQueue"])
        facts = {"request": body, "definition": definition, "queue": queue, "created": self.now()}
        job = BatchJob(**facts)
        size = (body.get("arrayProperties") or {}).get("size", 0)
        job.children = [
            BatchJob(**facts, index=index, job_id=f"{job.job_id}:{index}") for index in range(size)
        ]
        self.jobs |= {each.job_id: each for each in (job, *job.children)}
        self.state.record(**{"service": "batch", "run_id": job.job_id, **body})
        arn = f"{_ARN}:job/{job.job_id}"
        return {"jobArn": arn, "jobName": body["jobName"], "jobId": job.job_id}

    def _queue(self, text: str) -> Json:
        for name, queue in self.queues.items():
            if text in {name, queue["jobQueueArn"]}:
                return queue
        raise Refusal(400, "ClientException", f"Job queue {text} does not exist")

    def describe_jobs(self, body: Json) -> Json:
        """Return the jobs with the given ids; an unknown id is left out."""
        found = [self.jobs[each] for each in body["jobs"] if each in self.jobs]
        return {"jobs": [job.as_json(self.now()) for job in found]}

    def list_jobs(self, body: Json) -> Json:
        """Return the jobs of a queue or of an array, newest first."""
        now = self.now()
        if "arrayJobId" in body:
            parent = self.jobs.get(body["arrayJobId"])
            found = list(parent.children) if parent else []
        else:
            queue = self._queue(body["jobQueue"])
            found = [job for job in self.jobs.values() if job.queue is queue and job.index is None]
            found.sort(key=lambda job: -job.created)
        filters = body.get("filters") or []
        if filters:
            found = [job for job in found if _matches(job, filters[0])]
        else:
            wanted = body.get("jobStatus", "RUNNING")
            found = [job for job in found if job.status(now) == wanted]
        return self.page(body, "jobSummaryList", [job.summary_json(now) for job in found])

    def terminate(self, body: Json) -> Json:
        """Terminate a job; an ended and an unknown job are no errors."""
        job = self.jobs.get(body["jobId"])
        if job is not None:
            job.terminate(body["reason"], self.now())
        return {}


def _names(definition: Json, text: str) -> bool:
    """Return whether a text names a definition: by name, by revision or by ARN."""
    name, arn = definition["jobDefinitionName"], definition["jobDefinitionArn"]
    revision = f"{name}:{definition['revision']}"
    return text in {name, revision, arn, arn.rpartition(":")[0]}


def _matches(job: BatchJob, wanted: Json) -> bool:
    for value in wanted["values"]:
        if wanted["name"] == "JOB_NAME":
            name, text = job.request["jobName"].casefold(), value.casefold()
            if name == text or (text.endswith("*") and name.startswith(text[:-1])):
                return True
        elif wanted["name"] == "JOB_DEFINITION":
            if _names(job.definition, value):
                return True
        else:
            raise Refusal(400, "ClientException", f"The filter {wanted['name']} is not simulated.")
    return False


_OPERATIONS = (
    *("CreateJobQueue", "DescribeJobQueues", "UpdateJobQueue", "RegisterJobDefinition"),
    *("DeregisterJobDefinition", "DescribeJobDefinitions"),
    *("SubmitJob", "DescribeJobs", "ListJobs", "TerminateJob"),
)
SERVICE = AwsService(
    signing_name="batch",
    control=(control(Batch),),
    routes=[
        rest("POST", f"/v1/{name.lower()}", name, operation(Batch, name)) for name in _OPERATIONS
    ],
)
