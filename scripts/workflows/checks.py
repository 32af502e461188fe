"""Checks the content of a GitHub Actions workflow file, from keys to shell scripts."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from scripts.workflows import vocabulary as words
from scripts.workflows.expressions import (
    STATUS_FUNCTIONS,
    Call,
    Reference,
    WrongExpression,
    embedded,
    uses_of,
    without_expressions,
)

type Mapped = Mapping[str, Any]
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A part of a workflow, with the values that its expressions may read."""

    path: str
    contexts: Collection[str]
    inputs: Collection[str] = ()
    needs: Collection[str] = ()
    steps: Collection[str] = ()
    env: Collection[str] = ()
    is_condition: bool = False
    is_script: bool = False

    def at(self, path: str, **facts: Any) -> Scope:
        """Return the scope of a part below."""
        return replace(self, path=f"{self.path}{path}", **facts)


@dataclass(frozen=True, slots=True)
class Workflow:
    """The content of a workflow file."""

    file: Path
    content: Mapped
    folder: Path = field(default=Path())

    @property
    def events(self) -> Mapped:
        """The events that start the workflow; YAML reads the key `on` as true."""
        given = self.content.get("on", {})
        if isinstance(given, str):
            return {given: None}
        return given if isinstance(given, dict) else dict.fromkeys(given)

    @property
    def inputs(self) -> dict[str, Mapped]:
        """The inputs of all events."""
        return {
            name: each or {}
            for event in self.events.values()
            if isinstance(event, dict)
            for name, each in (event.get("inputs") or {}).items()
        }


def read_workflow(file: Path) -> Workflow:
    """Return the workflow of a file."""
    content = yaml.safe_load(file.read_text())
    named = {"on" if key is True else key: value for key, value in content.items()}
    return Workflow(file, named, file.parent)


def findings(workflow: Workflow) -> Iterator[str]:
    """Yield the problems of a workflow."""
    scope = Scope(path="", contexts=words.WORKFLOW_CONTEXTS, inputs=workflow.inputs)
    content = workflow.content
    yield from _keys("", content, words.WORKFLOW)
    yield from _events(workflow)
    yield from _permissions("permissions", content.get("permissions"))
    yield from _concurrency(scope.at("concurrency"), content.get("concurrency"))
    yield from _texts(scope.at("env"), content.get("env") or {})
    jobs: Mapping[str, Mapped] = content.get("jobs") or {}
    if not jobs:
        yield "jobs: is empty"
    for name, job in jobs.items():
        yield from _job(workflow, scope.at(f"jobs.{name}", contexts=words.JOB_CONTEXTS), job, jobs)


def _keys(path: str, content: Mapped, known: Collection[str]) -> Iterator[str]:
    for key in content:
        if key not in known:
            yield f"{path}{'.' if path else ''}{key}: is not known here"


def _events(workflow: Workflow) -> Iterator[str]:
    if not workflow.events:
        yield "on: names no event"
    yield from _keys("on", workflow.events, words.EVENTS)
    for name, given in workflow.inputs.items():
        path = f"on.inputs.{name}"
        yield from _keys(path, given, words.INPUT)
        if given.get("type", "string") not in words.INPUT_TYPES:
            yield f"{path}.type: must be one of {', '.join(sorted(words.INPUT_TYPES))}"


def _permissions(path: str, given: Mapped | None) -> Iterator[str]:
    if given is None:
        return
    yield from _keys(path, given, words.PERMISSIONS)
    for name, level in given.items():
        if level not in words.PERMISSIONS.get(name, {level}):
            yield f"{path}.{name}: cannot be {level}"


def _concurrency(scope: Scope, given: Any) -> Iterator[str]:
    if isinstance(given, dict):
        yield from _keys(scope.path, given, words.CONCURRENCY)
    yield from _texts(scope, given)


def _job(workflow: Workflow, scope: Scope, job: Mapped, jobs: Mapped) -> Iterator[str]:
    needs = _names(job.get("needs"))
    scope = scope.at("", needs=needs)
    yield from (f"{scope.path}.needs: there is no job {name}" for name in needs if name not in jobs)
    if _reaches_itself(scope.path.removeprefix("jobs."), jobs):
        yield f"{scope.path}.needs: leads back to the job"
    yield from _permissions(f"{scope.path}.permissions", job.get("permissions"))
    yield from _concurrency(scope.at(".concurrency"), job.get("concurrency"))
    yield from _condition(scope.at(".if"), job.get("if"))
    yield from _texts(scope.at(".environment"), job.get("environment"))
    if "uses" in job:
        yield from _call(workflow, scope, job)
        return
    yield from _keys(scope.path, job, words.JOB)
    if job.get("runs-on") not in words.RUNNERS:
        yield f"{scope.path}.runs-on: must be one of {', '.join(sorted(words.RUNNERS))}"
    if "timeout-minutes" not in job:
        yield f"{scope.path}.timeout-minutes: is missing"
    env = {*(workflow.content.get("env") or {}), *(job.get("env") or {})}
    yield from _steps(scope.at("", contexts=words.STEP_CONTEXTS, env=env), job.get("steps") or [])


def _names(given: Any) -> list[str]:
    return [given] if isinstance(given, str) else list(given or ())


