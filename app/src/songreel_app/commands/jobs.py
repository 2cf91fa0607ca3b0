"""`songreel jobs`: list jobs, follow one, cancel one."""

from typing import Annotated

import typer

from songreel_app.commands.option_groups import CommonOptions, with_groups

Name = Annotated[str, typer.Argument(metavar="NAME", help="A job's name, or its last part.")]


@with_groups
def listing(context: typer.Context, *, common: CommonOptions) -> int:
    """List all jobs, the latest first; `watch` follows one and `cancel` stops one."""
    if context.invoked_subcommand is not None:
        return 0
    from songreel_app.jobs.listing import list_jobs
    from songreel_app.jobs.signals import run_command

    return run_command(lambda _: list_jobs(common.target(), as_json=common.as_json))


@with_groups
def cancel(name: Name, *, common: CommonOptions) -> int:
    """Cancel a job; it cannot be resumed."""
    from songreel_app.jobs.listing import cancel_job
    from songreel_app.jobs.signals import run_command

    return run_command(lambda _: cancel_job(name, common.target(), as_json=common.as_json))


@with_groups
def watch(name: Name, *, common: CommonOptions) -> int:
    """Follow a job to its end; Ctrl-C stops watching, not the job.

    With --json, print one line for each event.
    """
    from songreel_app.jobs.listing import watch_job
    from songreel_app.jobs.signals import run_command

    target, as_json = common.target(), common.as_json
    return run_command(lambda interrupts: watch_job(name, target, interrupts, as_json=as_json))
