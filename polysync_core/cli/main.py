"""Assembles all commands of `polysync` into one command-line application.

The commands themselves import modules that load slowly (Rich, the HTTP library, YAML), so that
`--help` and shell completion answer at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from copy import copy
from typing import Annotated, Any

import typer
from typer.models import CommandInfo

from polysync_core.cli.commands.azure.check import check
from polysync_core.cli.commands.definitions.apply import apply
from polysync_core.cli.commands.definitions.artefacts import artefacts
from polysync_core.cli.commands.definitions.deliveries import deliveries
from polysync_core.cli.commands.definitions.drift import drift
from polysync_core.cli.commands.definitions.export import export
from polysync_core.cli.commands.definitions.import_ import import_jobs, sync_parameters
from polysync_core.cli.commands.definitions.init import init
from polysync_core.cli.commands.definitions.plan import plan
from polysync_core.cli.commands.definitions.schema import schema
from polysync_core.cli.commands.definitions.test import test
from polysync_core.cli.commands.definitions.validate import validate
from polysync_core.cli.commands.definitions.versions import restore, versions
from polysync_core.cli.commands.environments.context import context
from polysync_core.cli.commands.environments.login import login, logout
from polysync_core.cli.commands.host.access_key import access_key
from polysync_core.cli.commands.host.backup import backup
from polysync_core.cli.commands.host.demo import demo
from polysync_core.cli.commands.host.dev import dev
from polysync_core.cli.commands.host.doctor import doctor
from polysync_core.cli.commands.limits.hold import hold, holds, release
from polysync_core.cli.commands.limits.usage import usage
from polysync_core.cli.commands.objects.create_task import create_task
from polysync_core.cli.commands.objects.delete import delete
from polysync_core.cli.commands.objects.describe import describe
from polysync_core.cli.commands.objects.edit import edit
from polysync_core.cli.commands.objects.enable import disable, enable
from polysync_core.cli.commands.objects.get import get
from polysync_core.cli.commands.objects.open import open_page
from polysync_core.cli.commands.operations.about import show_help, version
from polysync_core.cli.commands.operations.audit import audit
from polysync_core.cli.commands.operations.dead_letters import dead_letters
from polysync_core.cli.commands.platforms.job_keys import job_keys
from polysync_core.cli.commands.platforms.platform_runs import platform_runs
from polysync_core.cli.commands.runs.cancel import cancel
from polysync_core.cli.commands.runs.exec import execute
from polysync_core.cli.commands.runs.explain import explain
from polysync_core.cli.commands.runs.failures import failures
from polysync_core.cli.commands.runs.follow import follow
from polysync_core.cli.commands.runs.graph import graph
from polysync_core.cli.commands.runs.logs import logs
from polysync_core.cli.commands.runs.missed import missed
from polysync_core.cli.commands.runs.rerun import rerun
from polysync_core.cli.commands.runs.run import run
from polysync_core.cli.commands.runs.runs import runs
from polysync_core.cli.commands.runs.show import show
from polysync_core.cli.commands.schedules.arrivals import arrivals
from polysync_core.cli.commands.schedules.backfill import backfill
from polysync_core.cli.commands.schedules.backfills import backfills
from polysync_core.cli.commands.schedules.cron import cron
from polysync_core.cli.commands.schedules.deadlines import deadlines
from polysync_core.cli.commands.schedules.fire_times import fire_times
from polysync_core.cli.commands.schedules.schedules import pause, resume, schedules
from polysync_core.cli.completion.command_line import completed_command, is_completion
from polysync_core.cli.environments.connection import with_context
from polysync_core.cli.plain_usage import PlainCommand, PlainGroup


class _Commands(typer.Typer):
    """The commands; each of them that has `--url` also has `--context`."""

    def command(self, name: str | None = None, **options: Any) -> Any:
        """Register a command."""
        register = super().command(name, **options)

        def add(function: Callable[..., Any]) -> Callable[..., Any]:
            return register(with_context(function))

        return add

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Run a command, or complete its arguments, without building the other commands."""
        typed = () if args or options.get("args") else sys.argv[1:2]
        word = completed_command() if is_completion() else next(iter(typed), None)
        named = [each for each in self.registered_commands if _name_of(each) == word]
        groups = [each for each in self.registered_groups if each.name == word]
        if (named or groups) and word != "help":
            self.registered_commands, self.registered_groups = named, groups
        elif is_completion():
            self.registered_commands = [*map(_without_parameters, self.registered_commands)]
        return super().__call__(*args, **options)


