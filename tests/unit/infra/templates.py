"""The Bicep templates as the tests see them.

The parser knows the syntax and no more: it keeps neither quotes nor types. What a compiler would
find beyond that (names, parameters of modules, outputs) is looked up in the text.
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
_HOLE = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """One `.bicep` file, parsed."""

    path: Path
    content: dict[str, Any]

    @property
    def name(self) -> str:
        """The path from the folder of the templates."""
        return str(self.path.relative_to(BICEP))

    def part(self, kind: str) -> dict[str, Any]:
        """Return the declarations of a kind, `parameters` for example, by their name."""
        return self.content.get(kind, {})

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the bodies of the resources of a type that are deployed."""
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
        """Return every word outside strings, and in their holes."""
        return words_outside_strings(self.code())


def words_outside_strings(code: str) -> list[str]:
    """Return the words of some code that are names, those in holes of strings included."""
    holes = " ".join(_HOLE.findall(code))
    return re.findall(r"[A-Za-z_]\w*", f"{_STRING.sub(' ', code)} {holes}")


def body_of(config: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a resource or module, without its condition or loop."""
    return config["config"] if set(config) >= {"config"} else config


@cache
def template(name: str) -> Template:
    """Return the template at a path in the folder."""
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
    """Return the value of a variable as the parser gives it."""
    return of.part("variables")[name]["value"]


def filled(text: str, values: dict[str, str]) -> str:
    """Return the text of a Bicep string with its holes filled."""
    return _HOLE.sub(lambda hole: values[hole[1]], text)


def deployed_settings() -> dict[str, Any]:
    """Return the settings of the app, those of the Durable Task Scheduler included."""
    app = template("modules/app.bicep")
    return variable(app, "settings") | variable(app, "schedulerSettings")


def deployed_files() -> Iterator[Path]:
    """Yield the files of code that are in the package of the app."""
    for name in ("polysync_core", "orchestrations", "triggers", "function_app.py"):
        path = ROOT / name
        files = [path] if path.is_file() else sorted(path.rglob("*.py"))
        yield from (file for file in files if "cli" not in file.relative_to(ROOT).parts)
