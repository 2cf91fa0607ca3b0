"""The score service's contract, fast, for the gateway's tests."""

from __future__ import annotations

from dataclasses import dataclass

from songreel.score.v1 import score_service_pb2 as score
from songreel.score.v1.score_service_pb2_grpc import ScoreServiceServicer
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.artifacts.documents import stage_key
from songreel_kit.artifacts.store import ArtifactStore

from songreel_testing.gateway.stage_control import StageControl

STYLES = ("cinematic", "piano")


@dataclass
class Score(ScoreServiceServicer):
    store: ArtifactStore
    control: StageControl

    async def Watch(self, request, context):
        await self.control.enter("watch")
        yield score.WatchResponse(progress=Progress(step="watch", fraction=0.5))
        await self.control.held("watch")
        self.control.note("watch-made")
        text = f'{{"video": "{request.video.sha256}"}}'
        yield score.WatchResponse(
            result=score.WatchResult(
                analysis=self.store.put_bytes(text.encode(), "application/json")
            )
        )

    async def Score(self, request, context):
        await self.control.enter("score")
        yield score.ScoreResponse(progress=Progress(step="compose", fraction=0.5))
        await self.control.held("score")
        assert request.video.sha256 in self.store.read_bytes(request.analysis).decode()
        key = stage_key("fake_score.Score", "1", request)
        film = self.store.lookup(key)
        if film is None:
            pictures = self.store.read_bytes(request.video).decode()
            plan = self.store.read_bytes(request.plan).decode() if request.HasField("plan") else ""
            music = f"{pictures} with {request.options.style or 'cinematic'} music {plan}"
            film = self.store.put_bytes(music.encode(), "video/mp4")
            self.store.bind(key, film)
            self.control.note("score-made")
        result = score.ScoreResult(
            film=film,
            plan=self.store.put_bytes(b"bars: []\n", "application/yaml"),
            report=self.store.put_bytes(b"{}", "application/json"),
            midi=self.store.put_bytes(b"MThd", "audio/midi"),
            lufs=-14.0,
            true_peak=-1.2,
        )
        if request.options.stems:
            melody = self.store.put_bytes(b"RIFF melody", "audio/wav")
            result.stems.add(role="melody").sound.CopyFrom(melody)
        yield score.ScoreResponse(result=result)

    async def ListStyles(self, request, context):
        return score.ListStylesResponse(styles=[score.Style(name=name) for name in STYLES])
