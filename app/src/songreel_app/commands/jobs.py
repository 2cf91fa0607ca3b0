"""`songreel jobs`: which jobs there are, how far they are, and how to stop one."""

from typing import Annotated

import typer

from songreel_app.commands import options

app = typer.Typer(
    help="List jobs; `cancel` and `watch` take one by its name.", invoke_without_command=True
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A job's name, or its last part.")]


@app.callback()
def listing(
    context: typer.Context,
    server: options.Server = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> int:
    """List all jobs, the latest first; `cancel` and `watch` take one by its name."""
    if context.invoked_subcommand is not None:
        return 0
    from songreel_app.job_list import list_jobs
    from songreel_app.runner import run_command

    return run_command(lambda _: list_jobs(server, as_json=as_json))


@app.command()
def cancel(
    name: Name,
    server: options.Server = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> int:
    """Stop a job for good."""
    from songreel_app.job_list import cancel_job
    from songreel_app.runner import run_command

    return run_command(lambda _: cancel_job(name, server, as_json=as_json))


@app.command()
def watch(
    name: Name,
    server: options.Server = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> int:
    """Follow a job to its end; with --json, one line for each event."""
    from songreel_app.job_list import watch_job
    from songreel_app.runner import run_command

    return run_command(lambda interrupts: watch_job(name, server, interrupts, as_json=as_json))