def _reaches_itself(name: str, jobs: Mapped) -> bool:
    seen: set[str] = set()
    waiting = _names(jobs[name].get("needs"))
    while waiting:
        each = waiting.pop()
        if each == name:
            return True
        if each not in seen:
            seen.add(each)
            waiting += _names((jobs.get(each) or {}).get("needs"))
    return False


def _call(workflow: Workflow, scope: Scope, job: Mapped) -> Iterator[str]:
    """Check a job that calls another workflow of the repository."""
    yield from _keys(scope.path, job, words.CALLING_JOB)
    yield from _texts(scope.at(".with"), job.get("with"))
    file = workflow.folder / Path(str(job["uses"])).name
    if job["uses"] != f"./.github/workflows/{file.name}" or not file.is_file():
        yield f"{scope.path}.uses: there is no workflow {job['uses']}"
        return
    called = read_workflow(file)
    if "workflow_call" not in called.events:
        yield f"{scope.path}.uses: {file.name} has no event workflow_call"
    yield from _keys(f"{scope.path}.with", job.get("with") or {}, called.inputs)


def _steps(scope: Scope, steps: Sequence[Mapped]) -> Iterator[str]:
    known: list[str] = []
    for index, step in enumerate(steps):
        own = scope.at(f".steps[{index}]", steps=tuple(known))
        yield from _step(own, step)
        identity = step.get("id")
        if identity is None:
            continue
        if identity in known or not _ID.fullmatch(identity):
            yield f"{own.path}.id: must be a new name"
        known.append(identity)


def _step(scope: Scope, step: Mapped) -> Iterator[str]:
    yield from _keys(scope.path, step, words.STEP)
    scope = scope.at("", env={*scope.env, *(step.get("env") or {})})
    if ("run" in step) == ("uses" in step):
        yield f"{scope.path}: needs either run or uses"
    yield from _condition(scope.at(".if"), step.get("if"))
    for name in ("name", "with", "env", "working-directory"):
        yield from _texts(scope.at(f".{name}"), step.get(name))
    if "uses" in step:
        yield from _action(scope, step)
    if "run" in step:
        script = str(step["run"])
        yield from _texts(scope.at(".run", is_script=True), script)
        yield from _shell(f"{scope.path}.run", script)


def _action(scope: Scope, step: Mapped) -> Iterator[str]:
    inputs = words.ACTIONS.get(step["uses"])
    if inputs is None:
        yield f"{scope.path}.uses: {step['uses']} is not in scripts/workflows/vocabulary.py"
        return
    yield from _keys(f"{scope.path}.with", step.get("with") or {}, inputs)


def _shell(path: str, script: str) -> Iterator[str]:
    """Let bash parse a script without executing it."""
    checked = subprocess.run(
        ["bash", "-n"],  # noqa: S607 - the shell of the runners
        input=without_expressions(script),
        capture_output=True,
        text=True,
        check=False,
    )
    if checked.returncode or checked.stderr:
        yield f"{path}: {checked.stderr.strip()}"


def _condition(scope: Scope, given: Any) -> Iterator[str]:
    if given is None or isinstance(given, bool):
        return
    text, scope = str(given), scope.at("", is_condition=True)
    if "${{" not in text:
        yield from _expression(scope, text)
        return
    if without_expressions(text).strip() != "x" and "}}" in text:
        yield f"{scope.path}: a condition must be one expression"
    yield from _texts(scope, text)


def _texts(scope: Scope, given: Any) -> Iterator[str]:
    """Check the expressions of all texts of a value."""
    if isinstance(given, dict):
        for key, value in given.items():
            yield from _texts(scope.at(f".{key}"), value)
    elif isinstance(given, str):
        try:
            expressions = embedded(given)
        except WrongExpression as error:
            yield f"{scope.path}: {error}"
            return
        for each in expressions:
            yield from _expression(scope, each)


def _expression(scope: Scope, expression: str) -> Iterator[str]:
    try:
        uses = uses_of(expression)
    except WrongExpression as error:
        yield f"{scope.path}: {error}, in {expression}"
        return
    for use in uses:
        problem = (
            _call_problem(scope, use) if isinstance(use, Call) else _reference_problem(scope, use)
        )
        if problem is not None:
            yield f"{scope.path}: {problem}"


def _call_problem(scope: Scope, call: Call) -> str | None:
    if call.name in STATUS_FUNCTIONS and not scope.is_condition:
        return f"only a condition may call {call.name}"
    return None


def _reference_problem(scope: Scope, reference: Reference) -> str | None:
    path = reference.path
    context, name = path[0], path[1] if len(path) > 1 else None
    if context not in scope.contexts:
        return f"there is no context {context} here"
    if scope.is_script and any(path[: len(each)] == each for each in words.UNTRUSTED):
        return f"a script must not contain {'.'.join(path)}: pass it in env"
    known: dict[str, Collection[str]] = {
        "inputs": scope.inputs,
        "needs": scope.needs,
        "steps": scope.steps,
        "env": scope.env,
        "github": words.GITHUB,
    }
    if name is not None and name not in known.get(context, {name}):
        return f"there is no {context}.{name} here"
    if context == "steps" and (len(path) < 4 or path[2] != "outputs") and path[2:] != ("outcome",):
        return f"{'.'.join(path)} names no output of a step"
    return None
