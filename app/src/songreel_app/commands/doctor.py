"""`songreel doctor`: configuration, installed parts, and how to get what is missing."""

from songreel_app.commands.option_groups import CommonOptions, with_groups


@with_groups
def doctor(
    *,
    common: CommonOptions,
) -> int:
    """Show what is configured and installed, and how to get what is missing."""
    from songreel_app.jobs.signals import run_command
    from songreel_app.reports.diagnosis import diagnose

    return run_command(lambda _: diagnose(common.target(), as_json=common.as_json))
