"""From a film to a film with music, with everything beside it."""

import json

import av
import numpy as np
import pretty_midi
import pytest
import soundfile
from songreel_kit.errors import Cancelled, InvalidRequest, InvalidScorePlan, UnknownStyle
from songreel_score.plan.plan_document import from_yaml
from songreel_score.plan.planner import PlanRequest
from songreel_score.soundtrack import ScoreOutputs, ScoreRequest, score
from songreel_testing.score.films import turn_film, write_film

CUTS = (2.0, 4.4)


def outputs(folder, suffix=".mp4"):
    return ScoreOutputs(
        film=folder / f"film{suffix}",
        plan=folder / "plan.yaml",
        report=folder / "score.json",
        midi=folder / "score.mid",
        stems=folder / "stems",
        sound=folder / "score.wav",
        timeline=folder / "score.png",
    )


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scored")
    video = write_film(folder / "a.mp4", seconds=7.0, cuts=CUTS)
    made = outputs(folder)
    return score(video, made), made, video


def test_everything_is_written_and_of_the_films_length(scored):
    soundtrack, made, _ = scored
    samples = round(7.0 * 48_000)
    assert soundtrack.samples == samples
    assert soundfile.info(made.sound).frames == samples
    assert {soundfile.info(stem).frames for stem in made.stems.glob("*.wav")} == {samples}
    assert pretty_midi.PrettyMIDI(str(made.midi)).get_end_time() == pytest.approx(7.0, abs=0.01)
    with av.open(str(made.film)) as film:
        assert {stream.type for stream in film.streams} == {"audio", "video"}
        assert film.duration / 1e6 == pytest.approx(7.0, abs=0.06)
    assert made.timeline.read_bytes().startswith(b"\x89PNG")


def test_the_master_is_as_loud_as_promised(scored):
    soundtrack, _, _ = scored
    assert soundtrack.lufs == pytest.approx(-14.0, abs=0.5)
    assert soundtrack.true_peak <= -1.0


def test_the_report_tells_cuts_hits_and_what_made_the_music(scored):
    soundtrack, made, _ = scored
    told = json.loads(made.report.read_text())
    assert [hit["time"] for hit in told["hits"]] == pytest.approx(CUTS, abs=0.01)
    assert all(hit["error_ms"] == 0.0 for hit in told["hits"])
    assert told["soundfont"].endswith((".sf2", ".sf3"))
    assert told["engine"].startswith("arranger")
    assert told["keep_sound"] == "none"
    assert from_yaml(made.plan.read_text(), 7.0) == soundtrack.plan


def test_an_edited_plan_is_played(scored, tmp_path):
    soundtrack, made, video = scored
    text = made.plan.read_text().replace("style: cinematic", "style: piano")
    again = score(
        video,
        ScoreOutputs(tmp_path / "b.mp4"),
        ScoreRequest(plan=from_yaml(text)),
        analysis=soundtrack.analysis,
    )
    assert {change.program for change in again.performance.programs} == {0}
    assert again.plan.stretches == soundtrack.plan.stretches


def test_a_plan_of_another_film_is_refused(scored, tmp_path):
    soundtrack, _, _ = scored
    video = write_film(tmp_path / "b.mp4", seconds=5.0)
    with pytest.raises(InvalidScorePlan, match=r"7\.000 s and the video has 5\.000 s"):
        score(video, ScoreOutputs(tmp_path / "out.mp4"), ScoreRequest(plan=soundtrack.plan))
    assert not (tmp_path / "out.mp4").exists()


def test_music_goes_under_speech(tmp_path, speech_samples):
    sound = np.zeros(14 * 48_000, np.float32)
    sound[4 * 48_000 : 9 * 48_000] = speech_samples[: 5 * 48_000]
    video = write_film(tmp_path / "a.mp4", seconds=14.0, fps=5, sound=sound)
    loud = {}
    for keep in ("duck", "mix", "none"):
        made = ScoreOutputs(tmp_path / f"{keep}.mp4", sound=tmp_path / f"{keep}.wav")
        soundtrack = score(video, made, ScoreRequest(keep_sound=keep))
        assert soundtrack.keep_sound == keep
        samples, _ = soundfile.read(made.sound)
        loud[keep] = samples
    assert soundtrack.analysis.speech
    # Where nobody speaks and the film is silent, ducked and mixed music are the same but for
    # the master's gain; under speech the ducked mix holds less music beside the same voice.
    quiet = slice(10 * 48_000, 13 * 48_000)
    assert np.corrcoef(loud["duck"][quiet, 0], loud["mix"][quiet, 0])[0, 1] > 0.99
    voice = np.pad(sound, (0, len(loud["duck"]) - len(sound)))[5 * 48_000 : 8 * 48_000]
    clear = {
        k: abs(np.corrcoef(v[5 * 48_000 : 8 * 48_000, 0], voice)[0, 1]) for k, v in loud.items()
    }
    assert clear["duck"] > clear["mix"] > clear["none"]


@pytest.mark.parametrize(
    "make",
    [
        lambda p: turn_film(write_film(p, seconds=2.5)),
        lambda p: write_film(p, times=[i * i / 900 for i in range(50)]),
        lambda p: write_film(p, seconds=2.5, codec="libx265", pix_fmt="yuv420p10le"),
        lambda p: write_film(p, seconds=2.5, sound=np.zeros(6 * 48_000, np.float32)),
        lambda p: write_film(p, seconds=1.04),
        lambda p: write_film(p, seconds=4.0, cuts=[0.32 * i for i in range(1, 12)]),
    ],
    ids=["turned", "variable rate", "ten bits", "longer sound", "one second", "many cuts"],
)
def test_odd_films_get_music_of_their_length(tmp_path, make):
    video = make(tmp_path / "a.mp4")
    soundtrack = score(video, ScoreOutputs(tmp_path / "out.mp4"))
    assert soundtrack.samples == round(soundtrack.analysis.duration * 48_000)
    assert soundtrack.true_peak <= -1.0


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (ScoreRequest(keep_sound="loud"), InvalidRequest),
        (ScoreRequest(PlanRequest(style="polka")), UnknownStyle),
        (ScoreRequest(engine="mozart"), InvalidRequest),
    ],
)
def test_a_wrong_request_is_refused_before_the_video_is_read(tmp_path, asked, error):
    with pytest.raises(error):
        score(tmp_path / "nowhere.mp4", ScoreOutputs(tmp_path / "out.mp4"), asked)


def test_work_ends_when_nobody_waits(tmp_path):
    video = write_film(tmp_path / "a.mp4", seconds=2.0)

    def check():
        raise Cancelled("the work was cancelled")

    with pytest.raises(Cancelled):
        score(video, ScoreOutputs(tmp_path / "out.mp4"), check=check)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
