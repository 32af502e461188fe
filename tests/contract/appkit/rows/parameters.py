"""Parameters: validation by schemas, and mapping for each task type."""

from __future__ import annotations

from tests.contract.appkit.differences import (
    exact,
    mistake,
    mistake_in_a_stream,
    run_now,
)
from tests.contract.appkit.table import Row, Setup, raw_run, row, run, stream

_VALUES = (
    b'{"params": {"one": 1.0, "half": 1.50, "large": 1e21, "small": 1e-7, "zero": -0,'
    b' "yes": true, "no": false, "nothing": null, "text": "a b", "empty": "",'
    b' "\xc3\xa9": "\xe2\x82\xac"}}'
)
_ARGS = b'{"params": {"args": ["a", 1.0, true, null, {"a": 1}, [1, [2, 3]], [], ""], "ignored": 1}}'


def _many(count: int) -> dict[str, str]:
    return {f"p{n}": "v" for n in range(count)}


def _by_name(task_type: str) -> tuple[Row, ...]:
    setup = Setup(task_type=task_type)
    return (
        row(
            f"{task_type}: values become texts by the rules of JavaScript",
            raw_run(_VALUES),
            setup=setup,
        ),
        row(f"{task_type}: empty parameters are sent as an empty field", run({}), setup=setup),
        row(f"{task_type}: no parameters are sent without params", run(), setup=setup),
        row(
            f"{task_type}: an object as a value",
            run({"a": {"b": 1}}),
            setup=setup,
            differs=mistake('Parameter "a" must be a primitive value, got object'),
        ),
        row(
            f"{task_type}: a list as a value",
            run({"a": 1, "b": [1]}),
            setup=setup,
            differs=mistake('Parameter "b" must be a primitive value, got array'),
        ),
    )


def _by_position(task_type: str) -> tuple[Row, ...]:
    setup = Setup(task_type=task_type)
    return (
        row(f"{task_type}: arguments become texts in their order", raw_run(_ARGS), setup=setup),
        row(
            f"{task_type}: without a list of arguments none are sent",
            run({"args": "a b"}),
            setup=setup,
        ),
        row(f"{task_type}: other fields are ignored", run({"a": 1}), setup=setup),
        row(f"{task_type}: no parameters are sent without params", run(), setup=setup),
    )


_DBT = Setup(task_type="dbt")
_UNTYPED = Setup(task_type=None)


def _with(schema: str, task_type: str | None = "notebook") -> Setup:
    return Setup(task_type=task_type, schema=schema)


ROWS = (
    *_by_name("notebook"),
    *_by_name("python_wheel"),
    *_by_name("sql"),
    *_by_position("python_script"),
    *_by_position("spark_jar"),
    row("dbt: a run without parameters", run(), setup=_DBT),
    row("dbt: a run with empty parameters", run({}), setup=_DBT),
    row(
        "dbt: a parameter",
        run({"a": 1}),
        setup=_DBT,
        differs=mistake("dbt tasks do not accept parameters"),
    ),
    row("dbt: too many parameters win over other mistakes", run(_many(51)), setup=_DBT),
    row("no type: a run without parameters", run(), setup=_UNTYPED),
    row("no type: parameters are refused", run({"a": 1}), setup=_UNTYPED),
    row("no type: empty parameters are refused as well", run({}), setup=_UNTYPED),
    row("no type: params that are not an object win over other mistakes", run([]), setup=_UNTYPED),
    row("fifty parameters are accepted without a schema", run(_many(50))),
    row("fifty-one parameters are refused without a schema", run(_many(51))),
    row("fifty-one parameters are accepted with a schema", run(_many(51)), setup=_with("many")),
    row("a schema's refusal shows no details", run({"day": 5}), setup=_with("window")),
    row("a schema refuses a missing field", run(), setup=_with("window")),
    row(
        "a schema refuses a wrong optional field",
        run({"day": "x", "dryRun": "yes"}),
        setup=_with("window"),
    ),
    row("a schema refuses a text for a number", run({"count": "5"}), setup=_with("count")),
    row("a schema refuses a fraction for an integer", run({"count": 5.5}), setup=_with("count")),
    row(
        "a schema accepts an integer written as a fraction",
        raw_run(b'{"params": {"count": 5.0}}'),
        setup=_with("count"),
    ),
    row(
        "accepted parameters are sent",
        run({"day": "2026-01-01", "dryRun": True}),
        setup=_with("window"),
    ),
    row(
        "an unknown field is dropped",
        run({"day": "x", "more": {}}),
        setup=_with("window"),
    ),
    row(
        "a strict schema refuses an unknown field",
        run({"day": "x", "more": 1}),
        setup=_with("strict"),
    ),
    row("a default of the schema is sent", run({}), setup=_with("defaults")),
    row("a default of the schema is sent without params, too", run(), setup=_with("defaults")),
    row("params that are not an object are refused with a schema", run([1]), setup=_with("window")),
    row(
        "a schema without the field args",
        run({"p": "x"}),
        setup=_with("many", "python_script"),
    ),
    row(
        "no type: accepted parameters are sent unchanged",
        run({"notebook_params": {"a": "1"}, "unknown": 1}),
        setup=_with("fields", None),
    ),
    row("no type: the job cannot be another", run({"job_id": 5}), setup=_with("fields", None)),
    row(
        "no type: the caller's own idempotency token",
        run({"idempotency_token": "mine"}, keeps_token=True),
        setup=_with("fields", None),
    ),
    row(
        "no type: other fields of a run",
        run({"only": ["t"], "queue": {"enabled": True}, "performance_target": "STANDARD"}),
        setup=_with("fields", None),
    ),
    row(
        "invalid parameters are refused before a stream opens",
        stream({"day": 5}),
        setup=_with("window"),
    ),
    row("a stream refuses params that are not an object", stream([1])),
    row("a stream refuses too many parameters", stream(_many(51))),
    row("a stream refuses parameters without a type", stream({"a": 1}), setup=_UNTYPED),
    row(
        "an object as a value in a stream",
        stream({"a": {}}),
        differs=mistake_in_a_stream('Parameter "a" must be a primitive value, got object'),
    ),
    row(
        "a parameter of dbt in a stream",
        stream({"a": 1}),
        setup=_DBT,
        differs=mistake_in_a_stream("dbt tasks do not accept parameters"),
    ),
    row(
        "a whole number of many digits",
        raw_run(b'{"params": {"a": 12345678901234567890}}'),
        differs=exact(
            {
                "sent": (
                    [run_now(notebook_params={"a": "12345678901234567000"})],
                    [run_now(notebook_params={"a": "12345678901234567890"})],
                )
            }
        ),
    ),
)
