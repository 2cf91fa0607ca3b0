"""Live progress on stderr: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

# Plain lines: one for each stage and step, else one for so much of the job or
# so many seconds, so that a log of an hour's render stays readable.
LINE_SHARE = 0.05
LINE_SECONDS = 10.0
# Columns of a table in a pipe: no cell is as long.
PIPE_WIDTH = 2000


@dataclass(frozen=True)
class JobStatus:
    """A job's progress as it is shown to the user."""

    stage: str
    """The server's name for the stage, or "starting", "upload" or "download"."""
    step: str = ""
    fraction: float = 0.0
    """Share of the whole job in [0, 1]."""
    frames_done: int = 0
    frames_total: int = 0
    """0 where no frames are counted."""
    frames_per_second: float = 0.0
    rest_seconds: float | None = None
    """Estimated time to the end; None while unknown."""
    attempt: int = 1
    """More than 1 when the stage was begun again after a crash."""


class Display(Protocol):
    """Something that shows a job's status."""

    def show(self, status: JobStatus) -> None:
        """Shows the job's progress."""
        ...

    def note(self, text: str) -> None:
        """Prints a line that stays on the screen."""
        ...


def stage_text(status: JobStatus) -> str:
    """For example `render: frames`, or `render: frames (attempt 2)`."""
    text = status.stage
    if status.step and status.step != status.stage:
        text += f": {status.step}"
    if status.attempt > 1:
        text += f" (attempt {status.attempt})"
    return text


def detail_text(status: JobStatus) -> str:
    """For example `120/360 frames, 14.2 frames/s, 0:17 left`; empty when nothing is known."""
    parts: list[str] = []
    if status.frames_total:
        parts.append(f"{status.frames_done}/{status.frames_total} frames")
    if status.frames_per_second:
        parts.append(f"{status.frames_per_second:.1f} frames/s")
    if status.rest_seconds is not None:
        parts.append(f"{clock(status.rest_seconds)} left")
    return ", ".join(parts)


def clock(seconds: float) -> str:
    """`m:ss`, or `h:mm:ss` from an hour on."""
    whole = max(0, round(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class BarDisplay:
    """A bar that stays in its line."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("starting", total=1.0, detail="")

    def show(self, status: JobStatus) -> None:
        """Moves the bar."""
        self._progress.update(
            self._task,
            description=stage_text(status),
            completed=status.fraction,
            detail=detail_text(status),
        )

    def note(self, text: str) -> None:
        """Prints a line above the bar."""
        self._progress.console.print(text, markup=False, highlight=False)


class LineDisplay:
    """A line now and then, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: JobStatus | None = None
        self._last_time = 0.0

    def show(self, status: JobStatus) -> None:
        """Prints a line when the stage or step is new or enough has been done since."""
        now = time.monotonic()
        if not self._worth_a_line(status, now):
            return
        self._last, self._last_time = status, now
        detail = detail_text(status)
        self.note(
            f"{status.fraction:4.0%} {stage_text(status)}" + (f", {detail}" if detail else "")
        )

    def _worth_a_line(self, status: JobStatus, now: float) -> bool:
        last = self._last
        if last is None or stage_text(last) != stage_text(status):
            return True
        return status != last and (
            _lines_until(status) > _lines_until(last) or now >= self._last_time + LINE_SECONDS
        )

    def note(self, text: str) -> None:
        """Prints a line."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def _lines_until(status: JobStatus) -> int:
    # Shares are sums of many small ones: allow for rounding.
    return int(status.fraction / LINE_SHARE + 1e-6)


def print_table(table: Table) -> None:
    """Prints a table on stdout; one line for each row where no terminal sets a width."""
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    console.print(table)


@contextmanager
def progress_display() -> Generator[Display]:
    """The display that suits stderr; gone from a terminal when the job is done."""
    console = Console(file=sys.stderr, stderr=True)
    if not console.is_terminal:
        yield LineDisplay(console)
        return
    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[detail]}", markup=False),
        console=console,
        transient=True,
    )
    with progress:
        yield BarDisplay(progress)
