"""One job's trace through all services, each a process of its own, with its real stages."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from songreel_testing.collector import Collector, ReceivedSpan, trace_collector

from ..conftest import Workspace
from ..songs import LYRICS, band, write_song

CREATE = "songreel.v1.VideoService/CreateVideo"
# Stage of the job -> the call that it makes, who answers, and what is known of its inside.
STAGES = {
    "stage analyze": (
        "songreel.audio.v1.AudioService/Analyze",
        "songreel-audio",
        {"decode", "spectrum", "onsets", "beats", "sections", "lyrics", "emotion"},
    ),
    "stage storyboard": (
        "songreel.prompt.v1.PromptService/WriteStoryboard",
        "songreel-prompt",
        {"read", "story", "check"},
    ),
    "stage render": (
        "songreel.render.v1.RenderService/Render",
        "songreel-render",
        {"plan", "load", "load checkpoint", "frames", "segment", "join", "pictures"},
    ),
}
SERVER, CLIENT = 2, 3


@contextmanager
def serving(
    module: str, workspace: Workspace, collector: Collector, **variables: str
) -> Iterator[str]:
    """A service in a process of its own; yields its address, then it must end well."""
    environment = {
        **os.environ,
        **collector.environment(),
        "SONGREEL_DATA": str(workspace.data),
        "SONGREEL_STORE": str(workspace.folder / "artifacts"),
        **variables,
    }
    with (workspace.folder / f"{module}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module], env=environment, stdout=subprocess.PIPE, stderr=log
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        assert line.startswith("listening on "), (workspace.folder / f"{module}.log").read_text()
        yield line.split()[-1]
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_one_job_is_one_trace_through_four_processes(workspace: Workspace, tmp_path: Path) -> None:
    song = tmp_path / "Annabel.mp3"
    write_song(song, band(2.0), "mp3")
    song.with_suffix(".lrc").write_text(LYRICS)
    with trace_collector() as collector, ExitStack() as stack:
        targets = {
            f"SONGREEL_GATEWAY_{name.upper()}_TARGET": stack.enter_context(
                serving(f"songreel_{name}", workspace, collector, **more)
            )
            for name, more in (
                ("audio", {}),
                ("prompt", {}),
                ("render", {"SONGREEL_RENDER_CHECKPOINT": str(workspace.checkpoint)}),
            )
        }
        gateway = stack.enter_context(serving("songreel_gateway", workspace, collector, **targets))
        workspace.make(song, tmp_path / "video.mp4", "--server", gateway)
        collector.wait(lambda: collector.named("finish"))
        stack.close()  # what is not sent yet is sent at the end
        check(collector)


def check(collector: Collector) -> None:
    created = only(collector, CREATE, SERVER)
    assert created.service == "songreel-gateway"
    for stage, (method, service, inside) in STAGES.items():
        call, answer = only(collector, method, CLIENT), only(collector, method, SERVER)
        assert (call.service, answer.service) == ("songreel-gateway", service)
        chain = collector.ancestors(answer)
        assert [each.name for each in chain] == [method, stage, CREATE]
        assert chain[0] == call
        assert chain[-1] == created
        assert {each.trace for each in chain} == {created.trace} == {answer.trace}
        own = {each.name for each in collector.spans if answer in collector.ancestors(each)}
        assert inside <= own
        assert not any(each.failed for each in (call, answer))
    # Nothing of what was sung, drawn or named.
    told = repr(collector.spans).casefold()
    words = {word.casefold() for word in LYRICS.split() if len(word) > 4 and word.isalpha()}
    assert words
    assert not [word for word in [*words, "annabel"] if f"'{word}" in told or f" {word}" in told]


def only(collector: Collector, name: str, kind: int) -> ReceivedSpan:
    (found,) = [each for each in collector.named(name) if each.kind == kind]
    return found
