"""The queue of scripted faults."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from simulators.faults import FaultKind, FaultQueue, FaultScript


def a_fault(**values: object) -> FaultScript:
    return FaultScript.model_validate({"fault": "status", **values})


def test_faults_are_taken_in_order_by_their_endpoint() -> None:
    faults = FaultQueue()
    faults.add([a_fault(endpoint="a", status=429), a_fault(endpoint="a"), a_fault(endpoint="b")])

    assert faults.take("c") is None
    assert [fault.status for _ in range(2) if (fault := faults.take("a"))] == [429, 500]
    assert faults.take("a") is None
    assert [fault.endpoint for fault in faults.waiting] == ["b"]


def test_a_fault_for_all_endpoints_applies_its_number_of_times() -> None:
    faults = FaultQueue()
    faults.add([a_fault(times=2)])

    taken = [faults.take(name) is not None for name in ("a", "b", "c")]

    assert taken == [True, True, False]


@pytest.mark.parametrize(
    ("endpoint", "hit"),
    [("a/*/c", True), ("*", True), ("POST a/*/c", True), ("GET a/*/c", False), ("a/*/d", False)],
)
def test_a_fault_may_select_several_endpoints_and_one_method(endpoint: str, hit: bool) -> None:
    faults = FaultQueue()
    faults.add([a_fault(endpoint=endpoint)])

    assert (faults.take("a/b/c", "POST") is not None) == hit


def test_cleared_faults_do_not_happen() -> None:
    faults = FaultQueue()
    faults.add([a_fault()])
    faults.clear()

    assert faults.take("a") is None


@pytest.mark.parametrize("kind", list(FaultKind))
def test_the_order_of_effect_and_fault_can_be_chosen(kind: FaultKind) -> None:
    assert a_fault(fault=kind, effect=True).has_effect
    assert not a_fault(fault=kind, effect=False).has_effect


@pytest.mark.parametrize(
    "script", [{"times": 0}, {"status": 200}, {"fault": "x"}, {"unknown": 1}, {"seconds": -1}]
)
def test_an_invalid_script_is_refused(script: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        a_fault(**script)
