"""Widgets of Python cells: other owners, names of other cells, loops and wrappers."""

from __future__ import annotations

import pytest

from polysync_core.platforms.azure_databricks.notebook_discovery import ExportedNotebook
from polysync_core.platforms.azure_databricks.notebook_source.widgets import widgets_of

CELL = "\n# COMMAND ----------\n"


def read(*cells: str) -> tuple[dict[str, object], tuple[str, ...]]:
    source = "# Databricks notebook source\n" + CELL.join(cells)
    schema = widgets_of(ExportedNotebook(source, "py"))
    return {each.name: each.default for each in schema.parameters}, schema.notes


SEASON = {"season": "2023"}
AB = {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["w.dbutils.widgets.text('season', '2023')"], SEASON),
        (["DBUtils(spark).widgets.text('season', '2023')"], SEASON),
        (["get_dbutils(spark).widgets.text('season', '2023')"], SEASON),
        (["dbu = dbutils", "dbu.widgets.text('season', '2023')"], SEASON),
        (["w = dbutils.widgets", "w.text('season', '2023')"], SEASON),
        (["w = dbutils.widgets", "w = dbutils.widgets\nw.text('season', '2023')"], SEASON),
        (["t = dbutils.widgets.text", "t('season', '2023')"], SEASON),
        (["def f():\n    w = dbutils.widgets\n    return w", "w.text('season', '2023')"], SEASON),
        (["getattr(dbutils.widgets, 'text')('season', '2023')"], SEASON),
        (["kind = 'text'", "getattr(dbutils.widgets, kind)('season', '2023')"], SEASON),
        (["(w := dbutils.widgets).text('season', '2023')"], SEASON),
        (["c.w = dbutils.widgets", "c.w.text('season', '2023')"], SEASON),
        (["spark.sql(\"CREATE WIDGET TEXT season DEFAULT '2023'\")"], SEASON),
        (["s = \"CREATE WIDGET TEXT season DEFAULT '2023'\"", "spark.sql(s)"], SEASON),
        (["spark.sql(sqlQuery=\"create  widget text season default '2023'\")"], SEASON),
        (
            ["NAME = 'season'", "DEFAULT = '20'", "dbutils.widgets.text(NAME, DEFAULT + '23')"],
            SEASON,
        ),
        (["class C:\n    NAME = 'season'", "dbutils.widgets.text(C.NAME, '2023')"], SEASON),
        (["A, B = 'season', 2023", "dbutils.widgets.text(A, B)"], SEASON),
        (["C = {'n': 'season', 'd': '2023'}", "dbutils.widgets.text(C['n'], C['d'])"], SEASON),
        (["args = ('season', '2023')", "dbutils.widgets.text(*args)"], SEASON),
        (["k = dict(name='season', defaultValue='2023')", "dbutils.widgets.text(**k)"], SEASON),
        (["dbutils.widgets.text(f'season', f\"{2023}\")"], SEASON),
        (["dbutils.widgets.text('sea%s' % 'son', '{}23'.format(20))"], SEASON),
        (["%pip install x\ndbutils.widgets.text('season', '2023')"], SEASON),
        (["y = (7\n% 2)\ndbutils.widgets.text('season', '2023')"], SEASON),
    ],
)
def test_a_widget_is_found_under_any_owner_and_name(
    cells: list[str], expected: dict[str, object]
) -> None:
    assert read(*cells) == (expected, ())


@pytest.mark.parametrize(
    "cells",
    [
        ["for k, v in {'a': '1', 'b': '2'}.items():\n    dbutils.widgets.text(k, v)"],
        ["D = {'a': '1', 'b': '2'}", "for k, v in D.items():\n    dbutils.widgets.text(k, v)"],
        ["D = {'a': '1', 'b': '2'}", "for k in D:\n    dbutils.widgets.text(k, D[k])"],
        ["for k, v in [('a', '1'), ('b', '2')]:\n    dbutils.widgets.text(k, v)"],
        ["for p in [('a', 1), ('b', 2)]:\n    dbutils.widgets.text(*p)"],
        [
            "for p in [{'n': 'a', 'd': 1}, {'n': 'b', 'd': 2}]:\n"
            "    dbutils.widgets.text(p['n'], p['d'])"
        ],
        [
            "for i, n in enumerate(['a', 'b'], ):\n    d = ['1', '2'][i]\n"
            "    dbutils.widgets.text(n, d)"
        ],
        [
            "for n, d in zip(['a', 'b'], '12'.replace('12', '1 2').split()):\n    pass",
            "for n, d in zip('a b'.split(), ('1', '2')):\n    dbutils.widgets.text(n, d)",
        ],
        ["[dbutils.widgets.text(k, v) for k, v in (('a', '1'), ('b', '2'))]"],
        ["x = {k: dbutils.widgets.text(k, v) for k, v in [('a', '1'), ('b', '2')]}"],
        [
            "def param(n, d):\n    dbutils.widgets.text(n, d)\n    return dbutils.widgets.get(n)",
            "A = param('a', '1')\nB = param(d='2', n='b')",
        ],
        [
            "def inner(n, d):\n    dbutils.widgets.text(n, d)\n"
            "def outer(n, d='2'):\n    inner(n, d)",
            "outer('a', 1)\nouter('b')",
        ],
        [
            "class P:\n    def add(self, n, d):\n        self.dbutils.widgets.text(n, d)",
            "p = P()\np.add('a', '1')\np.add('b', '2')",
        ],
        [
            "class P:\n    @staticmethod\n    def add(n, d):\n        dbutils.widgets.text(n, d)",
            "P.add('a', '1')\nP.add('b', '2')",
        ],
        [
            "for f, n, d in [(dbutils.widgets.text, 'a', 1), (dbutils.widgets.combobox, 'b', 2)]:\n"
            "    f(n, d)"
        ],
        ["kinds = {'text': dbutils.widgets.text}", "kinds['text']('a', 1)\nkinds['text']('b', 2)"],
        ["add = lambda n, d: dbutils.widgets.text(n, d)", "add('a', '1')\nadd('b', '2')"],
        ["def setup(w):\n    w.text('a', '1')\n    w.text('b', '2')", "setup(dbutils.widgets)"],
        [
            "def f(names):\n    for n, d in names.items():\n        dbutils.widgets.text(n, d)",
            "f({'a': '1', 'b': '2'})",
        ],
        [
            "def all_of(**given):\n    pass",
            "for s in (\"a DEFAULT '1'\", \"b DEFAULT '2'\"):\n"
            "    spark.sql(f'CREATE WIDGET TEXT {s}')",
        ],
    ],
)
def test_loops_and_functions_over_literals_create_their_widgets(cells: list[str]) -> None:
    found, doubts = read(*cells)

    assert found == AB
    assert [each for each in doubts if "inside a function" not in each] == []


