"""Machines and cost for a number of videos a day: `python deploy/capacity.py`.

The costs are measured (README.md, "Figures"). Everything else is an assumption with an
option that changes it. docs/operate/size.md shows the table.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, replace

DAY = 86_400.0


@dataclass(frozen=True)
class Costs:
    """Measured cost of the demo song: 31 s, 373 frames of 256 px, whole job, 2 idle cores."""

    song_seconds: float = 31.0
    frames: int = 373
    wall_seconds: float = 28.0
    cores: int = 2
    gigabytes: float = 1.31

    @property
    def core_seconds_per_frame(self) -> float:
        """Core-seconds a frame, over all stages and the start of the services, both cores busy."""
        return self.wall_seconds * self.cores / self.frames


@dataclass(frozen=True)
class Assumptions:
    """Figures that are not measured."""

    song_seconds: float = 210.0
    """Length of a song in seconds."""
    fps: float = 12.0
    peak: float = 3.0
    """Load of the busiest hour divided by the average."""
    busy: float = 0.7
    """Planned utilisation of a render pod, low enough to keep queues short."""
    pod_cores: int = 2
    machine_cores: int = 16
    machine_pods: int = 7
    """Render pods that fit on a machine beside the system."""
    gateway_jobs: int = 100
    """Jobs that one gateway works on at once (`gateway.settings.concurrent_jobs`)."""
    frames_per_event: int = 8
    """`render.settings.batch_frames`: each batch is reported once."""
    events_besides: int = 40
    """Events of a job that are not frames."""
    megabytes_per_video: float = 40.0
    """Song, segments, video and pictures in the store."""
    core_hour: float = 0.04
    """Price of a core for an hour, in whatever currency."""


@dataclass(frozen=True)
class Plan:
    """Resources for a number of videos a day."""

    videos: int
    frames: float
    """Of a video."""
    core_seconds: float
    """Of a video."""
    job_seconds: float
    """From the first stage to the last, without waiting."""
    mean_cores: float
    pods: int
    """Render pods for the busiest hour."""
    machines: int
    jobs_at_once: float
    """In the busiest hour."""
    gateways: int
    writes: float
    """Progress events written into the database, 1/s, in the busiest hour."""
    gigabytes: float
    """New in the store, per day."""
    price: float
    """Cost of rendering per day when pods follow the load."""


def plan(videos: int, costs: Costs, assumed: Assumptions) -> Plan:
    """Computes the resources. Raises ValueError for less than one video."""
    if videos < 1:
        raise ValueError("at least one video a day")
    frames = assumed.song_seconds * assumed.fps
    core_seconds = frames * costs.core_seconds_per_frame
    # Measured on two cores; assumed to scale with the number of cores.
    job_seconds = core_seconds / assumed.pod_cores
    mean_rate = videos / DAY
    mean_cores = mean_rate * core_seconds
    pods = max(1, math.ceil(mean_cores * assumed.peak / assumed.busy / assumed.pod_cores))
    at_once = mean_rate * assumed.peak * job_seconds
    events = frames / assumed.frames_per_event + assumed.events_besides
    return Plan(
        videos,
        frames,
        core_seconds,
        job_seconds,
        mean_cores,
        pods,
        math.ceil(pods / assumed.machine_pods),
        at_once,
        max(1, math.ceil(at_once / assumed.busy / assumed.gateway_jobs)),
        mean_rate * assumed.peak * events,
        videos * assumed.megabytes_per_video / 1000,
        mean_cores / assumed.busy / 3600 * DAY * assumed.core_hour,
    )


def table(plans: list[Plan], assumed: Assumptions) -> str:
    """The plans as a Markdown table."""
    rows = [
        ("videos a day", [f"{each.videos:,}" for each in plans]),
        ("cores at work on average", [f"{each.mean_cores:,.2g}" if each.mean_cores < 10
                                      else f"{each.mean_cores:,.0f}" for each in plans]),
        (f"render pods of {assumed.pod_cores} cores at the peak",
         [f"{each.pods:,}" for each in plans]),
        (f"machines of {assumed.machine_cores} cores", [f"{each.machines:,}" for each in plans]),
        ("jobs at once at the peak", [f"{each.jobs_at_once:,.1f}" for each in plans]),
        ("gateways", [f"{each.gateways:,}" for each in plans]),
        ("events written a second at the peak", [f"{each.writes:,.2f}" for each in plans]),
        ("new in the store a day, GB", [f"{each.gigabytes:,.1f}" for each in plans]),
        ("drawing a day, at the price of a core", [f"{each.price:,.2f}" for each in plans]),
    ]  # fmt: skip
    head, *rest = [f"| {name} | {' | '.join(values)} |" for name, values in rows]
    return "\n".join([head, "|---|" + "---|" * len(plans), *rest])


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("videos", nargs="*", type=int, default=[10, 1_000, 100_000])
    parser.add_argument("--core-seconds-per-frame", type=float, help="your own measurement")
    for name in Assumptions.__dataclass_fields__:
        kind = type(getattr(Assumptions(), name))
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, dest=name)
    options = vars(parser.parse_args())
    given = {name: options[name] for name in Assumptions.__dataclass_fields__ if options[name]}
    assumed, costs = replace(Assumptions(), **given), Costs()
    if options["core_seconds_per_frame"]:
        wall = options["core_seconds_per_frame"] * costs.frames / costs.cores
        costs = replace(costs, wall_seconds=wall)
    plans = [plan(videos, costs, assumed) for videos in options["videos"]]
    print(  # noqa: T201 - what the program is for
        f"A video: {plans[0].frames:,.0f} frames, {plans[0].core_seconds:,.0f} core-seconds, "
        f"{plans[0].job_seconds:,.0f} s on {assumed.pod_cores} cores.\n"
    )
    print(table(plans, assumed))  # noqa: T201


if __name__ == "__main__":
    main()
