"""Defines and runs simulated programs, which replace the components and scripts of jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

type Values = Mapping[str, str]

ENDLESS = frozenset({"hang"})
"""Programs that run until the job is cancelled."""


class ProgramFailed(Exception):
    """A program ended with an error; the text is the error message of the job."""


def score_sales(inputs: Values) -> Values:
    """Return the revenue of the next period for a given growth."""
    revenue, growth = _whole(inputs, "revenue_cents"), _whole(inputs, "growth_percent")
    return {"forecast_cents": str(revenue * (100 + growth) // 100)}


def train_forecast(inputs: Values) -> Values:
    """Return the loss of a model, which depends on the learning rate only."""
    rate = _real(inputs, "learning_rate")
    return {"loss": f"{abs(rate - 0.1):.6f}"}


def echo(inputs: Values) -> Values:
    """Return the inputs as the outputs."""
    return inputs


def fail(_: Values) -> Values:
    """Fail like a script that found no data."""
    raise ProgramFailed("ValueError: no sales today")


PROGRAMS: Mapping[str, Callable[[Values], Values]] = {
    "score_sales": score_sales,
    "train_forecast": train_forecast,
    "echo": echo,
    "fail": fail,
    "hang": echo,
}


def run_program(name: str, inputs: Values) -> Values:
    """Return the outputs of a program; raise `ProgramFailed`."""
    program = PROGRAMS.get(name)
    if program is None:
        raise ProgramFailed(f"python: can't open file '{name}.py': No such file or directory")
    return program(inputs)


def _whole(inputs: Values, name: str) -> int:
    try:
        return int(_given(inputs, name))
    except ValueError:
        raise ProgramFailed(f"ValueError: {name} is not a whole number") from None


def _real(inputs: Values, name: str) -> float:
    try:
        return float(_given(inputs, name))
    except ValueError:
        raise ProgramFailed(f"ValueError: {name} is not a number") from None


def _given(inputs: Values, name: str) -> str:
    if name not in inputs:
        raise ProgramFailed(f"KeyError: {name} is not among the inputs")
    return inputs[name]
