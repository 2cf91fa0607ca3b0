"""Stages for the gateway's tests: real servicers of the contracts that write real
artifacts fast, note their calls in a file, and can be held or made to fail by files.

Run as a program it serves them and a gateway in one process, to be killed.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from songreel.audio.v1 import audio_service_pb2 as audio
from songreel.audio.v1.analysis_pb2 import SongAnalysis
from songreel.audio.v1.audio_service_pb2_grpc import (
    AudioServiceServicer,
    add_AudioServiceServicer_to_server,
)
from songreel.prompt.v1 import prompt_service_pb2 as prompt
from songreel.prompt.v1.prompt_service_pb2_grpc import (
    PromptServiceServicer,
    add_PromptServiceServicer_to_server,
)
from songreel.prompt.v1.storyboard_pb2 import Scene, Storyboard
from songreel.render.v1 import render_service_pb2 as render
from songreel.render.v1.render_plan_pb2 import RenderPlan
from songreel.render.v1.render_service_pb2_grpc import (
    RenderServiceServicer,
    add_RenderServiceServicer_to_server,
)
from songreel.score.v1.score_service_pb2_grpc import add_ScoreServiceServicer_to_server
from songreel.type.v1.artifact_pb2 import Progress
from songreel_gateway.service import Gateway, GatewaySettings, Targets
from songreel_kit import errors
from songreel_kit.artifacts.documents import (
    load_document,
    parse_document,
    stage_key,
    store_document,
)
from songreel_kit.artifacts.garbage import erase
from songreel_kit.artifacts.open import open_store
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.server.server import running_server
from songreel_kit.server.service import Service
from songreel_kit.telemetry.tracing import traced

from songreel_testing.gateway.fake_score import Score
from songreel_testing.gateway.stage_control import StageControl

FRAMES = 24


@dataclass
class Audio(AudioServiceServicer):
    store: ArtifactStore
    control: StageControl

    async def Analyze(self, request, context):
        await self.control.enter("analyze")
        key = stage_key("fake_stages.Analyze", "1", request)
        found = self.store.lookup(key)
        yield audio.AnalyzeResponse(progress=Progress(step="beats", fraction=0.5))
        await self.control.held("analyze")
        if found is None:
            song = self.store.read_bytes(request.song)
            analysis = SongAnalysis(
                duration=len(song) / 10, title=request.file_name, song_sha256=request.song.sha256
            )
            if request.HasField("lyrics"):
                analysis.lyrics.add(text=self.store.read_bytes(request.lyrics).decode())
            found = store_document(self.store, analysis)
            self.store.bind(key, found)
            self.control.note("analyze-made")
        result = audio.AnalyzeResult(analysis=found)
        if request.options.plot:
            result.plot.CopyFrom(self.store.put_bytes(b"\x89PNG plot", "image/png"))
        yield audio.AnalyzeResponse(result=result)


@dataclass
class Prompt(PromptServiceServicer):
    store: ArtifactStore
    control: StageControl

    async def WriteStoryboard(self, request, context):
        await self.control.enter("storyboard")
        if request.options.style == "unknown":
            raise errors.UnknownStyle("there is no style 'unknown'", style="unknown")
        yield prompt.WriteStoryboardResponse(progress=Progress(step="scenes", fraction=0.5))
        await self.control.held("storyboard")
        key = stage_key("fake_stages.WriteStoryboard", "1", request)
        found = self.store.lookup(key)
        if found is None:
            analysis = load_document(self.store, request.analysis, SongAnalysis)
            prompt_text = f"a picture of {analysis.title}"
            if request.options.HasField("storyboard"):
                old = load_document(self.store, request.options.storyboard, Storyboard)
                prompt_text = f"{old.scenes[0].prompt}, rewritten"
            if request.options.protagonist_share:
                prompt_text += f", share {request.options.protagonist_share:g}"
            if request.options.checkpoint:
                prompt_text += f", for {request.options.checkpoint}"
            scene = Scene(end=analysis.duration, prompt=prompt_text)
            board = Storyboard(style=request.options.style, storyteller="offline", scenes=[scene])
            found = store_document(self.store, board)
            self.store.bind(key, found)
            self.control.note("storyboard-made")
        written = load_document(self.store, found, Storyboard)
        result = prompt.WriteStoryboardResult(
            storyboard=found, document=self._document(written), storyteller="offline"
        )
        yield prompt.WriteStoryboardResponse(result=result)

    async def CheckStoryboard(self, request, context):
        self.control.note("check")
        text = self.store.read_bytes(request.document).decode()
        if text.startswith("{"):
            return self._check_kept(request, text)
        if not text.startswith("prompt: "):
            raise errors.InvalidStoryboard(f"{request.document_name}:1: no prompt")
        board = Storyboard(scenes=[Scene(prompt=text.removeprefix("prompt: ").strip())])
        return prompt.CheckStoryboardResponse(
            storyboard=store_document(self.store, board),
            document=self._document(board),
            notes=["one scene only"],
        )

    def _check_kept(self, request, text):
        """Of a storyboard that is edited in the gateway and came as a document of a stage."""
        assert request.by_scene
        load_document(self.store, request.analysis, SongAnalysis)
        board = parse_document(text.encode(), Storyboard)
        for number, scene in enumerate(board.scenes, 1):
            if not scene.prompt:
                raise errors.InvalidStoryboard(f"scene {number}: no prompt")
        board.notes.append(f"{len(board.scenes)} scenes, style {request.options.style}")
        return prompt.CheckStoryboardResponse(
            storyboard=store_document(self.store, board),
            document=self._document(board),
            notes=board.notes,
        )

    def _document(self, board):
        text = f"prompt: {board.scenes[0].prompt}\n"
        return self.store.put_bytes(text.encode(), "application/yaml")


@dataclass
class Render(RenderServiceServicer):
    store: ArtifactStore
    control: StageControl

    async def Render(self, request, context):
        await self.control.enter("render")
        with self.control.slot():
            async for response in self._responses(request):
                yield response

    async def _responses(self, request):
        yield render.RenderResponse(
            plan=store_document(self.store, RenderPlan(song_sha256=request.song.sha256))
        )
        for frame in range(1, FRAMES + 1):
            yield render.RenderResponse(
                progress=Progress(
                    step="frames",
                    fraction=frame / FRAMES,
                    frames_done=frame,
                    frames_total=FRAMES,
                    frames_per_second=12,
                )
            )
            if frame == FRAMES // 2:
                await self.control.draws(request)
        key = stage_key("fake_stages.Render", "1", request)
        found = self.store.lookup(key)
        if found is None:
            board = load_document(self.store, request.storyboard, Storyboard)
            picture = f"video of {board.scenes[0].prompt} seed {request.settings.seed}"
            found = self.store.put_bytes(picture.encode(), "video/mp4")
            self.store.bind(key, found)
            self.control.note("render-made")
        yield render.RenderResponse(
            result=render.RenderResult(
                video=found,
                plan=store_document(self.store, RenderPlan(song_sha256=request.song.sha256)),
                timeline=self.store.put_bytes(b"\x89PNG timeline", "image/png"),
                contact_sheet=self.store.put_bytes(b"\x89PNG sheet", "image/png"),
                frames=FRAMES,
                audio_mode="copy",
            )
        )

    async def GetRenderer(self, request, context):
        return render.GetRendererResponse(checkpoint="tiny", checkpoint_sha256="0" * 64)

    async def EraseRender(self, request, context):
        self.control.note(f"erased-{request.plan.sha256}")
        return render.EraseRenderResponse(artifacts=erase(self.store, [request.plan.sha256]))


def stage_services(store: ArtifactStore, control: StageControl) -> list[Service]:
    return [
        Service(
            "songreel.audio.v1.AudioService",
            partial(add_AudioServiceServicer_to_server, Audio(store, control)),
        ),
        Service(
            "songreel.prompt.v1.PromptService",
            partial(add_PromptServiceServicer_to_server, Prompt(store, control)),
        ),
        Service(
            "songreel.render.v1.RenderService",
            partial(add_RenderServiceServicer_to_server, Render(store, control)),
        ),
        Service(
            "songreel.score.v1.ScoreService",
            partial(add_ScoreServiceServicer_to_server, Score(store, control)),
        ),
    ]


async def serve_stages(root: Path) -> None:
    store = open_store(str(root / "artifacts"))
    gateway = Gateway(GatewaySettings(data=root / "data", event_seconds=0.001), store)
    services = [*gateway.services(), *stage_services(store, StageControl(root / "control"))]
    async with traced("fake_stages"), running_server(services) as server:
        server.stop_on_signals()
        async with gateway.running(Targets.all(server.address), server.budget):
            print(server.address, flush=True)
            await server.wait_stopped()


if __name__ == "__main__":
    try:
        asyncio.run(serve_stages(Path(sys.argv[1])))
    except errors.SongreelError as problem:
        sys.exit(f"{problem.reason}: {problem}")
