"""Runs `buf lint`, `buf format` and `buf breaking` over `protos/`, offline.

`breaking` compares with `baseline.binpb`, the protos of the last release: what its clients
use must stay as it is. `--release` makes today's protos the baseline; that is done with
every tag, and at no other time.

buf would fetch the Google API protos from its registry; the installed
googleapis-common-protos has the same files, so they are laid beside ours.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from generate import PROTOS, google_include, link_longrunning

BUF = Path(sysconfig.get_path("scripts")) / "buf"

BASELINE = Path(__file__).resolve().parent / "baseline.binpb"
"""A descriptor set."""


def lay_workspace(folder: Path, protos: Path = PROTOS) -> None:
    """Copies our protos and the Google ones that they import into `folder`."""
    shutil.copytree(protos, folder, dirs_exist_ok=True)
    include = google_include()
    for package in ("api", "rpc"):
        shutil.copytree(
            include / "google" / package,
            folder / "google" / package,
            ignore=lambda _, names: [n for n in names if n.endswith((".py", ".pyi", ".typed"))],
        )
    link_longrunning(include, folder)


def breaking(folder: Path) -> subprocess.CompletedProcess[str]:
    """Compares a workspace with the baseline; its exit code is 0 when nothing is broken."""
    return subprocess.run(
        [BUF, "breaking", "--against", BASELINE],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )


def release(folder: Path) -> None:
    """Makes a workspace the baseline."""
    command = [BUF, "build", "--exclude-source-info", "-o", BASELINE]
    subprocess.run(command, cwd=folder, check=True)


def main() -> int:
    """Returns the worst exit code of the three."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--release", action="store_true", help="only write the baseline")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        lay_workspace(folder)
        if arguments.release:
            release(folder)
            return 0
        lint = subprocess.run([BUF, "lint"], cwd=folder, check=False)
        broken = breaking(folder)
        sys.stderr.write(broken.stdout + broken.stderr)
    form = subprocess.run([BUF, "format", "--diff", "--exit-code", PROTOS], check=False)
    return max(lint.returncode, broken.returncode, form.returncode)


if __name__ == "__main__":
    sys.exit(main())
