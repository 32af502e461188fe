"""Execution of notebooks in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.databricks.notebooks.dbutils import FileSystem, Widgets
from simulators.databricks.notebooks.notebook import MAX_RESULT_BYTES, Ending, Outcome, run_notebook

type Run = Callable[..., Outcome]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run cells as a notebook."""

    def run_cells(*cells: str, **parameters: str) -> Outcome:
        text = "# Databricks notebook source\n" + "\n\n# COMMAND ----------\n\n".join(cells) + "\n"
        file = tmp_path / "notebook.py"
        file.write_text(text, encoding="utf-8")
        return run_notebook(file, parameters, tmp_path / "lake")

    return run_cells


def test_a_widget_gives_its_default(run: Run) -> None:
    outcome = run(
        'dbutils.widgets.text("a", "1")', 'dbutils.notebook.exit(dbutils.widgets.get("a"))'
    )

    assert (outcome.ending, outcome.result) == (Ending.SUCCESS, "1")


def test_a_parameter_overrides_the_default(run: Run) -> None:
    cells = ('dbutils.widgets.text("a", "1")', 'dbutils.notebook.exit(dbutils.widgets.get("a"))')

    assert run(*cells, a="2").result == "2"


def test_a_parameter_needs_no_widget(run: Run) -> None:
    assert run('dbutils.notebook.exit(dbutils.widgets.get("a"))', a="2").result == "2"


def test_an_undeclared_widget_fails_the_notebook(run: Run) -> None:
    outcome = run('dbutils.widgets.get("a")')

    assert outcome.ending is Ending.FAILURE
    assert "No input widget named a is defined" in (outcome.error or "")


def test_nothing_runs_after_exit_even_inside_try(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = run(
        'try:\n    dbutils.notebook.exit("x")\nexcept Exception:\n    pass', 'print("no")'
    )

    assert outcome.result == "x"
    assert capsys.readouterr().out == ""


def test_an_exit_value_is_cut_at_its_limit(run: Run) -> None:
    outcome = run(f'dbutils.notebook.exit("ä" * {MAX_RESULT_BYTES})')

    assert outcome.truncated
    assert len((outcome.result or "").encode()) == MAX_RESULT_BYTES


@pytest.mark.parametrize(
    ("cell", "error"),
    [
        pytest.param("1 / 0", "ZeroDivisionError: division by zero", id="an exception"),
        pytest.param("import sys; sys.exit(3)", "SystemExit: 3", id="leaving the interpreter"),
        pytest.param("x = = 1", "SyntaxError: invalid syntax", id="a syntax error"),
        pytest.param("raise KeyboardInterrupt", "KeyboardInterrupt", id="an interrupt"),
        pytest.param(
            "# MAGIC %sql SELECT 1",
            "simulators.databricks.notebooks.notebook.UnsupportedCell:"
            " The simulator cannot run a %sql cell.",
            id="a cell in another language",
        ),
        pytest.param(
            "spark.sql('x')",
            "NotImplementedError: There is no Spark in the simulator (spark.sql).",
            id="a use of Spark",
        ),
    ],
)
def test_a_notebook_fails_with_the_reason(run: Run, cell: str, error: str) -> None:
    outcome = run(cell)

    assert (outcome.ending, outcome.error) == (Ending.FAILURE, error)


def test_a_trace_names_the_line_of_the_file_and_no_frame_of_the_simulator(run: Run) -> None:
    outcome = run("a = 1", "def f():\n    return 1 / 0", "f()")

    trace = outcome.error_trace or ""
    assert "line 11, in <module>" in trace
    assert "line 7, in f" in trace
    assert "run_notebook" not in trace


def test_a_later_syntax_error_leaves_earlier_effects(run: Run, tmp_path: Path) -> None:
    outcome = run('dbutils.fs.put("seen.txt", "yes")', "x = = 1")

    assert outcome.ending is Ending.FAILURE
    assert (tmp_path / "lake" / "seen.txt").read_text(encoding="utf-8") == "yes"


def test_markdown_is_skipped_and_marked_python_runs(run: Run) -> None:
    outcome = run(
        "# MAGIC %md\n# MAGIC # Title",
        "# MAGIC %python\n# MAGIC x = 41 + 1",
        "dbutils.notebook.exit(x)",
    )

    assert outcome.result == "42"


def test_a_run_cell_shares_names_with_the_included_notebook(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shared.py").write_text("# Databricks notebook source\nANSWER = 42\n")

    assert run("# MAGIC %run ./shared", "dbutils.notebook.exit(ANSWER)").result == "42"


def test_a_run_cell_may_set_widgets_of_the_included_notebook(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shared.py").write_text(
        "# Databricks notebook source\n"
        'dbutils.widgets.text("reset", "true")\n'
        'A = dbutils.widgets.get("reset") + getArgument("x", "none")\n'
    )

    outcome = run(
        '# MAGIC %run ./shared $reset=false $x="a b"',
        'dbutils.notebook.exit(A + getArgument("reset") + dbutils.widgets.getArgument("y", "z"))',
    )

    assert outcome.result == "falsea btruez"


def test_the_other_lines_of_a_marked_cell_are_code(run: Run) -> None:
    outcome = run("# MAGIC %md\n# MAGIC title\nx = 1", "dbutils.notebook.exit(x)")

    assert outcome.result == "1"


def test_a_run_cell_without_its_notebook_fails(run: Run) -> None:
    assert "Notebook not found: ./absent" in (run("# MAGIC %run ./absent").error or "")


def test_display_accepts_any_value(run: Run) -> None:
    outcome = run('display([1, 2]); displayHTML("<p>")', 'dbutils.notebook.exit("done")')

    assert outcome.result == "done"


def test_an_outcome_survives_json() -> None:
    outcome = Outcome(ending=Ending.FAILURE, error="e", error_trace="t")

    assert Outcome.from_json(json.loads(json.dumps(outcome.as_json()))) == outcome


def test_a_dropdown_refuses_a_default_outside_its_choices() -> None:
    with pytest.raises(ValueError, match="not among the choices"):
        Widgets({}).dropdown("a", "x", ["y"])


def test_a_removed_widget_is_undefined() -> None:
    widgets = Widgets({"given": "1"})
    widgets.combobox("a", "x", ["y"])
    widgets.remove("a")

    assert widgets.getAll() == {"given": "1"}


def test_the_file_system_puts_lists_reads_and_removes(tmp_path: Path) -> None:
    fs = FileSystem(tmp_path)
    fs.mkdirs("dbfs:/folder/empty")
    fs.put("/folder/file.txt", "content")

    assert [info.name for info in fs.ls("dbfs:/folder")] == ["empty/", "file.txt"]
    assert fs.head("folder/file.txt", 4) == "cont"
    with pytest.raises(FileExistsError):
        fs.put("/folder/file.txt", "other")
    assert fs.rm("folder", recurse=True)
    assert not fs.rm("folder")


@given(st.lists(st.sampled_from(["..", ".", "a", "dbfs:", "", "~"]), max_size=8))
def test_the_file_system_never_leaves_the_lake(parts: list[str]) -> None:
    root = Path("/nowhere/lake")
    try:
        found = FileSystem(root)._resolve("/".join(parts))
    except PermissionError:
        return
    assert found.is_relative_to(root)
