"""Tests the Dockerfiles without a container engine: `python deploy/docker/check_images.py`.

Runs the steps of each Dockerfile in a folder or (`--debian ROOT`) in a clean Debian root,
starts the service, queries its health and metrics, and checks which packages it can import.
Prints a table of installed sizes; `--page` also writes the table into that page.

    mmdebstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm ROOT
    python deploy/docker/check_images.py --debian ROOT --keep /tmp/images
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from image_checks.image import Image, metrics_of
from image_checks.sandboxes import FolderSandbox, RootSandbox, Sandbox

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]

HEAVY = (
    *("torch", "diffusers", "transformers", "scipy", "matplotlib", "av", "PIL"),
    *("librosa", "numba", "sklearn", "dbos", "sqlalchemy", "psycopg", "openai", "numpy"),
    *("mediapipe", "dlib", "cv2", "peft", "ray"),
)
"""Packages that only some services need."""

ALLOWED = {
    "gateway": {"dbos", "sqlalchemy", "psycopg"},
    "audio": {"scipy", "matplotlib", "av", "PIL", "librosa", "numba", "sklearn", "numpy"},
    "prompt": {"openai"},
    # Enrolment needs mediapipe and dlib, training needs torch.
    "identity": {
        *("mediapipe", "dlib", "cv2", "numpy", "matplotlib", "PIL", "sqlalchemy", "psycopg"),
        *("torch", "diffusers", "transformers", "peft"),
    },
    "render": {
        *("torch", "diffusers", "transformers", "scipy", "matplotlib", "av", "PIL", "numpy", "cv2"),
    },
    "score": {"scipy", "matplotlib", "av", "PIL", "numpy", "cv2"},
}
"""Service -> which of them its image must have; it may have no others."""

LAZY_IMPORTS = {
    "identity": "import dlib\n"
    "from songreel_identity.faces.mediapipe_tracker import MediaPipeTracker\n"
    "MediaPipeTracker().close()",
    "score": "from songreel_score.film import timeline_picture",
}
"""Imports that a service makes at its first call; the health check would not miss them."""

OURS = ("songreel_gateway", "songreel_audio", "songreel_prompt", "songreel_identity")
OURS += ("songreel_render", "songreel_score", "songreel_app")


@dataclass(frozen=True)
class ImageReport:
    """Measurements of one image."""

    service: str
    packages: int
    megabytes: float
    """Of the Python environment, 10^6 bytes."""
    models: float
    """Of the models in the image, 10^6 bytes."""
    largest: str
    ready: float
    """Seconds from the start to the first good answer of the health check."""


def free_port() -> int:
    """A free loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def examine(image: Image) -> ImageReport:
    """Starts the service and checks it. Raises AssertionError on any defect."""
    program = (
        "import importlib.util, json\n"
        f"names = {[*HEAVY, *OURS]!r}\n"
        "print(json.dumps([name for name in names if importlib.util.find_spec(name)]))"
    )
    found = set(json.loads(image.ask(program)))
    surplus = found - ALLOWED[image.service] - {f"songreel_{image.service}"}
    assert not surplus, f"{image.service} can import {', '.join(sorted(surplus))}"
    missing = ALLOWED[image.service] - found
    assert not missing, f"{image.service} cannot import {', '.join(sorted(missing))}"
    image.ask(LAZY_IMPORTS.get(image.service, ""))
    port, metrics = free_port(), free_port()
    with image.serving(port, metrics, {"SONGREEL_STORE": "/data/artifacts"}) as ready:
        page = metrics_of(metrics)
        assert "grpc_server_started_total" in page, f"{image.service} exports no metrics"
    listing = json.loads(image.ask(SIZES))
    largest = ", ".join(f"{name} {size / 1e6:.0f}" for name, size in listing["largest"])
    return ImageReport(
        image.service,
        listing["packages"],
        image.size() / 1e6,
        image.size("/models") / 1e6,
        largest,
        ready,
    )


SIZES = """
import json, sysconfig
from importlib.metadata import distributions
from pathlib import Path
site = Path(sysconfig.get_path("purelib"))
def size(path):
    files = [path] if path.is_file() else path.rglob("*")
    return sum(each.lstat().st_blocks * 512 for each in files if not each.is_symlink())
sizes = {}
for path in site.iterdir():
    name = path.name.split("-")[0].split(".libs")[0]
    sizes[name] = sizes.get(name, 0) + size(path)
largest = sorted(sizes.items(), key=lambda each: -each[1])[:4]
print(json.dumps({"packages": len(list(distributions())), "largest": largest}))
"""


HEAD = (
    "| image | packages | Python environment | models | largest parts, MB | first health |",
    "|---|---|---|---|---|---|",
)


def row(report: ImageReport) -> str:
    """A report as a row of the table."""
    models = f"{report.models:.0f} MB" if report.models else "-"
    return (
        f"| {report.service} | {report.packages} | {report.megabytes:.0f} MB | {models} | "
        f"{report.largest} | {report.ready:.1f} s |"
    )


def rewritten(page: str, reports: list[ImageReport]) -> str:
    """The page with these reports in its table; rows of other images are kept.

    Raises `ValueError` where the page has no such table.
    """
    lines = page.split("\n")
    first = lines.index(HEAD[0]) + len(HEAD)
    last = next(n for n in range(first, len(lines) + 1) if not "".join(lines[n : n + 1]))
    rows = {each.split("|")[1].strip(): each for each in lines[first:last]}
    rows |= {each.service: row(each) for each in reports}
    lines[first:last] = [rows[name] for name in sorted(rows)]
    return "\n".join(lines)


def main() -> None:
    """Tests the named services, or all that have a Dockerfile."""
    known = sorted(path.name.partition(".")[0] for path in HERE.glob("*.Dockerfile"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("services", nargs="*", metavar="SERVICE", help=", ".join(known))
    parser.add_argument("--debian", type=Path, help="a clean Debian root with python3 and venv")
    parser.add_argument("--bind", type=Path, action="append", default=[], help="for pip, as here")
    parser.add_argument("--arg", action="append", default=[], help="NAME=VALUE of an ARG")
    parser.add_argument("--keep", type=Path, help="build below this folder and leave it")
    parser.add_argument("--page", type=Path, help="page whose table is updated")
    options = parser.parse_args()
    if unknown := set(options.services) - set(known):
        parser.error(f"no Dockerfile for {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="songreel-images-") as temporary:
        where: Path = options.keep or Path(temporary)

        def new_sandbox(name: str) -> Sandbox:
            folder = where / name
            folder.mkdir(parents=True)
            if options.debian:
                return RootSandbox(folder, options.debian, options.bind)
            return FolderSandbox(folder)

        given = dict(each.split("=", 1) for each in options.arg)
        reports: list[ImageReport] = []
        for service in options.services or known:
            image = Image(HERE / f"{service}.Dockerfile", REPOSITORY, new_sandbox, given)
            reports.append(examine(image))
            sys.stderr.write(f"{reports[-1]}\n")
    print(*HEAD, *map(row, reports), sep="\n")  # noqa: T201 - what the program is for
    if options.page:
        options.page.write_text(rewritten(options.page.read_text(), reports))


if __name__ == "__main__":
    main()
