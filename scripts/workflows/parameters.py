"""Prints a deployment's Bicep parameters from environment variables, for GitHub Actions.

    python -m scripts.workflows.parameters > parameters.txt

The file is infra/bicep/main.parameters.json of azd. Its `${NAME=default}` are variables of the
environment. The members of the JSON object in VARIABLES, such as `toJSON(vars)` of a workflow, take
precedence. An empty variable counts as missing, as with azd.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

FILE = Path(__file__).parents[2] / "infra" / "bicep" / "main.parameters.json"
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Z][A-Z0-9_]*)(?P<default>=[^}]*)?\}")


class WrongParameter(Exception):
    """A parameter has no usable value; the text says which one."""


def parameters(file: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """Yield `name=value` for each parameter of a file; raises `WrongParameter`."""
    for name, given in json.loads(file.read_text())["parameters"].items():
        value = _VARIABLE.sub(lambda found: _value(found, variables), str(given["value"]))
        if not value.isprintable():
            raise WrongParameter(f"{name}: must be one line of printable characters")
        yield f"{name}={value}"


def variables_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of an environment and of its VARIABLES."""
    named = json.loads(environment.get("VARIABLES") or "{}")
    return {**environment, **{name: str(value) for name, value in named.items()}}


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    given, default = variables.get(found["name"], ""), found["default"]
    if not given and default is None:
        raise WrongParameter(f"{found['name']}: is missing: set this variable of the environment")
    return given or (default or "=")[1:]


def main() -> int:
    """Print the parameters, or the first problem."""
    try:
        print(*parameters(FILE, variables_of(os.environ)), sep="\n")
    except WrongParameter as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
