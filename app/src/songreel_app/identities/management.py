"""What is kept of people, for those without the page: list, withdraw, erase."""

import json

import typer
from google.protobuf.json_format import MessageToDict
from rich.table import Table
from songreel.v1.identity_service_pb2 import Identity

from songreel_app.jobs.display import print_table
from songreel_app.server.client import Client
from songreel_app.server.names import identity_name
from songreel_app.server.session import Session
from songreel_app.server.target import ServerTarget


async def list_people(target: ServerTarget, *, as_json: bool) -> None:
    """Prints all people of the project."""
    async with Session(target) as session:
        people = await session.call(Client.all_identities)
    if as_json:
        rows = [MessageToDict(each, always_print_fields_with_no_presence=True) for each in people]
        typer.echo(json.dumps({"identities": rows}, ensure_ascii=False))
        return
    if not people:
        typer.echo("nobody is enrolled; `songreel enroll NAME` opens the page")
        return
    table = Table("name", "state", "pictures", "models", "erased on", box=None)
    for each in people:
        table.add_row(
            each.name.rpartition("/")[2],
            Identity.State.Name(each.state).removeprefix("STATE_").lower(),
            str(each.pictures),
            str(len(each.adapter_sha256)),
            f"{each.expire_time.ToDatetime():%Y-%m-%d}",
        )
    print_table(table)


async def withdraw_consent(name: str, target: ServerTarget, *, as_json: bool) -> None:
    """Withdraws, and prints the audit log's head."""
    async with Session(target) as session:
        full = identity_name(name, session.client.parent)
        head = await session.client.withdraw_consent(full)
    if as_json:
        typer.echo(json.dumps({"identity": full, "audit_head": head}))
    else:
        typer.echo(f"{full}: withdrawn; pictures and model are destroyed (audit log {head[:16]})")


async def erase_person(name: str, target: ServerTarget, *, videos: bool, as_json: bool) -> None:
    """Erases, and prints what was destroyed."""
    async with Session(target) as session:
        full = identity_name(name, session.client.parent)
        erased = await session.client.erase_identity(full, videos=videos)
    if as_json:
        typer.echo(json.dumps(MessageToDict(erased, always_print_fields_with_no_presence=True)))
        return
    typer.echo(
        f"{full}: erased; {erased.objects} objects and their keys destroyed "
        f"(audit log {erased.audit_head[:16]})"
    )
    if videos:
        typer.echo(f"{erased.videos} videos of them erased, with frames and operations")
    if erased.uses_silent:
        typer.echo(
            f"{erased.uses_silent} renderers did not confirm: they stop by themselves", err=True
        )
