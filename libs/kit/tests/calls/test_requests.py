"""What the server itself answers: malformed requests, reflection, health, addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from songreel.audio.v1 import audio_service_pb2 as audio_pb2
from songreel.audio.v1 import audio_service_pb2_grpc as audio_grpc
from songreel.render.v1.render_plan_pb2 import RenderSettings
from songreel.score.v1.score_service_pb2 import ScoreRequest
from songreel.type.v1.artifact_pb2 import Artifact
from songreel.v1.video_service_pb2 import CreateScoreResult
from songreel_kit.errors import (
    FailedPrecondition,
    InvalidRequest,
)
from songreel_kit.interceptors.validation import check_message
from songreel_kit.server.server import ServerSettings, running_server
from songreel_kit.server.service import Service
from songreel_testing.serving import collect, expect_error, serving


class Audio(audio_grpc.AudioServiceServicer):
    """Takes every request."""

    async def Analyze(self, request: Any, context: Any) -> AsyncIterator[Any]:
        yield audio_pb2.AnalyzeResponse(result=audio_pb2.AnalyzeResult())


AUDIO = Service(
    "songreel.audio.v1.AudioService",
    lambda server: audio_grpc.add_AudioServiceServicer_to_server(Audio(), server),
)


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (audio_pb2.AnalyzeRequest(song=Artifact(sha256="../../etc/passwd")), "song"),
        (audio_pb2.AnalyzeRequest(song=Artifact(sha256="A" * 64)), "song"),
        (audio_pb2.AnalyzeRequest(song=Artifact(uri="file:///etc/passwd")), "song"),
        (
            audio_pb2.AnalyzeRequest(song=Artifact(sha256="a" * 64, uri="cas://" + "b" * 64)),
            "song",
        ),
        (audio_pb2.AnalyzeRequest(lyrics=Artifact(sha256="a" * 64, size=-1)), "lyrics"),
        (
            audio_pb2.AnalyzeRequest(options=audio_pb2.AnalyzeOptions(start=float("nan"))),
            "options.start",
        ),
        (
            audio_pb2.AnalyzeRequest(options=audio_pb2.AnalyzeOptions(seconds=float("inf"))),
            "options.seconds",
        ),
    ],
)
async def test_malformed_requests_do_not_reach_the_handler(request_: Any, problem: str) -> None:
    async with serving(AUDIO) as channel:
        with expect_error(InvalidRequest) as caught:
            await collect(audio_grpc.AudioServiceStub(channel).Analyze(request_))
    assert caught.error.metadata["field"] == problem
    assert problem in caught.message


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (ScoreRequest(options={"hits": [1.0, float("nan")]}), "options.hits"),
        (ScoreRequest(options={"mood": [{"time": float("inf")}]}), "options.mood.time"),
        (RenderSettings(loras=[{"artifact": {"sha256": "../etc"}}]), "loras.artifact"),
        (CreateScoreResult(stems={"drums": {"artifact": {"sha256": "A"}}}), "stems.artifact"),
    ],
)
def test_what_is_wrong_in_lists_and_maps_is_found(message: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_message(message)
    assert caught.value.metadata["field"] == field
    check_message(ScoreRequest(options={"hits": [1.0], "mood": [{"time": 1.0}]}))


async def test_well_formed_and_empty_references_pass() -> None:
    async with serving(AUDIO) as channel:
        stub = audio_grpc.AudioServiceStub(channel)
        digest = "a" * 64
        for song in (Artifact(), Artifact(sha256=digest, uri=f"cas://{digest}")):
            assert len(await collect(stub.Analyze(audio_pb2.AnalyzeRequest(song=song)))) == 1


async def test_reflection_lists_the_services() -> None:
    async with serving(AUDIO) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        [answer] = await collect(stub.ServerReflectionInfo(iter([request])))
        names = {service.name for service in answer.list_services_response.service}
        assert {AUDIO.name, "grpc.health.v1.Health"} <= names
        request = reflection_pb2.ServerReflectionRequest(file_containing_symbol=AUDIO.name)
        [answer] = await collect(stub.ServerReflectionInfo(iter([request])))
        assert answer.file_descriptor_response.file_descriptor_proto


async def test_health_knows_each_service_and_the_whole() -> None:
    async with serving(AUDIO) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for name in ("", AUDIO.name):
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await stub.Check(health_pb2.HealthCheckRequest(service="other"))
        assert failed.value.code() == grpc.StatusCode.NOT_FOUND


async def test_two_servers_cannot_share_a_port_unseen() -> None:
    async with running_server([AUDIO]) as server:
        with pytest.raises(FailedPrecondition, match="another server"):
            async with running_server([AUDIO], ServerSettings(bind=server.address)):
                pass


async def test_a_unix_socket_serves_too(tmp_path: Path) -> None:
    settings = ServerSettings(bind=f"unix:{tmp_path}/audio.sock")
    async with serving(AUDIO, settings=settings) as channel:
        stub = audio_grpc.AudioServiceStub(channel)
        assert len(await collect(stub.Analyze(audio_pb2.AnalyzeRequest()))) == 1
