"""Sound is as long as the film to the sample, as loud as asked, and stems add up."""

import numpy as np
import pyloudnorm
import pytest
from songreel_kit.errors import ModelMissing
from songreel_score.compose.arranger import Arranger
from songreel_score.perform.performer import perform
from songreel_score.sound import mixing
from songreel_score.sound.ducking import gain
from songreel_score.sound.loudness import measure, peaks
from songreel_score.sound.mastering import master
from songreel_score.sound.midi_file import write_midi
from songreel_score.sound.room import in_room
from songreel_score.sound.soundfonts import find_soundfont
from songreel_score.sound.synthesizer import play
from songreel_score.sound.takes import RATE, Take, write_take
from songreel_score.styles import find_style
from songreel_score.watch.speech import Span
from songreel_testing.score.plans import plan_of

CUTS = (3.0, 6.2)


def performance_of(**asked):
    plan = plan_of(**{"duration": 8.37, "cuts": CUTS, "moods": ((0.3, 0.5),), **asked})
    return plan, perform(plan, Arranger().compose(plan, lambda part: None))


def sound_of(performance, roles=None):
    return np.concatenate(list(play(performance, find_soundfont(), roles)))


def take_of(path, samples):
    return write_take(path, [samples.astype(np.float32)], len(samples))


def whole(take: Take):
    return take.read(0, take.samples)


def music_like(seconds=6.0, level=0.1, seed=0):
    """Noise with beats, (n, 2)."""
    count = round(seconds * RATE)
    noise = np.random.default_rng(seed).normal(size=(count, 2))
    return level * noise * np.exp(-6 * (np.arange(count) / RATE % 0.5))[:, None]


def test_the_sound_is_as_long_as_the_film_to_the_sample():
    _, performance = performance_of()
    assert len(sound_of(performance)) == round(8.37 * RATE)


def test_stems_add_up_to_the_music():
    _, performance = performance_of()
    together = sound_of(performance)
    apart = sum(sound_of(performance, {role}) for role in performance.levels)
    assert np.abs(together).max() > 0.02
    assert np.abs(together - apart).max() < 1e-4


def test_notes_sound_when_they_are_written():
    _, performance = performance_of(moods=((0.3, 0.4),), style="piano")
    loud = np.abs(sound_of(performance, {"hits"})).max(1)
    for hit in CUTS:
        before = loud[: round(hit * RATE)][-2400:].max()
        after = loud[round(hit * RATE) :][:2400].max()
        assert after > 4 * before


@pytest.mark.parametrize("style", ["cinematic", "lo-fi"])
def test_a_room_in_blocks_is_the_room_of_the_whole(style):
    dry = music_like(3.0).astype(np.float32)
    whole_room = np.concatenate(list(in_room([dry], find_style(style))))
    blocks = np.concatenate(list(in_room(np.array_split(dry, 7), find_style(style))))
    assert len(blocks) == len(dry)
    assert np.abs(whole_room - blocks).max() < 1e-5
    assert np.abs(whole_room - dry).max() > 1e-3


@pytest.mark.parametrize("seconds", [1.0, 6.03])
def test_loudness_is_pyloudnorms(seconds):
    sound = np.concatenate([music_like(seconds), music_like(2.0, 0.001, 1)])
    told = measure(np.array_split(sound, 9)).integrated()
    assert told == pytest.approx(pyloudnorm.Meter(RATE).integrated_loudness(sound), abs=0.02)


@pytest.mark.parametrize("level", [0.001, 0.1, 0.9])
def test_a_master_is_as_loud_as_asked_and_never_over_the_peak(tmp_path, level):
    made = master(take_of(tmp_path / "mix", music_like(level=level)), tmp_path / "master")
    sound = whole(made.take)
    assert pyloudnorm.Meter(RATE).integrated_loudness(sound) == pytest.approx(-14.0, abs=0.5)
    assert 20 * np.log10(peaks(np.pad(sound, ((64, 64), (0, 0)))).max()) <= -1.0
    assert made.take.samples == len(sound)


def test_silence_stays_silence(tmp_path):
    made = master(take_of(tmp_path / "mix", np.zeros((RATE, 2))), tmp_path / "master")
    assert np.abs(whole(made.take)).max() == 0.0


def test_both_ends_are_faded(tmp_path):
    faded = whole(
        mixing.with_fades(take_of(tmp_path / "a", np.ones((4 * RATE, 2))), tmp_path / "b")
    )
    assert np.abs(faded[[0, -1]]).max() < 0.01
    assert faded[2 * RATE, 0] == 1.0
    assert np.all(np.diff(faded[-RATE:, 0]) <= 1e-6) or faded[-RATE, 0] < 1.0


def test_music_steps_back_under_speech_and_comes_back_within_a_second():
    times = np.arange(0, 12, 0.01)
    curve = gain((Span(3.0, 5.0), Span(5.3, 7.0)), times)
    assert curve.max() == 0.0
    assert np.all(curve[(times >= 3.0) & (times <= 5.0)] == pytest.approx(-8.0))
    assert np.all(curve[(times < 2.7) | (times > 8.0)] == 0.0)
    assert np.all(curve >= -8.0)


def test_ducked_music_is_eight_decibels_lower_in_the_mix(tmp_path):
    music = take_of(tmp_path / "music", music_like(12.0))
    silent = take_of(tmp_path / "own", np.zeros((12 * RATE, 2)))
    made = whole(mixing.mixed(music, silent, tmp_path / "mix", (Span(4.0, 8.0),), duck=True))
    plain = whole(mixing.mixed(music, silent, tmp_path / "mix2", (Span(4.0, 8.0),), duck=False))

    def level(sound, start, end):
        part = sound[round(start * RATE) : round(end * RATE)]
        return 10 * np.log10(np.mean(part**2))

    assert level(made, 4, 8) - level(plain, 4, 8) == pytest.approx(-8.0, abs=0.1)
    assert level(made, 9, 11) == pytest.approx(level(plain, 9, 11), abs=0.01)


def test_a_midi_file_sounds_at_the_same_times(tmp_path):
    import pretty_midi

    plan, performance = performance_of(duration=61.3, cuts=tuple(np.arange(4.0, 58.0, 3.7)))
    write_midi(plan, performance, tmp_path / "a.mid")
    read = pretty_midi.PrettyMIDI(str(tmp_path / "a.mid"))
    heard = sorted(
        (round(note.start, 4), note.pitch) for part in read.instruments for note in part.notes
    )
    played = sorted((round(note.start, 4), note.pitch) for note in performance.notes)
    assert len(heard) == len(played)
    assert np.abs(np.array(heard)[:, 0] - np.array(played)[:, 0]).max() < 0.001


def test_the_packaged_soundfont_is_found_and_a_missing_one_told(tmp_path):
    assert find_soundfont().path.is_file()
    with pytest.raises(ModelMissing, match=r"nowhere\.sf2"):
        find_soundfont(tmp_path / "nowhere.sf2")


def test_a_file_that_is_no_soundfont_is_told(tmp_path):
    path = tmp_path / "font.sf2"
    path.write_bytes(b"RIFF no font")
    _, performance = performance_of()
    with pytest.raises(ModelMissing, match="no soundfont"):
        next(play(performance, find_soundfont(path)))
