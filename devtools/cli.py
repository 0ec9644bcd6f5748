"""The command line `etscope`: finds the verb, runs it, and turns errors into exit codes.

Exit codes: 0 fine; 1 a finding that the user asked to fail on; 2 bad input or
usage; 70 a defect of etscope itself; 130 interrupted; 141 the reader of the
output went away.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from etscope.devtools.terminal import complain
from etscope.etdump.errors import EtscopeError

FINE, FINDING, BAD_INPUT, DEFECT, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 70, 130, 141

#: Every verb: the module that has it as `command`, and its line in the help.
#: The line is kept here so that the help imports none of the modules.
COMMANDS = {
    "run": ("run", "Run a model with tracing on, write a bundle, and say where the time goes."),
    "inspect": ("inspect", "Say where the time of a recorded run goes."),
    "source": ("source", "Show your source with the time that each line takes."),
    "memory": ("memory", "Say what holds the memory, when, and why the peak is where it is."),
    "program": ("program", "Say what a program holds, and what makes it big."),
    "fallbacks": (
        "fallbacks",
        "Say which operators ran outside of delegates, why, and what that costs.",
    ),
    "doctor": ("doctor", "Check what is installed, whether it can trace, and what is in a file."),
    "version": ("version", "Print the versions of etscope and of what it stands on."),
    "completion": ("completion", "Print the completion script for a shell."),
}


class PipeClosed(Exception):
    """The reader of our output went away."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called for, one by one."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb. click would end a closed pipe with 1, which here means a finding."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise PipeClosed from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one verb; None when there is no such verb."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"etscope.devtools.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs by their lines in COMMANDS."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, COMMANDS[verb][1]) for verb in self.list_commands(ctx)])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete verbs and the options before them."""
        verbs = [verb for verb in self.list_commands(ctx) if verb.startswith(incomplete)]
        items = [CompletionItem(verb, help=COMMANDS[verb][1]) for verb in verbs]
        return items + click.Command.shell_complete(self, ctx, incomplete)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """See where a PyTorch model spends time, memory and accuracy on device.

    Exit codes: 0 fine, 1 a finding you asked to fail on, 2 bad input or usage.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `etscope ARGUMENTS` (default: those of the process); returns the exit code."""
    _never_fail_to_encode()
    try:
        code = _exit_code(arguments)
        sys.stdout.flush()
    except (BrokenPipeError, PipeClosed):
        return _pipe_closed()
    return code


def _exit_code(arguments: Sequence[str] | None) -> int:
    try:
        result = cli.main(arguments, prog_name="etscope", standalone_mode=False)
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return BAD_INPUT
    except EtscopeError as error:
        complain(f"etscope: {error}")
        return BAD_INPUT
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else FINE
    except (BrokenPipeError, PipeClosed):
        raise
    except OSError as error:
        if error.filename is None:
            return _defect()
        complain(f"etscope: {error.filename}: {error.strerror}.")
        return BAD_INPUT
    except Exception:
        return _defect()
    return result if isinstance(result, int) else FINE


def _defect() -> int:
    traceback.print_exc()
    complain(
        "etscope: this is a defect of etscope, not of your input; please report the lines above."
    )
    return DEFECT


def _pipe_closed() -> int:
    # The interpreter flushes stdout once more at exit; give it a place that takes it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED


def _never_fail_to_encode() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
