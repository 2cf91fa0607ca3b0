"""Generates the Python stubs from `protos/` into `libs/contracts/src`.

`--check` writes nothing and exits 1 when the committed stubs are not what the
protos give.
"""

from __future__ import annotations

import argparse
import filecmp
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import grpc_tools

ROOT = Path(__file__).resolve().parents[2]
PROTOS = ROOT / "protos"
TARGET = ROOT / "libs" / "contracts" / "src"


def google_include() -> Path:
    """Folder that holds `google/rpc/*.proto`, from googleapis-common-protos."""
    spec = find_spec("google.rpc")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("googleapis-common-protos is not installed: run `make setup` first")
    return Path(next(iter(spec.submodule_search_locations))).parents[1]


def link_longrunning(include: Path, scratch: Path) -> None:
    """Lays `google/longrunning/operations.proto` into `scratch`.

    The wheel ships it as `operations_proto.proto`; everybody imports it under
    its canonical name.
    """
    folder = scratch / "google" / "longrunning"
    folder.mkdir(parents=True)
    shutil.copy(include / "google/longrunning/operations_proto.proto", folder / "operations.proto")


def generate(out: Path) -> None:
    """Runs protoc over every file of `protos/` and adds typed markers."""
    include = google_include()
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    with tempfile.TemporaryDirectory() as scratch:
        link_longrunning(include, Path(scratch))
        files = sorted(str(p.relative_to(PROTOS)) for p in PROTOS.rglob("*.proto"))
        subprocess.run(
            [
                sys.executable,
                "-m",
                "grpc_tools.protoc",
                f"-I{PROTOS}",
                f"-I{scratch}",
                f"-I{include}",
                f"-I{well_known}",
                f"--python_out={out}",
                f"--pyi_out={out}",
                f"--grpc_python_out={out}",
                *files,
            ],
            check=True,
        )
    for folder in {p.parent for p in out.rglob("*_pb2.py")}:
        while folder != out:
            (folder / "__init__.py").touch()
            folder = folder.parent
    (out / "songreel" / "py.typed").touch()
    # protoc writes a service module for every file; the empty ones only mislead.
    for stub in out.rglob("*_pb2_grpc.py"):
        if "class " not in stub.read_text():
            stub.unlink()


def differences(left: Path, right: Path) -> list[str]:
    """Names of the files that are not the same in both trees."""
    names = {
        str(p.relative_to(side))
        for side in (left, right)
        for p in (side / "songreel").rglob("*")
        if p.is_file() and p.suffix in {".py", ".pyi", ".typed"}
    }
    _, mismatch, missing = filecmp.cmpfiles(left, right, sorted(names), shallow=False)
    return sorted(mismatch + missing)


def main() -> None:
    """Writes the stubs, or exits 1 naming the stale ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        generate(out)
        if arguments.check:
            stale = differences(out, TARGET)
            if stale:
                raise SystemExit(f"stale stubs, run `make protos`: {', '.join(stale)}")
            return
        shutil.rmtree(TARGET / "songreel", ignore_errors=True)
        shutil.copytree(out / "songreel", TARGET / "songreel")


if __name__ == "__main__":
    main()
