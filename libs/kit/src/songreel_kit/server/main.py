"""How every process of songreel starts: what cannot work is one line on stderr, code 1."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Any, NoReturn

from pydantic import ValidationError

from songreel_kit.errors import SongreelError
from songreel_kit.stopping import run_to_the_end
from songreel_kit.telemetry.logging import configure_logging


def main(program: str, serving: Callable[[], Coroutine[Any, Any, None]]) -> NoReturn:
    """Serves until a signal, then ends the process.

    Args:
        program: Name that stands before what is said on stderr.
        serving: Reads settings, puts the service together, and gives what serves it until a
            signal comes; all of it may raise errors of the tree.
    """
    configure_logging()
    with errors_in_one_line(program):
        run_to_the_end(serving())
    raise AssertionError("run_to_the_end returned")


@contextmanager
def errors_in_one_line(program: str) -> Generator[None]:
    """Ends the process with code 1 and one line on stderr for an error of the tree."""
    try:
        yield
    except SongreelError as error:
        sys.exit(f"{program}: {error.message}")
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}, not {each['input']!r}"
            for each in error.errors()
        )
        sys.exit(f"{program}: settings cannot be used ({error.title}): {wrong}")
