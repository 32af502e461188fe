"""Reads the command line options of the Databricks simulator."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulators.databricks.access import FORBIDDEN_TOKEN, REFUSED_TOKEN, Access
from simulators.databricks.compute import DEFAULT_CLUSTER, DEFAULT_POOL, ClusterCatalogue
from simulators.example_folder import EXAMPLES

_ETL = EXAMPLES / "lakehouse" / "notebooks"
_BENCH = EXAMPLES / "bench" / "notebooks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one simulator."""

    port: int
    data: Path
    mounts: Mapping[str, Path]
    access: Access
    compute: ClusterCatalogue


def read_settings(arguments: Sequence[str]) -> Settings:
    """Return the settings of the command line; exit if they are wrong."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not options.notebooks.is_dir():
        parser.error(f"--notebooks: the folder {options.notebooks} does not exist")
    bench = {"/bench": _BENCH} if _BENCH.is_dir() else {}
    return Settings(
        port=options.port,
        data=options.data.resolve(),
        mounts={"/etl": options.notebooks, **bench, **dict(options.mount)},
        access=Access(tokens=_read_tokens(options.token_file)),
        compute=ClusterCatalogue(
            clusters=frozenset({DEFAULT_CLUSTER, *options.cluster}),
            pools=frozenset({DEFAULT_POOL, *options.pool}),
            new_cluster_seconds=options.cluster_start,
            pool_cluster_seconds=options.cluster_start / 2,
        ),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators.databricks",
        description="Simulator of an Azure Databricks workspace, on 127.0.0.1 only.",
        epilog=f"The tokens {REFUSED_TOKEN} and {FORBIDDEN_TOKEN} are always refused (403).",
    )
    add = parser.add_argument
    add("--port", type=int, default=8787, help="0 = any free port (default 8787)")
    add("--data", type=Path, required=True, help="folder for the lake, the logs and the runs")
    add("--notebooks", type=Path, default=_ETL, help="folder for /etl in the workspace")
    add(
        "--mount",
        type=_mount,
        action="append",
        default=[],
        metavar="/PATH=DIR",
        help="another folder in the workspace; repeatable",
    )
    add("--token-file", type=Path, help="accepted tokens, one per line (default: any)")
    add(
        "--cluster-start",
        type=float,
        default=0.2,
        metavar="SECONDS",
        help="start time of a new cluster; half of it from a pool (default 0.2)",
    )
    add(
        "--cluster",
        action="append",
        default=[],
        help=f"a cluster id in addition to {DEFAULT_CLUSTER}",
    )
    add("--pool", action="append", default=[], help=f"a pool id in addition to {DEFAULT_POOL}")
    return parser


def _mount(text: str) -> tuple[str, Path]:
    path, separator, folder = text.partition("=")
    if not separator or not path.startswith("/") or not Path(folder).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not /PATH=DIR with an existing DIR")
    return path, Path(folder)


def _read_tokens(file: Path | None) -> frozenset[str] | None:
    if file is None:
        return None
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    return frozenset(line for line in lines if line)
