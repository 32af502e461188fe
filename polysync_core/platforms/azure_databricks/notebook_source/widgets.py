"""Reads the parameters of a notebook from its widgets.

Python cells are parsed. SQL, Scala and R cells, and invalid Python, are searched for calls with a
literal name and an optional literal default. SQL cells may also declare a parameter by `CREATE
WIDGET` or by a parameter marker. The notes list every uncertain result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.platforms.azure_databricks.notebook_discovery import ExportedNotebook
from polysync_core.platforms.azure_databricks.notebook_source.cells import Cell, Language, cells_of
from polysync_core.platforms.azure_databricks.notebook_source.python_widgets import (
    Widget,
    WidgetFindings,
    read_python,
)
from polysync_core.platforms.azure_databricks.notebook_source.saved_widgets import saved_widgets
from polysync_core.platforms.azure_databricks.notebook_source.searched_widgets import (
    search_widgets,
)
from polysync_core.platforms.connector import ArtefactSchema
from polysync_core.platforms.text import shortened_line

MAX_NAME_LENGTH = 255
MAX_CELL_LENGTH = 100_000
"""The longest Python cell that is parsed, in characters; it takes at most about 0.2 seconds."""
MAX_PARSED_LENGTH = 500_000
"""The total length of the Python cells of one notebook that are parsed."""
MAX_NOTES = 50


def widgets_of(
    exported: ExportedNotebook, jupyter_form: Callable[[], ExportedNotebook | None] = lambda: None
) -> ArtefactSchema:
    """Return the parameters of a notebook in the order of its widgets.

    `jupyter_form` is asked only if the cells may lack a widget: only this form has the widgets that
    were made in the user interface.
    """
    findings = WidgetFindings()
    _read_cells(cells_of(exported.text, exported.kind), findings)
    created = {widget.name for widget in findings.widgets}
    document = exported if exported.kind == "ipynb" else None
    if document is None and (not created or findings.read - created):
        document = jupyter_form()
    if document is not None:
        saved = saved_widgets(document.text)
        findings.widgets.extend(widget for widget in saved if widget.name not in created)
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
    return ArtefactSchema(parameters=parameters, notes=_few(findings.notes))


def _read_cells(cells: Iterable[Cell], findings: WidgetFindings) -> None:
    parsed = 0
    for cell in cells:
        parsed += len(cell.text) if cell.language is Language.PYTHON else 0
        if len(cell.text) > MAX_CELL_LENGTH or parsed > MAX_PARSED_LENGTH:
            _search_long(cell, findings)
        else:
            _read(cell, findings)


def _few(notes: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct notes; many notes are cut."""
    distinct = tuple(dict.fromkeys(notes))
    more = len(distinct) - MAX_NOTES
    return (*distinct[:MAX_NOTES], f"and {more} more notes") if more > 0 else distinct


def _search_long(cell: Cell, findings: WidgetFindings) -> None:
    """Search a cell that is too long to be parsed: the parser holds the interpreter."""
    if cell.language in {Language.OTHER, Language.RUN}:
        return
    if cell.language is Language.PYTHON:
        findings.notes.append(
            f"a cell is not parsed, because more than {MAX_CELL_LENGTH} characters of a cell, or"
            f" {MAX_PARSED_LENGTH} of a notebook, take too long: check its parameters"
        )
    search_widgets(cell, findings)


def _read(cell: Cell, findings: WidgetFindings) -> None:
    match cell.language:
        case Language.OTHER:
            return
        case Language.RUN:
            findings.notes.append(
                f"the notebook runs {cell.text[:200]}; its widgets are not included"
            )
        case Language.PYTHON:
            if not read_python(cell.text, findings):
                findings.notes.append("a cell is not valid Python: check its parameters")
                search_widgets(cell, findings)
        case Language.SQL | Language.SCALA | Language.R:
            search_widgets(cell, findings)


def _distinct(findings: WidgetFindings) -> dict[str, Widget]:
    """Return the widgets by name; the first counts, and a note reports a different second."""
    widgets: dict[str, Widget] = {}
    for widget in findings.widgets:
        if not 0 < len(widget.name) <= MAX_NAME_LENGTH:
            findings.notes.append("a widget's name is too long for a parameter: it is left out")
            continue
        findings.notes.extend(widget.notes)
        known = widgets.setdefault(widget.name, widget)
        if known.default != widget.default:
            findings.notes.append(
                f"{widget.name} is created twice with different defaults: the first is used"
            )
    return widgets
