"""A cache for librosa's compiled functions that two processes, or a killed one, cannot break.

numba writes a compiled gufunc as two files under no lock. Two processes that compile at once,
or one that is killed between the two, leave halves that do not fit together, and each later
process that loads them dies of SIGSEGV (https://github.com/numba/numba/issues/10128,
https://github.com/librosa/librosa/issues/1998). Three cold starts at once did so here in three
of four tries.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import shutil
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

_WHOLE = "whole"
"""The file that says that a folder was filled to the end."""
_SETTING = "CACHE_DIR"


@contextmanager
def whole_numba_cache() -> Generator[None]:
    """What is imported inside compiles alone on this machine, into a folder of its own.

    A folder that an earlier process did not fill to the end is begun anew. `NUMBA_CACHE_DIR`
    decides where the folder lies; by default in the user's cache folder, or in the temporary
    one where that cannot be written (a read-only container).
    """
    import llvmlite.binding
    from numba.core import config

    # Compiled code fits one processor, one installation and its versions.
    versions = [importlib.metadata.version(name) for name in ("librosa", "numba", "llvmlite")]
    parts = [llvmlite.binding.get_host_cpu_name(), sys.prefix, sys.version, *versions]
    chosen: str = getattr(config, _SETTING)
    folder = _parent(chosen) / hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / _WHOLE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        # numba reads this whenever a function is declared, and has no parameter for it.
        setattr(config, _SETTING, str(folder))
        try:
            yield
        finally:
            setattr(config, _SETTING, chosen)
        (folder / _WHOLE).touch()


def _parent(chosen: str) -> Path:
    if chosen:
        return _made(Path(chosen))
    try:
        return _made(user_cache_path("songreel", appauthor=False) / "numba")
    except OSError:
        return _made(Path(tempfile.gettempdir()) / "songreel-numba")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
