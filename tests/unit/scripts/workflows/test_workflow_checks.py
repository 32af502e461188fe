"""The check of the workflows finds each kind of fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.workflows.__main__ import FOLDER
from scripts.workflows.checks import findings, read_workflow
from scripts.workflows.expressions import WrongExpression, embedded, uses_of

BASE = """
on:
  workflow_dispatch:
    inputs:
      place: {description: Place, required: true, type: string}
permissions: {contents: read}
concurrency: work-${{ inputs.place }}
env:
  PLACE: ${{ inputs.place }}
jobs:
  build:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@v4
      - id: made
        run: |
          if true; then echo "name=x" >> "$GITHUB_OUTPUT"; fi
      - if: ${{ always() && steps.made.outputs.name != 'y' }}
        env: {NAME: "${{ steps.made.outputs.name }}"}
        run: echo "$PLACE ${{ env.PLACE }} ${{ steps.made.outputs.name }}"
  after:
    needs: build
    if: needs.build.result == 'success'
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps: [{run: "true"}]
"""
FAULTS = {
    "unknown key of a workflow": ("permissions:", "permission:", "permission: is not known"),
    "unknown event": ("workflow_dispatch:", "workflow_dispatched:", "on.workflow_dispatched"),
    "unknown type of an input": ("type: string", "type: text", "on.inputs.place.type"),
    "unknown key of an input": ("description:", "desc:", "on.inputs.place.desc"),
    "unknown scope": ("{contents: read}", "{content: read}", "permissions.content"),
    "unknown level": ("contents: read", "contents: all", "permissions.contents: cannot be all"),
    "unknown key of a job": (
        "runs-on: ubuntu-latest\n    timeout-minutes: 5\n    steps:\n",
        "run-on: x\n    timeout-minutes: 5\n    steps:\n",
        "jobs.build.run-on",
    ),
    "unknown runner": ("runs-on: ubuntu-latest", "runs-on: ubuntu", "runs-on: must be one of"),
    "no time-out": ("    timeout-minutes: 5\n    steps: [", "    steps: [", "timeout-minutes"),
    "unknown job": ("needs: build", "needs: built", "there is no job built"),
    "cycle of jobs": ("  build:\n", "  build:\n    needs: after\n", "leads back to the job"),
    "job that is not needed": ("    needs: build\n", "", "there is no needs.build"),
    "unknown key of a step": ("- id: made", "- ids: made", "steps[1].ids"),
    "step that does nothing": ("- uses: actions/checkout@v4", "- name: x", "either run or uses"),
    "step that does two things": (
        "- uses: actions/checkout@v4",
        "- {uses: actions/checkout@v4, run: ls}",
        "either run or uses",
    ),
    "unknown action": ("actions/checkout@v4", "actions/checkout@v1", "vocabulary.py"),
    "unknown input of an action": (
        "actions/checkout@v4",
        "actions/checkout@v4\n        with: {a: 1}",
        "steps[0].with.a",
    ),
    "unknown step": ("name != 'y'", "name != steps.other.outputs.x", "there is no steps.other"),
    "step after the use": (
        "- uses: actions/checkout@v4",
        "- {run: 'echo ${{ steps.made.outputs.a }}'}",
        "no steps.made",
    ),
    "no output": (
        'NAME: "${{ steps.made.outputs.name }}"',
        'NAME: "${{ steps.made.name }}"',
        "names no output",
    ),
    "unknown input": ("PLACE: ${{ inputs.place }}", "PLACE: ${{ inputs.town }}", "inputs.town"),
    "unknown variable": ("${{ env.PLACE }}", "${{ env.TOWN }}", "there is no env.TOWN"),
    "unknown fact": (
        "work-${{ inputs.place }}",
        "work-${{ github.reference }}",
        "github.reference",
    ),
    "context of another place": (
        "PLACE: ${{ inputs.place }}",
        "PLACE: ${{ env.HOME }}",
        "there is no context env",
    ),
    "value of a caller in a script": ("${{ env.PLACE }}", "${{ inputs.place }}", "pass it in env"),
    "title in a script": ("${{ env.PLACE }}", "${{ github.event.issue.title }}", "pass it in env"),
    "function of a condition": ("${{ env.PLACE }}", "${{ always() }}", "only a condition"),
    "unknown function": ("always()", "allways()", "there is no function allways"),
    "number of arguments": ("always()", "contains('a')", "does not take 1"),
    "text in double quotes": ("!= 'y'", '!= "y"', "no part of an expression"),
    "missing parenthesis": ("always()", "(always()", "ends too early"),
    "missing operand": ("always() &&", "&&", "'&&' is not expected"),
    "open expression": ("${{ env.PLACE }}", "${{ env.PLACE", "no closing"),
    "open condition": ("!= 'y' }}", "!= 'y'", "no closing"),
    "text around a condition": ("${{ always()", "x ${{ always()", "must be one expression"),
    "shell syntax": ("fi\n", "\n", "steps[1].run: bash"),
    "same id twice": ("- uses: actions/checkout@v4", "- {id: made, run: ls}", "must be a new name"),
}


def found_in(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "work.yml"
    file.write_text(text)
    return list(findings(read_workflow(file)))


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yml")), ids=lambda file: file.name)
def test_the_workflows_have_no_fault(file: Path) -> None:
    assert list(findings(read_workflow(file))) == []


def test_a_correct_workflow_has_no_finding(tmp_path: Path) -> None:
    assert found_in(tmp_path, BASE) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(tmp_path: Path, fault: str) -> None:
    right, wrong, message = FAULTS[fault]
    assert right in BASE
    text = BASE.replace(right, wrong, 1)
    assert message in "\n".join(found_in(tmp_path, text))


CALLER = """
on: {push: {branches: [main]}}
jobs:
  checks:
    uses: ./.github/workflows/called.yml
    with: {level: high}
"""


@pytest.mark.parametrize(
    ("called", "message"),
    [
        ("on: {workflow_call: {inputs: {level: {type: string}}}}", None),
        ("on: {workflow_call: {inputs: {}}}", "with.level: is not known"),
        ("on: {push: {}}", "no event workflow_call"),
        (None, "there is no workflow"),
    ],
)
def test_a_called_workflow_exists_and_takes_the_inputs(
    tmp_path: Path, called: str | None, message: str | None
) -> None:
    if called is not None:
        (tmp_path / "called.yml").write_text(called)
    found = "\n".join(found_in(tmp_path, CALLER))
    assert (found == "") if message is None else (message in found)


@pytest.mark.parametrize(
    "expression",
    [
        "a.b",
        "a['b c'].d",
        "a.*.b",
        "!(a == 1) || -0x1F <= 2.5e3 && null != true",
        "format('{0} it''s', a[b.c])",
        "contains(fromJSON('[1]'), a)",
    ],
)
def test_a_correct_expression_is_read(expression: str) -> None:
    uses_of(expression)


@pytest.mark.parametrize("wrong", ["", "a.", "a b", "a[", "a[1", "f(", "format(,)", "a ==", "1 2"])
def test_a_wrong_expression_is_refused(wrong: str) -> None:
    with pytest.raises(WrongExpression):
        uses_of(wrong)


def test_an_open_expression_is_refused() -> None:
    with pytest.raises(WrongExpression):
        embedded("a ${{ b")
