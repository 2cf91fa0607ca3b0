"""The command line: its commands, and how errors leave it.

Only typer is imported here. Whatever costs time to load is imported by the
command that needs it, so that `songreel --help` answers at once.
"""

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from songreel_app.commands import doctor, enroll, evaluate, inspect, jobs, make, stages, up

FAILED = 1
DEBUG_VARIABLE = "SONGREEL_DEBUG"

app = typer.Typer(
    name="songreel",
    help="Turns a song into a music video.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("make")(make.make)
app.command("analyze")(stages.analyze)
app.command("storyboard")(stages.storyboard)
app.command("render")(stages.render)
app.command("inspect")(inspect.inspect)
app.add_typer(evaluate.app, name="evaluate")
app.command("enroll")(enroll.enroll)
app.command("up")(up.up)
app.add_typer(jobs.app, name="jobs")
app.command("doctor")(doctor.doctor)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("songreel"))
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Turns a song into a music video."""


def run(arguments: list[str]) -> int:
    """Runs one command line.

    Returns:
        0 done, 1 the job failed (one line on stderr), 2 wrong usage, 130 interrupted.
    """
    command = typer.main.get_command(app)
    try:
        result = command.main(args=arguments, prog_name="songreel", standalone_mode=False)
    except typer.TyperException as error:
        return _wrong_usage(error)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our stdout has gone; Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        return _failed(error, as_json="--json" in arguments)
    return result if isinstance(result, int) else 0


def _wrong_usage(error: typer.TyperException) -> int:
    message = error.format_message()
    # Without any argument typer answers with the whole help text.
    lines = message if "\n" in message else f"error: {message} See `songreel --help`."
    typer.echo(lines, err=True)
    return error.exit_code


def _failed(error: Exception, *, as_json: bool) -> int:
    from songreel_kit.errors import FailedPrecondition, InternalError, SongreelError, from_os_error

    from songreel_app.failures import json_of, line_of

    if isinstance(error, SongreelError):
        told = error
    elif isinstance(error, OSError):
        told = from_os_error(error) or FailedPrecondition(str(error))
    else:
        told = InternalError(
            f"songreel made a mistake ({type(error).__name__}: {error});"
            f" run it again with {DEBUG_VARIABLE}=1 and report what it prints"
        )
    typer.echo(line_of(told), err=True)
    if as_json:
        typer.echo(json_of(told))
    return FAILED
