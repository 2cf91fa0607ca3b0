"""The numbers that a job shows while it works."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from songreel.type.v1.artifact_pb2 import Progress
from songreel.v1.video_service_pb2 import JobMetadata
from songreel_gateway.jobs.progress import EventThrottle, StageProgress, Timeline
from songreel_gateway.jobs.stages.table import STAGES
from songreel_testing.gateway.fake_stages import FRAMES
from songreel_testing.gateway.local_gateway import local_gateway, video_of

ANALYZE, STORYBOARD, RENDER = "analyze", "storyboard", "render"
ALL = (ANALYZE, STORYBOARD, RENDER)
WEIGHTS = {stage.name: stage.weight for stage in STAGES}

stage_lists = st.sampled_from([ALL, (STORYBOARD, RENDER), (ANALYZE,), (STORYBOARD,)])
any_share = st.one_of(st.floats(), st.floats(0, 1))


def timeline_of(stages) -> Timeline:
    return Timeline({stage: WEIGHTS[stage] for stage in stages})


@given(stage_lists, st.lists(any_share, max_size=20))
def test_a_fraction_never_falls_and_stays_in_its_range(stages, shares) -> None:
    metadata = JobMetadata()
    timeline = timeline_of(stages)
    seen = [0.0]
    for stage in stages:
        for _attempt in range(2):  # a stage may be begun again after a crash
            progress = StageProgress(metadata, timeline, stage)
            seen.append(metadata.fraction)
            for share in shares:
                progress.report(Progress(fraction=share))
                seen.append(metadata.fraction)
        progress.complete()
        seen.append(metadata.fraction)
    assert seen == sorted(seen)
    assert seen[0] >= 0.0
    assert seen[-1] == pytest.approx(1.0)
    assert max(seen) <= 1.0


@given(stage_lists, st.floats(0, 1), st.floats(0, 1))
def test_stages_follow_each_other_on_the_timeline(stages, low, high) -> None:
    timeline = timeline_of(stages)
    assert timeline.at(stages[0], 0) == 0
    for stage, following in pairwise(stages):
        assert timeline.at(stage, 1) == pytest.approx(timeline.at(following, 0))
    for stage in stages:
        assert timeline.at(stage, min(low, high)) <= timeline.at(stage, max(low, high))


def test_the_weights_are_shared_out_among_the_stages_there_are() -> None:
    assert timeline_of(ALL).at(RENDER, 0.5) == pytest.approx(0.55)
    assert timeline_of((STORYBOARD, RENDER)).at(RENDER, 0) == pytest.approx(0.02 / 0.92)
    assert timeline_of((ANALYZE,)).at(ANALYZE, 0.3) == pytest.approx(0.3)


def test_the_rest_is_estimated_from_frames_in_the_last_stage_only() -> None:
    metadata = JobMetadata()
    report = Progress(fraction=0.5, frames_done=50, frames_total=200, frames_per_second=10)
    StageProgress(metadata, timeline_of(ALL), ANALYZE).report(report)
    assert not metadata.HasField("estimated_rest")
    StageProgress(metadata, timeline_of(ALL), RENDER).report(report)
    assert metadata.estimated_rest.ToTimedelta().total_seconds() == 15.0


def test_what_was_done_before_a_crash_does_not_make_the_estimate_rosy() -> None:
    clock = iter([100.0, 100.5, 110.0]).__next__
    metadata = JobMetadata()
    progress = StageProgress(metadata, timeline_of((ANALYZE,)), ANALYZE, clock)
    progress.report(Progress(fraction=0.5))
    progress.report(Progress(fraction=0.5))
    assert not metadata.HasField("estimated_rest")
    progress.report(Progress(fraction=0.6))  # a tenth in ten seconds, four tenths to go
    assert metadata.estimated_rest.ToTimedelta().total_seconds() == pytest.approx(40.0)


@given(
    st.floats(0.001, 1.0),
    st.floats(0, 1e6),
    st.lists(st.floats(0, 1000), max_size=200),
)
@example(0.7828531171725704, 0.0, [8.0, 0.7828531171725704])  # 8 + least - 8 is less than least
def test_events_keep_their_distance(least, age, pauses) -> None:
    now = 0.0
    throttle = EventThrottle(least, 10_000, age, lambda: now)
    allowed = []
    for pause in pauses:
        now += pause
        if throttle.allows(len(allowed)):
            allowed.append(now)
    for earlier, later in pairwise(allowed):
        assert later >= earlier + least


def test_a_day_of_reports_gives_a_bounded_log() -> None:
    now = 0.0
    throttle = EventThrottle(0.2, 4000, 0.0, lambda: now)
    events = 0
    while now < 24 * 3600:
        now += 0.1
        events += throttle.allows(events)
    assert 2000 < events < 4000
    throttle = EventThrottle(0.2, 100, 0.0, lambda: now)
    assert not throttle.allows(100)


def test_the_pause_that_is_named_is_long_enough() -> None:
    now = 0.0
    throttle = EventThrottle(0.2, 100, 5000.0, lambda: now)
    assert throttle.pause(0) == 0.0
    assert throttle.allows(0)
    pause = throttle.pause(1)
    assert pause == pytest.approx(5000 / 499)
    now += pause + 1e-6
    assert throttle.allows(1)
    assert throttle.pause(100) == float("inf")


async def test_a_stage_that_pauses_shows_how_far_it_is(tmp_path) -> None:
    # Twelve reports come at once, then none: the last is told, not only the first.
    async with local_gateway(tmp_path, event_seconds=0.3) as local:
        local.control.hold("render")
        song = await local.client.upload(b"a song with a rest")
        operation = await local.client.create(song)
        async for event in local.client.events(operation):
            if event.metadata.frames_done == FRAMES // 2:
                break
        else:
            pytest.fail("the watcher was not told")
        local.control.let_go("render")
        assert video_of(await local.client.wait(operation)).frames == FRAMES
        log = await local.client.watch(operation)
        assert [each.offset for each in log] == list(range(len(log)))
        told = [each.metadata.frames_done for each in log if each.metadata.step == "frames"]
        assert told == sorted(told)
        assert len(told) < FRAMES // 2  # the others did come too soon
