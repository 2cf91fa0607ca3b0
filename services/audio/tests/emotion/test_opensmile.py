"""The openSMILE extractor, with the real package."""

import importlib.util

import numpy as np
import pytest
from songreel_audio import commands, spectrum
from songreel_audio.emotion import emotion, extractors, opensmile_extractor
from songreel_audio.emotion.opensmile_extractor import Smile
from songreel_audio.rhythm import beats, onsets
from songreel_kit.errors import ModelMissing

RATE = spectrum.SAMPLE_RATE


def noise(seconds, seed=0):
    return np.random.default_rng(seed).standard_normal(int(seconds * RATE)).astype(np.float32)


def test_without_the_package_it_says_how_to_get_it(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "opensmile" else find(name)
    )
    with pytest.raises(ModelMissing, match=r"pip install 'songreel\[opensmile\]'"):
        extractors.choose("opensmile")


@pytest.fixture(scope="module")
def smile():
    pytest.importorskip("opensmile", reason="the extra songreel-audio[opensmile] is not installed")
    return Smile()


def test_without_a_network_it_says_how_to_train_one(smile, tmp_path):
    with pytest.raises(ModelMissing, match="train-emotion"):
        extractors.choose("opensmile", tmp_path)


def test_there_are_260_columns_of_half_seconds(smile):
    assert len(set(smile.names)) == 260
    rows = smile.rows(0.1 * noise(3.3))
    assert rows.shape == (6, 260)
    assert np.isfinite(rows).all()
    deviations = [name.endswith("_stddev") for name in smile.names]
    assert rows[:, deviations].min() >= 0


def test_means_are_those_of_the_descriptors(smile):
    import opensmile

    samples = 0.1 * noise(2.0)
    rows = smile.rows(samples)
    maker = opensmile.Smile(opensmile.FeatureSet.IS13, opensmile.FeatureLevel.LowLevelDescriptors)
    frame = maker.process_signal(samples, RATE)
    times = frame.index.get_level_values("start").total_seconds()
    first = frame["pcm_RMSenergy_sma"][times < 0.5]
    assert rows[0, smile.names.index("pcm_RMSenergy_sma_amean")] == pytest.approx(first.mean())
    assert rows[0, smile.names.index("pcm_RMSenergy_sma_stddev")] == pytest.approx(
        first.std(ddof=0), rel=1e-3
    )


def test_long_songs_are_heard_in_pieces(smile, monkeypatch):
    samples = 0.1 * noise(4.0)
    whole = smile.rows(samples)
    monkeypatch.setattr(opensmile_extractor, "_CHUNK_SECONDS", 2)
    pieces = smile.rows(samples)
    assert pieces.shape == whole.shape
    column = smile.names.index("mfcc_sma[1]_amean")
    assert pieces[:, column] == pytest.approx(whole[:, column], rel=0.1)


@pytest.mark.parametrize("source", [pytest.param("audio", marks=pytest.mark.slow), "features"])
def test_it_trains_on_a_folder_and_then_hears(smile, tmp_path, song_file, capsys, source):
    rows = [f"{song},{3 + song % 3},{2 + song % 5}" for song in range(1, 21)]
    ratings = "\n".join(["song_id,valence_mean,arousal_mean", *rows])
    (tmp_path / "static_annotations.csv").write_text(ratings)
    for song in range(1, 21):
        sound = 0.05 * (1 + song % 5) * noise(1.2, song)
        if source == "audio":
            song_file(f"{song}.wav", samples=np.clip(sound, -1, 1)[None], rate=RATE)
            continue
        # As DEAM writes them: its own names for the cepstral coefficients.
        names = [name.replace("mfcc_", "pcm_fftMag_mfcc_") for name in smile.names]
        table = [";".join(["frameTime", *names])]
        table += [";".join(map(str, [0.5 * i, *row])) for i, row in enumerate(smile.rows(sound))]
        (tmp_path / f"{song}.csv").write_text("\n".join(table))
    own = tmp_path / "own"
    command = ["train-emotion", str(tmp_path), "--extractor", "opensmile", "--source", source]
    assert commands.main([*command, "-o", str(own / "opensmile.npz")]) == 0
    assert "cross-validation on 20 songs" in capsys.readouterr().out
    samples = 0.2 * noise(4)
    spectrogram = spectrum.compute(samples)
    strength = onsets.detect(spectrogram)
    song = emotion.ExtractorInput(
        samples, spectrogram, strength, beats.track(spectrogram, strength)
    )
    feel = extractors.choose("opensmile", own)
    mood = feel(song)
    assert mood.extractor == "opensmile"
    assert len(mood.curve) == 4
    assert any("research only" in note for note in mood.warnings)
