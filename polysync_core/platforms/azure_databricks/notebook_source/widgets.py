"""Collects the widgets of all notebook cells as the parameters of a Job.

Python cells are parsed, all of them together. SQL, Scala and R cells, and invalid Python, are
searched for calls with a literal name and an optional literal default. Of SQL, `CREATE WIDGET` and
the markers of parameters count, too. A notebook that `%run` names is read as well, one level deep.
Each note is a reason why the list of parameters may be incomplete.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence

from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.platforms.azure_databricks.notebook_discovery import ExportedNotebook
from polysync_core.platforms.azure_databricks.notebook_source.cells import (
    Cell,
    Language,
    cells_of,
    without_line_magic,
)
from polysync_core.platforms.azure_databricks.notebook_source.findings import (
    Widget,
    WidgetFindings,
)
from polysync_core.platforms.azure_databricks.notebook_source.included import Inclusion
from polysync_core.platforms.azure_databricks.notebook_source.python_widgets import (
    PythonReader,
    parse,
)
from polysync_core.platforms.azure_databricks.notebook_source.saved_widgets import saved_widgets
from polysync_core.platforms.azure_databricks.notebook_source.searched_widgets import (
    search_widgets,
)
from polysync_core.platforms.connector import ArtefactSchema
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.values import INVALID_NAME, is_parameter_name

MAX_CELL_LENGTH = 100_000
"""The longest Python cell that is parsed, in characters; it takes at most about 0.2 seconds."""
MAX_PARSED_LENGTH = 500_000
"""The total length of the Python cells of one notebook that are parsed."""
MAX_NOTES = 50
MAX_INCLUDED = 10
"""The most notebooks of `%run` that are read for one notebook."""

type Include = Callable[[str], ExportedNotebook | str]
"""Returns the notebook of a `%run`, or the reason why it cannot be read, perhaps empty."""


def widgets_of(exported: ExportedNotebook, include: Include | None = None) -> ArtefactSchema:
    """Return the parameters of a notebook in the order of its widgets."""
    findings, inclusions = _findings_of(exported)
    _include(findings, inclusions, include or _nothing)
    known = {widget.name for widget in findings.widgets}
    findings.widgets.extend(Widget(name=name) for name in findings.marked if name not in known)
    widgets = _distinct(findings)
    findings.notes.extend(
        f"the notebook reads {name}, but creates no widget with this name"
        for name in sorted(findings.read - widgets.keys())
    )
    parameters = tuple(
        Parameter(
            name=widget.name, default=widget.default, description=shortened_line(widget.description)
        )
        for widget in widgets.values()
    )
    return ArtefactSchema(parameters=parameters, notes=_few((*exported.doubts, *findings.notes)))


def _findings_of(exported: ExportedNotebook) -> tuple[WidgetFindings, list[Inclusion]]:
    """Return the widgets of one notebook, and the notebooks that it runs."""
    findings = WidgetFindings()
    cells = cells_of(exported.text, exported.kind)
    _read_cells(cells, findings)
    if exported.kind == "ipynb":
        created = {widget.name for widget in findings.widgets}
        saved = saved_widgets(exported.text)
        findings.widgets.extend(widget for widget in saved if widget.name not in created)
    return findings, [Inclusion.of(cell.text) for cell in cells if cell.language is Language.RUN]


def _nothing(_path: str) -> str:
    return ""


def _include(findings: WidgetFindings, inclusions: Sequence[Inclusion], include: Include) -> None:
    """Add the widgets of the notebooks that `%run` names, without those that it sets."""
    for index, each in enumerate(inclusions):
        path = shortened_line(each.path, limit=200)
        found = include(each.path) if index < MAX_INCLUDED else "too many notebooks are run"
        if isinstance(found, str):
            reason = f": {found}" if found else ""
            findings.notes.append(f"the notebook runs {path}; its widgets are not included{reason}")
            continue
        inner, further = _findings_of(found)
        _take(findings, inner, each)
        findings.notes.extend(f"in {path}: {note}" for note in (*found.doubts, *inner.notes))
        findings.notes.extend(
            f"in {path}: the notebook runs {shortened_line(other.path, limit=200)}; its widgets are"
            " not included"
            for other in further
        )


def _take(findings: WidgetFindings, inner: WidgetFindings, inclusion: Inclusion) -> None:
    known = {widget.name for widget in findings.widgets}
    findings.widgets.extend(
        widget
        for widget in inner.widgets
        if widget.name not in known and widget.name not in inclusion.given
    )
    own = {widget.name for widget in inner.widgets} | inclusion.given
    findings.read.update(inner.read - own)
    findings.marked.update(dict.fromkeys(name for name in inner.marked if name not in own))


def _read_cells(cells: Sequence[Cell], findings: WidgetFindings) -> None:
    """Add the widgets of the cells in their order; Python cells are read together."""
    code = [each for each in cells if each.language not in {Language.OTHER, Language.RUN}]
    trees = list(_parsed(code, findings))
    reader = PythonReader([tree for tree in trees if tree is not None], findings)
    for cell, tree in zip(code, trees, strict=True):
        if tree is None or not reader.read(tree):
            search_widgets(cell, findings)


def _parsed(cells: Iterable[Cell], findings: WidgetFindings) -> Iterator[ast.Module | None]:
    """Yield the syntax tree of each cell; None if it cannot be parsed."""
    parsed = 0
    for cell in cells:
        if cell.language is not Language.PYTHON:
            yield None
            continue
        parsed += len(cell.text)
        if len(cell.text) > MAX_CELL_LENGTH or parsed > MAX_PARSED_LENGTH:
            # The parser holds the interpreter.
            findings.notes.append(
                f"a cell is not parsed, because more than {MAX_CELL_LENGTH} characters of a cell,"
                f" or {MAX_PARSED_LENGTH} of a notebook, take too long: check its parameters"
            )
            yield None
            continue
        tree = parse(cell.text) or parse(without_line_magic(cell.text))
        if tree is None:
            findings.notes.append("a cell is not valid Python: check its parameters")
        yield tree


def _few(notes: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct notes; many notes are cut."""
    distinct = tuple(dict.fromkeys(notes))
    more = len(distinct) - MAX_NOTES
    return (*distinct[:MAX_NOTES], f"and {more} more notes") if more > 0 else distinct


def _distinct(findings: WidgetFindings) -> dict[str, Widget]:
    """Return the widgets by name; the first counts, and a note reports a different second."""
    widgets: dict[str, Widget] = {}
    for widget in findings.widgets:
        if not is_parameter_name(widget.name):
            findings.notes.append(INVALID_NAME)
            continue
        findings.notes.extend(widget.notes)
        known = widgets.setdefault(widget.name, widget)
        if known.default != widget.default:
            findings.notes.append(
                f"{widget.name} is created twice with different defaults: the first is used"
            )
    return widgets
