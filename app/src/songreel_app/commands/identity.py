"""`songreel identity`: who is enrolled; withdraw a consent, erase a person."""

from typing import Annotated

import typer

from songreel_app.commands.option_groups import CommonOptions, with_groups

Name = Annotated[str, typer.Argument(metavar="NAME", help="The enrolled person.")]
Videos = Annotated[bool, typer.Option("--videos", help="Also every video that shows the person.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")]


@with_groups
def listing(*, common: CommonOptions) -> int:
    """List the people of the project, and what is kept of them."""
    from songreel_app.identities.management import list_people
    from songreel_app.jobs.signals import run_command

    return run_command(lambda _: list_people(common.target(), as_json=common.as_json))


@with_groups
def withdraw(name: Name, yes: Yes = False, *, common: CommonOptions) -> int:
    """Withdraw a person's consent: stops every use and destroys pictures and model."""
    from songreel_app.identities.management import withdraw_consent
    from songreel_app.jobs.signals import run_command

    _confirm(yes, f"Stop every use of {name} and destroy the pictures and the model?")
    return run_command(lambda _: withdraw_consent(name, common.target(), as_json=common.as_json))


@with_groups
def erase(name: Name, yes: Yes = False, videos: Videos = False, *, common: CommonOptions) -> int:
    """Erase a person from the vault, with the name; finished videos stay without --videos."""
    from songreel_app.identities.management import erase_person
    from songreel_app.jobs.signals import run_command

    also = ", and every video that shows them" if videos else ""
    _confirm(yes, f"Destroy all that the vault keeps of {name}{also}, for good?")
    return run_command(
        lambda _: erase_person(name, common.target(), videos=videos, as_json=common.as_json)
    )


def _confirm(yes: bool, question: str) -> None:
    if not yes:
        typer.confirm(question, abort=True, err=True)
