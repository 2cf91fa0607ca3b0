"""`songreel enroll`: a person shows their face to the camera, in the browser."""

from typing import Annotated

import typer

from songreel_app.commands import options

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Lower-case letters, digits and hyphens.")
]
Browser = Annotated[
    bool, typer.Option("--browser/--no-browser", help="Open the page, or only say where it is.")
]


def enroll(
    name: Name,
    browser: Browser = True,
    server: options.Server = None,
    data: options.Data = None,
    as_json: options.Json = False,
) -> int:
    """Enrol a person who agrees to be shown: opens a page with consent and camera check.

    Serves the page until the person is enrolled, or until Ctrl-C. With --server the page
    is this machine's, and the pictures go to that server's vault.
    """
    from songreel_kit.settings import data_folder

    from songreel_app.enrollment import enroll_person
    from songreel_app.runner import run_command

    folder = data_folder().absolute()
    return run_command(
        lambda _: enroll_person(name, folder, server=server, browser=browser, as_json=as_json)
    )
