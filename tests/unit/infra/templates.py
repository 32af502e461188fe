"""Parses the Bicep templates for the tests.

The parser knows only the syntax; it keeps neither quotes nor types. So the tests read names,
module parameters and outputs from the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pycep import BicepParser

ROOT = Path(__file__).parents[3]
BICEP = ROOT / "infra" / "bicep"
_STRING = re.compile(r"'(?:\\'|[^'])*'")
_INTERPOLATION = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """One `.bicep` file, parsed."""

    path: Path
    content: dict[str, Any]

    @property
    def name(self) -> str:
        """Return the path below `infra/bicep`."""
        return str(self.path.relative_to(BICEP))

    def part(self, kind: str) -> dict[str, Any]:
        """Return the declarations of a kind, such as `parameters`, by name."""
        return self.content.get(kind, {})

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the bodies of the deployed resources of a type."""
        return {
            name: body_of(each["config"])
            for name, each in self.part("resources").items()
            if each["type"] == kind and not each["existing"]
        }

    def code(self) -> str:
        """Return the text without comments."""
        lines = self.path.read_text().splitlines()
        return "\n".join(re.sub(r"(^|\s)//.*$", "", line) for line in lines)

    def names_used(self) -> list[str]:
        """Return every name outside strings and inside interpolations."""
        return words_outside_strings(self.code())


def words_outside_strings(code: str) -> list[str]:
    """Return the names in code outside strings and inside interpolations."""
    interpolations = " ".join(_INTERPOLATION.findall(code))
    return re.findall(r"[A-Za-z_]\w*", f"{_STRING.sub(' ', code)} {interpolations}")


def body_of(config: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a resource or module, without its condition or loop."""
    return config["config"] if set(config) >= {"config"} else config


@cache
def template(name: str) -> Template:
    """Return the template at a path below `infra/bicep`."""
    path = BICEP / name
    content: Any = BicepParser().parse(text=path.read_text())
    return Template(path, content)


def template_names() -> list[str]:
    """Return the path of every template."""
    return sorted(str(path.relative_to(BICEP)) for path in BICEP.rglob("*.bicep"))


def templates() -> Iterator[Template]:
    """Yield every template."""
    return map(template, template_names())


def variable(of: Template, name: str) -> Any:
    """Return the parsed value of a variable."""
    return of.part("variables")[name]["value"]


def filled(text: str, values: dict[str, str]) -> str:
    """Return a Bicep string with its interpolations replaced."""
    return _INTERPOLATION.sub(lambda match: values[match[1]], text)


def deployed_settings() -> dict[str, Any]:
    """Return the settings of the app, including those of the Durable Task Scheduler."""
    app = template("modules/app.bicep")
    return variable(app, "settings") | variable(app, "schedulerSettings")


def deployed_files() -> Iterator[Path]:
    """Yield the Python files in the package of the app."""
    for name in ("polysync_core", "orchestrations", "triggers", "function_app.py"):
        path = ROOT / name
        files = [path] if path.is_file() else sorted(path.rglob("*.py"))
        yield from (file for file in files if "cli" not in file.relative_to(ROOT).parts)
