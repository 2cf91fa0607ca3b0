"""`songreel enroll`: the enrolment of a person, in the browser."""

from typing import Annotated

import typer

from songreel_app.commands.option_groups import CommonOptions, with_groups

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="Name for the person: lower-case letters, digits and hyphens."
    ),
]
Browser = Annotated[
    bool,
    typer.Option(
        "--browser/--no-browser", help="Open the page in a browser, or only print its address."
    ),
]


@with_groups
def enroll(
    name: Name,
    browser: Browser = True,
    *,
    common: CommonOptions,
) -> int:
    """Enrol a person who consents: opens a page that asks for consent and checks the camera.

    The command ends when the person is enrolled, or with Ctrl-C. With --server the page is
    served from this machine and the pictures go to that server's vault.
    """
    from songreel_app.identities.enrollment import enroll_person
    from songreel_app.jobs.signals import run_command

    return run_command(
        lambda _: enroll_person(name, common.target(), browser=browser, as_json=common.as_json)
    )
