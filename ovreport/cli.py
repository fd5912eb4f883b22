"""The command line: gathers commands, and turns errors into exit codes.

`ovreport.errors.EXIT_CODES` says what each means.

A command is an entry point in the group `ovreport.commands`; it is loaded only when called, so
that `build` runs where openvino is not installed, and `--help` is quick.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib.metadata import EntryPoint, entry_points

import click

from ovreport import __version__
from ovreport.errors import InputError, OvreportError, did_you_mean, forbidden

_EXAMPLES = """
\b
Examples:
  ovreport collect && ovreport build      measure this machine, make a website
  ovreport serve                          look at it
  ovreport init my-benchmarks             start a site of one's own
  ovreport collect model.onnx             measure a model of your own
  ovreport devices                        what OpenVINO finds here
  ovreport collect --dry-run              what would be measured, and how long it takes
  ovreport compare old new                what is faster or slower since
"""


class LazyGroup(click.Group):
    """A group whose commands come from entry points."""

    def _entries(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group="ovreport.commands")}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all installed commands."""
        return sorted(self._entries())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        entry = self._entries().get(cmd_name)
        if entry is None:
            return None
        try:
            command = entry.load()
        except (ImportError, AttributeError) as error:
            return _broken(cmd_name, error)
        if not isinstance(command, click.Command):
            raise click.ClickException(f"{entry.value} is not a command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; of a mistyped name, say which one may be meant."""
        name = click.utils.make_str(args[0])
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            guess = did_you_mean(name, self.list_commands(ctx))
            ctx.fail(f"No such command '{name}'. {guess}".strip())
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a reader that went away (`| head`) is no error."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # What is still buffered has nowhere to go when the interpreter ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0


def _broken(name: str, error: Exception) -> click.Command:
    """Return a stand-in, so that one command that cannot be loaded leaves the others usable."""

    def fail() -> None:
        raise click.ClickException(f"`{name}` cannot be loaded: {error}") from error

    return click.Command(
        name,
        callback=fail,
        short_help="(cannot be loaded)",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )


@click.group(
    cls=LazyGroup, epilog=_EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="ovreport")
def cli() -> None:
    """Measure OpenVINO performance so that a reader can trust it, and publish it."""


class _Stopped(KeyboardInterrupt):
    """A signal asks to stop: what Ctrl-C keeps and tidies up is kept and tidied up too."""

    def __init__(self, number: int) -> None:
        self.exit_code = 128 + number


def _stop(number: int, _: object) -> None:
    raise _Stopped(number)


def main() -> None:
    """Run the command line and exit."""
    hang_up = getattr(signal, "SIGHUP", signal.SIGTERM)  # Windows has none
    for number in (signal.SIGTERM, hang_up):
        if signal.getsignal(number) == signal.SIG_DFL:  # nohup(1) has it ignored
            signal.signal(number, _stop)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    try:
        result = cli.main(arguments, prog_name="ovreport", standalone_mode=False)
    except OvreportError as error:
        click.echo(f"ovreport: {error}", err=True)
        return error.exit_code
    except PermissionError as error:  # any file or folder that was named, wherever it is used
        click.echo(f"ovreport: {forbidden(error)}", err=True)
        return InputError.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        why = error if isinstance(error, _Stopped) else error.__cause__ or error.__context__
        click.echo("interrupted", err=True)
        return why.exit_code if isinstance(why, _Stopped) else 130
    return result if isinstance(result, int) else 0  # what a command gave to ctx.exit()
