"""What the platforms' reference claims of judges is what their tests do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib.metadata import files
from pathlib import Path

import pytest

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.platforms.plugin import Capability
from polysync_core.platforms.registry import outputs_problem
from tests.contract.connectors.bench import Behaviour, Bench
from tests.contract.connectors.conftest import MAKERS
from tests.contract.connectors.trials import TRIALS, Judge

_CONTRACT = Path(__file__).parents[1]
_JUDGES = [pytest.param(trial.judge, trial.simulator, id=name) for name, trial in TRIALS.items()]


def test_every_bench_has_a_trial_and_every_job_type_a_bench() -> None:
    assert set(TRIALS) == set(MAKERS)
    assert set(JobType) == {JobType(name.partition(" ")[0]) for name in MAKERS}


def test_a_bench_can_try_all_that_its_job_type_claims(bench: Bench) -> None:
    needed = {
        Capability.CANCEL: bool(bench.jobs.get(Behaviour.HANGS)),
        Capability.OUTPUTS: bool(bench.outputs) and Behaviour.GIVES_OUTPUTS in bench.jobs,
        Capability.PARAMETERS: Behaviour.MISSING in bench.jobs,
    }

    assert not [each for each in bench.capabilities & needed.keys() if not needed[each]]


def test_only_what_claims_outputs_may_be_mapped_from(bench: Bench) -> None:
    gives = bench.jobs.get(Behaviour.GIVES_OUTPUTS, bench.jobs[Behaviour.SUCCEEDS])

    problem = outputs_problem(bench.platform, gives)
    assert (problem is None) is (Capability.OUTPUTS in bench.capabilities)


@pytest.mark.parametrize(("judge", "simulator"), _JUDGES)
def test_a_judge_makes_the_calls_that_it_is_named_for(judge: Judge, simulator: str) -> None:
    module, _, client = judge.client.rpartition(".")

    made = {
        call
        for tree in modules_of(judge.tests)
        if imports(tree, module, client)
        for call in calls_on(tree, client)
    }

    assert set(judge.calls.values()) - made == set()


@pytest.mark.parametrize(("judge", "simulator"), _JUDGES)
def test_a_judge_comes_with_the_package_and_judges_the_simulator(
    judge: Judge, simulator: str
) -> None:
    module = judge.client.rpartition(".")[0].replace(".", "/")
    assert f"{module}/__init__.py" in {str(each) for each in files(judge.package) or ()}

    # By the simulator's own name, or by a bench's, which is the platform's and ends with it.
    name = simulator.removeprefix("simulators.")
    assert [each for tree in modules_of(judge.tests) for each in named(tree) if name in each]


@cache
def modules_of(folder: str) -> list[ast.Module]:
    """Return the test modules of a folder of contract tests."""
    return [ast.parse(file.read_text()) for file in sorted((_CONTRACT / folder).glob("*.py"))]


def imports(tree: ast.Module, module: str, name: str) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == module
        and name in {each.name for each in node.names}
        for node in tree.body
    )


def named(tree: ast.Module) -> Iterator[str]:
    """Yield the texts of a module, and what it imports."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)):
                yield text
            case ast.ImportFrom(module=str(module), names=names):
                yield module
                yield from (each.name for each in names)
            case _:
                pass


def calls_on(tree: ast.Module, client: str) -> Iterator[str]:
    """Yield the calls on objects of a class, such as `jobs.submit`."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            names = objects_in(function, client)
            for node in ast.walk(function):
                if isinstance(node, ast.Call):
                    root, _, call = ast.unparse(node.func).partition(".")
                    if root in names:
                        yield call


def objects_in(function: ast.FunctionDef, client: str) -> set[str]:
    """Return the names by which a function has objects of a class."""
    given = {
        each.arg
        for each in function.args.args
        if each.annotation is not None and ast.unparse(each.annotation) == client
    }
    made = {
        ast.unparse(node.targets[0])
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) == client
    }
    return given | made