def _name_of(command: CommandInfo) -> str:
    function = command.callback
    return command.name or ("" if function is None else function.__name__.replace("_", "-"))


def _without_parameters(command: CommandInfo) -> CommandInfo:
    """Return a command for the completion of its name, which needs no parameters."""
    name, text = _name_of(command), getattr(command.callback, "__doc__", None)

    def unused() -> None: ...

    light = copy(command)
    light.name, light.callback = name, unused
    light.help = command.help or text
    return light


app = _Commands(
    name="polysync",
    cls=PlainGroup,
    help="Define and run jobs across platforms.",
    epilog="POLYSYNC_URL holds the address of the API, or POLYSYNC_CONTEXT the name of a context. "
    "POLYSYNC_TOKEN holds a token, or POLYSYNC_KEY an access key, for an app that requires "
    "sign-in.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(requested: bool) -> None:
    if requested:
        from importlib.metadata import version

        typer.echo(f"polysync {version('polysync')}")
        raise typer.Exit


@app.callback()
def _main(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_show_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    """Define and run jobs across platforms."""


_OBJECTS, _DEFINITIONS = "Definitions", "Definitions as files"
_RUNS, _SCHEDULES, _PLATFORMS = "Runs", "Schedules", "Platforms"
_CONTEXTS, _OPERATIONS, _HOST, _AZURE = (
    "Contexts",
    "Operations",
    "Host on this machine",
    "Deployment to Azure",
)

# `--help` shows the groups and their commands in this order.
app.command(cls=PlainCommand, rich_help_panel=_OBJECTS)(get)
app.command(cls=PlainCommand, rich_help_panel=_OBJECTS)(describe)
app.command(cls=PlainCommand, rich_help_panel=_OBJECTS)(create_task)
app.command(cls=PlainCommand, rich_help_panel=_OBJECTS)(edit)
app.command(cls=PlainCommand, rich_help_panel=_OBJECTS)(enable)
app.command(cls=PlainCommand, rich_help_panel=_OBJECTS)(disable)
app.command(cls=PlainCommand, rich_help_panel=_OBJECTS)(delete)
app.command("open", cls=PlainCommand, rich_help_panel=_OBJECTS)(open_page)
app.command(cls=PlainCommand, rich_help_panel=_DEFINITIONS)(init)
app.command(cls=PlainCommand, rich_help_panel=_DEFINITIONS)(plan)
app.command(cls=PlainCommand, rich_help_panel=_DEFINITIONS)(apply)
app.command(cls=PlainCommand, rich_help_panel=_DEFINITIONS)(validate)
app.command(cls=PlainCommand, rich_help_panel=_DEFINITIONS)(export)
app.command(cls=PlainCommand, rich_help_panel=_DEFINITIONS)(versions)
app.command(cls=PlainCommand, rich_help_panel=_DEFINITIONS)(restore)
app.command(cls=PlainCommand, rich_help_panel=_DEFINITIONS)(schema)
app.command(cls=PlainCommand, rich_help_panel=_RUNS)(run)
app.command("exec", cls=PlainCommand, rich_help_panel=_RUNS)(execute)
app.command(cls=PlainCommand, rich_help_panel=_RUNS)(runs)
app.command(cls=PlainCommand, rich_help_panel=_RUNS)(follow)
app.command(cls=PlainCommand, rich_help_panel=_RUNS)(show)
app.command(cls=PlainCommand, rich_help_panel=_RUNS)(logs)
app.command(cls=PlainCommand, rich_help_panel=_RUNS)(graph)
app.command(cls=PlainCommand, rich_help_panel=_RUNS)(explain)
app.command(cls=PlainCommand, rich_help_panel=_RUNS)(missed)
app.command(cls=PlainCommand, rich_help_panel=_RUNS)(failures)
app.command(cls=PlainCommand, rich_help_panel=_RUNS)(usage)
app.command(cls=PlainCommand, rich_help_panel=_RUNS)(cancel)
app.command(cls=PlainCommand, rich_help_panel=_RUNS)(rerun)
app.command(cls=PlainCommand, rich_help_panel=_RUNS)(hold)
app.command(cls=PlainCommand, rich_help_panel=_RUNS)(release)
app.command(cls=PlainCommand, rich_help_panel=_RUNS)(holds)
app.command(cls=PlainCommand, rich_help_panel=_SCHEDULES)(schedules)
app.command(cls=PlainCommand, rich_help_panel=_SCHEDULES)(fire_times)
app.command(cls=PlainCommand, rich_help_panel=_SCHEDULES)(arrivals)
app.command(cls=PlainCommand, rich_help_panel=_SCHEDULES)(deadlines)
app.command(cls=PlainCommand, rich_help_panel=_SCHEDULES)(cron)
app.command(cls=PlainCommand, rich_help_panel=_SCHEDULES)(pause)
app.command(cls=PlainCommand, rich_help_panel=_SCHEDULES)(resume)
app.command(cls=PlainCommand, rich_help_panel=_SCHEDULES)(backfill)
app.command(cls=PlainCommand, rich_help_panel=_SCHEDULES)(backfills)
app.command(cls=PlainCommand, rich_help_panel=_PLATFORMS)(test)
app.command(cls=PlainCommand, rich_help_panel=_PLATFORMS)(deliveries)
app.command(cls=PlainCommand, rich_help_panel=_PLATFORMS)(artefacts)
app.command("import", cls=PlainCommand, rich_help_panel=_PLATFORMS)(import_jobs)
app.command(cls=PlainCommand, rich_help_panel=_PLATFORMS)(sync_parameters)
app.command(cls=PlainCommand, rich_help_panel=_PLATFORMS)(drift)
app.command(cls=PlainCommand, rich_help_panel=_PLATFORMS)(platform_runs)
app.command(cls=PlainCommand, rich_help_panel=_PLATFORMS)(job_keys)
app.add_typer(
    context,
    name="context",
    help="Name the apps that commands work with: address, sign-in and variables.",
    rich_help_panel=_CONTEXTS,
)
app.command(cls=PlainCommand, rich_help_panel=_CONTEXTS)(login)
app.command(cls=PlainCommand, rich_help_panel=_CONTEXTS)(logout)
app.command(cls=PlainCommand, rich_help_panel=_OPERATIONS)(audit)
app.command(cls=PlainCommand, rich_help_panel=_OPERATIONS)(dead_letters)
app.command(cls=PlainCommand, rich_help_panel=_OPERATIONS)(version)
app.command("help", cls=PlainCommand, rich_help_panel=_OPERATIONS)(show_help)
app.command(cls=PlainCommand, rich_help_panel=_HOST)(dev)
app.command(cls=PlainCommand, rich_help_panel=_HOST)(demo)
app.command(cls=PlainCommand, rich_help_panel=_HOST)(backup)
app.command(cls=PlainCommand, rich_help_panel=_HOST)(doctor)
app.command("access-key", cls=PlainCommand, rich_help_panel=_HOST)(access_key)

azure = typer.Typer(cls=PlainGroup, no_args_is_help=True)
azure.command(cls=PlainCommand)(check)
app.add_typer(azure, name="azure", help="Prepare a deployment to Azure.", rich_help_panel=_AZURE)
