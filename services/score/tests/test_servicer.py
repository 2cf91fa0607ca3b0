"""The service over a real gRPC server."""

import json

import pytest
from songreel.score.v1 import score_service_pb2 as pb
from songreel.score.v1.score_service_pb2_grpc import ScoreServiceStub
from songreel_kit import errors
from songreel_score.service import create_service
from songreel_score.settings import ScoreSettings
from songreel_score.styles import STYLES
from songreel_testing.score.films import write_film
from songreel_testing.serving import collect, expect_error, serving, temporary_store


@pytest.fixture
def store(tmp_path):
    return temporary_store(tmp_path)


@pytest.fixture
async def stub(store):
    async with serving(create_service(ScoreSettings(max_seconds=30), store)) as channel:
        yield ScoreServiceStub(channel)


@pytest.fixture
def video(store, tmp_path):
    path = write_film(tmp_path / "film.mp4", seconds=3.0, cuts=(1.6,))
    return store.put_file(path, "video/mp4")


async def test_a_video_is_scored_with_progress_and_found_again(stub, store, video):
    options = pb.ScoreOptions(style="piano", key="D", stems=True, sound=True, timeline=True)
    request = pb.ScoreRequest(video=video, options=options)
    messages = await collect(stub.Score(request))
    fractions = [m.progress.fraction for m in messages if m.HasField("progress")]
    assert fractions
    assert fractions == sorted(fractions)
    result = messages[-1].result
    report = json.loads(store.read_bytes(result.report))
    assert (report["style"], report["key"], len(report["hits"])) == ("piano", "D", 1)
    assert result.lufs == pytest.approx(-14.0, abs=0.5)
    assert "melody" in {stem.role for stem in result.stems}
    assert store.read_bytes(result.timeline).startswith(b"\x89PNG")
    again = (await collect(stub.Score(request)))[-1].result
    assert again.reused
    assert again.film == result.film


async def test_an_edited_plan_makes_another_film(stub, store, video):
    first = (await collect(stub.Score(pb.ScoreRequest(video=video))))[-1].result
    text = store.read_bytes(first.plan).decode().replace("style: cinematic", "style: piano")
    plan = store.put_bytes(text.encode(), "application/yaml")
    second = (await collect(stub.Score(pb.ScoreRequest(video=video, plan=plan))))[-1].result
    assert second.film.sha256 != first.film.sha256
    assert json.loads(store.read_bytes(second.report))["style"] == "piano"


async def test_a_video_is_watched(stub, store, video):
    result = (await collect(stub.Watch(pb.WatchRequest(video=video))))[-1].result
    assert json.loads(store.read_bytes(result.analysis))["cuts"] == [1.6]
    assert (await collect(stub.Watch(pb.WatchRequest(video=video))))[-1].result.reused


async def test_styles_are_listed(stub):
    listed = await stub.ListStyles(pb.ListStylesRequest())
    assert [style.name for style in listed.styles] == list(STYLES)
    assert "arranger" in listed.engines


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({}, errors.InvalidRequest),
        ({"style": "polka"}, errors.UnknownStyle),
        ({"engine": "mozart"}, errors.UnknownEngine),
        ({"format": "avi"}, errors.InvalidRequest),
        ({"sync": "tight"}, errors.InvalidRequest),
    ],
)
async def test_wrong_requests_are_refused(stub, video, change, error):
    request = pb.ScoreRequest(video=video if change else None, options=pb.ScoreOptions(**change))
    with expect_error(error):
        await collect(stub.Score(request))


async def test_a_broken_plan_and_no_video_are_refused(stub, store, video):
    plan = store.put_bytes(b"\xff\xfe\x00plan", "application/yaml")
    with expect_error(errors.InvalidScorePlan):
        await collect(stub.Score(pb.ScoreRequest(video=video, plan=plan)))
    text = store.put_bytes(b"no film", "video/mp4")
    with expect_error(errors.NotVideo):
        await collect(stub.Watch(pb.WatchRequest(video=text)))


def test_defaults_that_do_not_exist_are_told_at_the_start(store, tmp_path):
    with pytest.raises(errors.UnknownStyle):
        create_service(ScoreSettings(default_style="polka"), store)
    with pytest.raises(errors.ModelMissing):
        create_service(ScoreSettings(soundfont=tmp_path / "no.sf2"), store)
