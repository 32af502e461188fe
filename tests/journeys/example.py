"""The definitions and runs that every page of the console can show."""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults.local_system import LocalSystem, has_ended

DEFINITIONS = """\
contentionProfiles:
  - {name: two-at-once, type: Concurrency, settings: {maxConcurrentTasks: 2}}
  - {name: sixty-an-hour, type: RateLimit, settings: {limit: 60, windowSeconds: 3600}}
calendars:
  - {name: close-days, dates: ["2026-12-25"], ranges: [{from: "2027-01-01", to: "2027-01-06"}]}
webhooks:
  - name: on-call
    url: https://hooks.example.org/polysync
    secret: vault://local/HOOK
    enabled: false
receivers:
  - {name: data-team, type: Teams, url: vault://local/TEAMS, enabled: false}
  - name: mailing-list
    type: Email
    to: [team@example.org]
    sender: polysync@example.org
    service: Smtp
    host: smtp.example.org
    enabled: false
jobs:
  - name: with-output
    platform: lakehouse
    jobType: DatabricksNotebook
    externalId: /bench/nap
    parameters:
      - {name: seconds, dataType: Float, default: 0.1}
      - {name: slept, dataType: Float, direction: Output}
    settings: {outputsFromExitValue: true}
tasks:
  - name: nightly
    displayName: Nightly load
    description: Loads the sales of the day before.
    job: with-output
    tags: {team: sales}
    contentionProfiles: [two-at-once]
    retry: {enabled: true, maxRetryAttempts: 2, backoff: Exponential, initialDelaySeconds: 30}
    schedules:
      - name: early
        cron: "30 2 * * *"
        timeZone: Europe/Berlin
        calendars: [close-days]
  - name: fails
    job: flaky
    parameters: {failures: 99, key: fails, seconds: 0}
  - {name: after-failure, job: nap, dependencies: [{task: fails}]}
  - name: after-nightly
    job: nap
    parameters: {seconds: 0}
    dependencies: [{task: nightly, mappings: [{output: slept, input: seconds}]}]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The ids of the runs of the example."""

    succeeded: str
    failed: str


def made(system: LocalSystem) -> Example:
    """Store the definitions, and make a run that succeeds and one that fails."""
    system.apply(DEFINITIONS)
    succeeded = system.host.post("/tasks/nightly/run", {})["runId"]
    failed = system.host.post("/tasks/fails/run", {})["runId"]
    system.wait_for([succeeded, failed], has_ended)
    return Example(succeeded=succeeded, failed=failed)
