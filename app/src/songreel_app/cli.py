"""The command line: commands, help and errors.

Only typer is imported here. What is slow to load is imported by the command
that needs it, so that `songreel --help` answers at once.
"""

import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer

from songreel_app.commands import (
    doctor,
    enroll,
    evaluate,
    identity,
    inspect,
    jobs,
    make,
    score,
    stages,
    up,
)

FAILED = 1
DEBUG_VARIABLE = "SONGREEL_DEBUG"

app = typer.Typer(
    name="songreel",
    help="Turns a song into a music video, and a video into its own soundtrack.",
    epilog="Example: songreel make song.mp3 -o video.mp4",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_jobs = typer.Typer(invoke_without_command=True)
_identity = typer.Typer(no_args_is_help=True)
_evaluate = typer.Typer(no_args_is_help=True)


def _add(group: typer.Typer, name: str, command: Callable[..., int], example: str) -> None:
    """Adds a command whose help ends with an example."""
    group.command(name, epilog=f"Example: songreel {example}")(command)


_add(app, "make", make.make, "make song.mp3 -o video.mp4 --style cartoon --preview")
_add(app, "analyze", stages.analyze, "analyze song.mp3 -o song.analysis.json --plot song.png")
_add(app, "storyboard", stages.storyboard, "storyboard song.analysis.json -o song.storyboard.yaml")
_add(
    app,
    "render",
    stages.render,
    "render song.mp3 --analysis song.analysis.json --storyboard song.storyboard.yaml -o video.mp4",
)
_add(app, "score", score.score, "score film.mp4 -o scored.mp4 --style cinematic")
_add(app, "watch", score.watch, "watch film.mp4 -o film.watch.json")
_add(app, "inspect", inspect.inspect, "inspect video.mp4")
app.add_typer(
    _evaluate,
    name="evaluate",
    help="Measure a finished video.",
    epilog="Example: songreel evaluate identity video.mp4 --identity ann",
)
_add(_evaluate, "identity", evaluate.identity, "evaluate identity video.mp4 --identity ann")
_add(app, "enroll", enroll.enroll, "enroll ann")
app.add_typer(
    _identity,
    name="identity",
    help="Who is enrolled; withdraw a consent, erase a person.",
    epilog="Example: songreel identity list",
)
_add(_identity, "list", identity.listing, "identity list --json")
_add(_identity, "withdraw", identity.withdraw, "identity withdraw ann")
_add(_identity, "erase", identity.erase, "identity erase ann")
_add(app, "up", up.up, "up --port 50051")
_jobs.callback()(jobs.listing)
app.add_typer(_jobs, name="jobs", epilog="Example: songreel jobs --json")
_add(_jobs, "cancel", jobs.cancel, "jobs cancel 0192f0c1")
_add(_jobs, "watch", jobs.watch, "jobs watch 0192f0c1 --json")
_add(app, "doctor", doctor.doctor, "doctor")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("songreel"))
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", callback=_show_version, is_eager=True
        ),
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
        # The reader of stdout has gone; Python would complain again at exit.
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

    from songreel_app.errors import error_json, error_line

    if isinstance(error, SongreelError):
        told = error
    elif isinstance(error, OSError):
        told = from_os_error(error) or FailedPrecondition(str(error))
    else:
        told = InternalError(
            f"internal error ({type(error).__name__}: {error});"
            f" run the command again with {DEBUG_VARIABLE}=1 and report what it prints"
        )
    typer.echo(error_line(told), err=True)
    if as_json:
        typer.echo(error_json(told))
    return FAILED
