"""`songreel doctor`: what is configured, what is there, and what to do about the rest."""

from songreel_app.commands import options


def doctor(
    server: options.Server = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> int:
    """Show the set-up, which models are present, and what to do about what is missing."""
    from songreel_app.diagnosis import examine
    from songreel_app.runner import run_command

    return run_command(lambda _: examine(server, as_json=as_json))
