import os
import signal
import subprocess
import sys

import pytest

SCRIPT = """
import asyncio, signal, sys
from songreel_app.jobs.signals import run_command

async def command(interrupts):
    print("running", flush=True)
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        print("by the user" if interrupts.by_user else "from outside", flush=True)
        if sys.argv[1] == "slow":
            await asyncio.Event().wait()
        raise

sys.exit(run_command(command))
"""


def start(manner: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, manner], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    return process


@pytest.mark.parametrize(
    ("number", "words", "code"),
    [(signal.SIGINT, "by the user\n", 130), (signal.SIGTERM, "from outside\n", 143)],
)
def test_a_signal_ends_the_command_with_its_code(number: int, words: str, code: int) -> None:
    process = start("quick")
    os.kill(process.pid, number)
    out, _ = process.communicate(timeout=30)
    assert out == words
    assert process.returncode == code


def test_a_second_ctrl_c_ends_what_takes_too_long() -> None:
    process = start("slow")
    assert process.stdout is not None
    os.kill(process.pid, signal.SIGINT)
    assert process.stdout.readline() == "by the user\n"
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