def test_names_that_a_loop_builds_are_found() -> None:
    cell = "for t in ('x', 'y'):\n    name = f'rev_{t}'\n    dbutils.widgets.text(name, '')"

    assert read(cell) == ({"rev_x": "", "rev_y": ""}, ())


@pytest.mark.parametrize(
    ("cells", "doubt"),
    [
        (["p = dbutils.notebook.entry_point.getCurrentBindings()", "p['a']"], "names are unknown"),
        (["p = dbutils.widgets.getAll()"], "names are unknown"),
        (["for n in names():\n    dbutils.widgets.text(n, '')"], "computed name"),
        (["for n in ('a', 'b'):\n    dbutils.widgets.text(n + x, '')"], "computed name"),
        (["L = ['a']", "L.append(x)", "for n in L:\n    dbutils.widgets.text(n, '')"], "computed"),
        (["D = {}\nD['a'] = x\nfor n in D:\n    dbutils.widgets.text(n, '')"], "computed name"),
        (["def f(n):\n    dbutils.widgets.text(n, '')"], "computed name"),
        (["def f(n):\n    dbutils.widgets.text(n, '')", "f(x)"], "computed name"),
        (["def f(n):\n    f(n)\n    dbutils.widgets.text(n, '')", "f('a')"], "computed name"),
        (["list(map(lambda n: dbutils.widgets.text(n, ''), ['a']))"], "computed name"),
        (["getattr(dbutils.widgets, kind)('a', '')"], "computed name"),
        (["spark.sql(f'CREATE WIDGET TEXT {n} DEFAULT 1')"], "computed name"),
        (["x = dbutils.widgets.get(n)"], "reads a widget with a computed name"),
        (["from lib import setup\nsetup(dbutils)"], "passes dbutils to setup"),
        (["lib.setup(w=dbutils.widgets)"], "passes dbutils to setup"),
        (["list(map(dbutils.widgets.get, names))"], "passes dbutils to map"),
        (["functools.partial(dbutils.widgets.text, 'a')"], "passes dbutils to partial"),
        (["def f(n):\n    n = n or x\n    dbutils.widgets.text(n, '')", "f('a')"], "computed"),
        (
            ["def f(n):\n    if x:\n        n = 'b'\n    dbutils.widgets.text(n, '')", "f('a')"],
            "computed name",
        ),
    ],
)
def test_a_computed_part_is_a_doubt(cells: list[str], doubt: str) -> None:
    _, doubts = read(*cells)

    assert any(doubt in each for each in doubts), doubts


def test_a_widget_of_a_class_is_inside_a_function() -> None:
    cell = "class Job:\n    def __init__(self):\n        self.dbutils.widgets.text('as_of', '')\n"

    assert read(cell) == ({"as_of": ""}, ("as_of is created inside a function",))


def test_a_default_that_a_condition_may_change_is_computed() -> None:
    cells = (
        "def f(n, d=None):\n    if d is None:\n        d = ''\n    dbutils.widgets.text(n, d)",
        "f('a', 'x')",
    )

    assert read(*cells) == ({"a": None}, ("the default of a is computed: set it by hand",))


def test_other_owners_of_methods_are_no_widgets() -> None:
    found, doubts = read(
        "fig.text('a', 'b')\nd.get('x')\nplt.text(0, 1)\nx.getAll()\nprint(dbutils)"
    )

    assert (found, doubts) == ({}, ())


def test_a_marker_in_a_statement_of_python_is_no_parameter() -> None:
    cell = (
        "spark.sql('SELECT :x, ${y}', args={'x': 1})\nspark.sql('CREATE WIDGET TEXT a; SELECT :z')"
    )

    assert read(cell) == ({"a": None}, ())


@pytest.mark.slow
def test_the_cost_of_loops_is_bounded() -> None:
    loop = "for a in range(100):\n for b in range(100):\n  for c in range(100):\n"
    found, doubts = read(loop + "   dbutils.widgets.text(f'n_{c}', '')")

    assert found
    assert any("too long to read" in each for each in doubts)


@pytest.mark.slow
def test_the_cost_of_functions_is_bounded() -> None:
    functions = ["def f0(n):\n    dbutils.widgets.text(n, '')\n"]
    functions += [f"def f{i}(n):\n" + f"    f{i - 1}(n)\n" * 30 for i in range(1, 4)]
    _, doubts = read(*functions, "f3('a')\n" * 30)

    assert any("too long to read" in each for each in doubts)


def test_a_deeply_nested_cell_does_not_stop_the_reading() -> None:
    deep = "x = " + "+".join(["'a'"] * 20_000)
    found, doubts = read(deep, "dbutils.widgets.text('a', '1')")

    assert found.get("a") == "1"
    assert doubts
