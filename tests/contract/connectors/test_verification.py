"""The verification claims in the platforms' reference match the contract tests."""

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
from tests.contract.connectors.conftest import ALL_CASES
from tests.contract.connectors.job_type_case import Behaviour, JobTypeCase
from tests.contract.connectors.verifications import VERIFICATIONS
from tests.contract.connectors.verified_job_types import OfficialClient

_CONTRACT = Path(__file__).parents[1]
_CLIENTS = [
    pytest.param(verification.official_client, verification.simulator, id=name)
    for name, verification in VERIFICATIONS.items()
    if verification.official_client is not None
]


def test_every_case_has_a_verification_and_every_job_type_a_case() -> None:
    assert set(VERIFICATIONS) == set(ALL_CASES)
    assert set(JobType) == {JobType(name.partition(" ")[0]) for name in ALL_CASES}


def test_a_case_can_test_all_capabilities_of_its_job_type(case: JobTypeCase) -> None:
    needed = {
        Capability.CANCEL: bool(case.jobs.get(Behaviour.HANGS)),
        Capability.OUTPUTS: bool(case.outputs) and Behaviour.RETURNS_OUTPUTS in case.jobs,
        Capability.PARAMETERS: Behaviour.MISSING in case.jobs,
    }

    assert not [each for each in case.capabilities & needed.keys() if not needed[each]]


def test_only_a_job_type_with_outputs_can_be_mapped_from(case: JobTypeCase) -> None:
    gives = case.jobs.get(Behaviour.RETURNS_OUTPUTS, case.jobs[Behaviour.SUCCEEDS])

    problem = outputs_problem(case.platform, gives)
    assert (problem is None) is (Capability.OUTPUTS in case.capabilities)


@pytest.mark.parametrize(("official_client", "simulator"), _CLIENTS)
def test_an_official_client_makes_the_claimed_calls(
    official_client: OfficialClient, simulator: str
) -> None:
    made = {
        call
        for name in (official_client.client, *official_client.more_clients)
        for module, _, client in [name.rpartition(".")]
        for tree in modules_of(official_client.tests)
        if imports(tree, module, client)
        for call in calls_on(tree, client)
    }

    assert set(official_client.calls.values()) - made == set()


@pytest.mark.parametrize(("official_client", "simulator"), _CLIENTS)
def test_an_official_client_is_in_its_package_and_calls_the_simulator(
    official_client: OfficialClient, simulator: str
) -> None:
    module = official_client.client.rpartition(".")[0].replace(".", "/")
    assert f"{module}/__init__.py" in {str(each) for each in files(official_client.package) or ()}

    # The tests name the simulator itself, or the module of a case, whose name ends with it.
    name = simulator.removeprefix("simulators.")
    assert [
        each
        for tree in modules_of(official_client.tests)
        for each in names_in(tree)
        if name in each
    ]


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


def names_in(tree: ast.Module) -> Iterator[str]:
    """Yield the texts and imported names of a module."""
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
    """Return the variables of a function that hold objects of a class."""
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
