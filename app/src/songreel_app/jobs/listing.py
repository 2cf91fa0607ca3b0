"""Jobs as a table, as JSON and as a stream of events."""

import json
from datetime import UTC

import typer
from google.longrunning import operations_pb2
from google.protobuf.json_format import MessageToDict
from rich.table import Table
from songreel_client import metadata_of
from songreel_kit.errors import SongreelError, from_status

from songreel_app.errors import error_line
from songreel_app.jobs.display import print_table, progress_display
from songreel_app.jobs.following import state_of, status_of
from songreel_app.jobs.signals import Interrupts
from songreel_app.server.client import Client
from songreel_app.server.names import job_name
from songreel_app.server.session import Session
from songreel_app.server.target import ServerTarget


async def list_jobs(target: ServerTarget, *, as_json: bool) -> None:
    """Prints all jobs of the project."""
    async with Session(target) as session:
        operations = await session.call(Client.all_operations)
    if as_json:
        typer.echo(json.dumps({"jobs": [_row(o) for o in operations]}, ensure_ascii=False))
        return
    if not operations:
        typer.echo("no jobs yet; `songreel make SONG` makes one")
        return
    table = Table("name", "state", "stage", "done", "begun", "error", box=None)
    for row in map(_row, operations):
        table.add_row(
            str(row["name"]).rpartition("/")[2],
            str(row["state"]),
            str(row["stage"]),
            f"{row['fraction']:.0%}",
            str(row["create_time"]),
            str(row["error"]),
        )
    print_table(table)


async def cancel_job(name: str, target: ServerTarget, *, as_json: bool) -> None:
    """Cancels a job and prints its final state."""
    async with Session(target) as session:
        full = job_name(name, session.client.parent)
        await session.call(lambda client: client.cancel_operation(full))
        # A running job has ended when its last event arrives.
        async for _ in session.watch(full):
            pass
        operation = await session.call(lambda client: client.get_operation(full))
    row = _row(operation)
    typer.echo(json.dumps(row, ensure_ascii=False) if as_json else f"{full}: {row['state']}")


async def watch_job(
    name: str, target: ServerTarget, interrupts: Interrupts, *, as_json: bool
) -> None:
    """Prints a job's events to its end; Ctrl-C stops watching, not the job.

    Raises:
        SongreelError: the job's own error.
    """
    async with Session(target) as session:
        full = job_name(name, session.client.parent)
        with progress_display() as display:
            async for event in session.watch(full):
                if as_json:
                    line = MessageToDict(event, preserving_proto_field_name=True)
                    typer.echo(json.dumps(line, ensure_ascii=False))
                else:
                    display.show(status_of(event.metadata))
        operation = await session.call(lambda client: client.get_operation(full))
    if operation.HasField("error"):
        raise from_status(operation.error)
    if not as_json:
        typer.echo(f"{full}: {state_of(operation)}")


def _row(operation: operations_pb2.Operation) -> dict[str, object]:
    metadata = metadata_of(operation)
    error: SongreelError | None = (
        from_status(operation.error) if operation.HasField("error") else None
    )
    begun = metadata.create_time.ToDatetime(UTC)
    return {
        "name": operation.name,
        "video": metadata.video,
        "state": state_of(operation),
        "stage": metadata.stage,
        "step": metadata.step,
        "fraction": metadata.fraction,
        "frames_done": metadata.frames_done,
        "frames_total": metadata.frames_total,
        "attempt": metadata.attempt,
        "create_time": begun.isoformat(timespec="seconds"),
        "error": error_line(error).removeprefix("error: ") if error is not None else "",
    }
