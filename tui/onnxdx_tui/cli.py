"""The `onnxdx` command. Each subcommand is a module `NAME_command.py` beside this one, imported when it is called."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import NoReturn

import click

import onnxdx_tui
from onnxdx_tui.exit_code import ExitCode

_SUFFIX = "_command"


class _Commands(click.Group):
    """Finds subcommands by file name, so that `onnxdx explain` does not pay for what `onnxdx export` needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (info.name for info in pkgutil.iter_modules(onnxdx_tui.__path__))
        return sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"onnxdx_tui.{cmd_name}{_SUFFIX}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="onnxdx")
def onnxdx() -> None:
    """PyTorch to ONNX: every export is proven, or every blocker is named on your own line."""


def main() -> NoReturn:
    """Run the command line of this process and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line. Every way it can end has its code; nothing but `--traceback` shows a traceback."""
    try:
        return onnxdx.main(arguments, prog_name="onnxdx", standalone_mode=False) or ExitCode.CLEAN
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as wrong:
        wrong.show()
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except Exception as error:
        if "--traceback" in arguments:
            raise
        kind = type(error).__name__
        click.echo(f"onnxdx: internal error: {kind}: {error}\nRun it again with --traceback to see where.", err=True)
        return ExitCode.INTERNAL


if __name__ == "__main__":
    main()
