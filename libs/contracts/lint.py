"""Runs `buf lint` and `buf format` over `protos/`, offline.

buf would fetch the Google API protos from its registry; the installed
googleapis-common-protos has the same files, so they are laid beside ours.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from generate import PROTOS, google_include, link_longrunning

BUF = Path(sysconfig.get_path("scripts")) / "buf"


def lay_workspace(folder: Path) -> None:
    """Copies our protos and the Google ones that they import into `folder`."""
    shutil.copytree(PROTOS, folder, dirs_exist_ok=True)
    include = google_include()
    for package in ("api", "rpc"):
        shutil.copytree(
            include / "google" / package,
            folder / "google" / package,
            ignore=lambda _, names: [n for n in names if n.endswith((".py", ".pyi", ".typed"))],
        )
    link_longrunning(include, folder)


def main() -> int:
    """Returns the worse exit code of the two."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        lay_workspace(folder)
        lint = subprocess.run([BUF, "lint"], cwd=folder, check=False)
    form = subprocess.run([BUF, "format", "--diff", "--exit-code", PROTOS], check=False)
    return max(lint.returncode, form.returncode)


if __name__ == "__main__":
    sys.exit(main())
