"""The emotion network: its features are librosa's, and it learns what there is to learn."""

import csv

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from songreel_audio import commands, spectrum
from songreel_audio.emotion import deam, emotion, extractors, network, training
from songreel_audio.emotion import features as emotion_features
from songreel_audio.emotion.training import Recipe
from songreel_audio.rhythm import beats, onsets
from songreel_kit.errors import ModelMissing

RATE = spectrum.SAMPLE_RATE
SMALL = Recipe(members=2, hidden=12, epochs=20)


def noise(seconds, seed=0):
    return np.random.default_rng(seed).standard_normal(int(seconds * RATE)).astype(np.float32)


def arpeggio(seconds, loudness=0.4):
    time = np.arange(int(seconds * RATE)) / RATE
    pitch = 220 * 2 ** (np.array([0, 4, 7, 12])[(time * 2).astype(int) % 4] / 12)
    return (loudness * np.sin(2 * np.pi * pitch * time)).astype(np.float32)


def extractor_input(samples):
    spectrogram = spectrum.compute(samples)
    strength = onsets.detect(spectrogram)
    return emotion.ExtractorInput(
        samples, spectrogram, strength, beats.track(spectrogram, strength)
    )


@pytest.mark.parametrize("kind", ["arpeggio", "noise", "sweep"])
def test_the_features_are_those_of_librosa(kind):
    time = np.arange(8 * RATE) / RATE
    sounds = {
        "arpeggio": arpeggio(8),
        "noise": 0.1 * noise(8),
        "sweep": 0.3 * np.sin(2 * np.pi * (100 + 150 * time) * time) * np.minimum(time, 1),
    }
    samples = sounds[kind].astype(np.float32)
    own = emotion_features.collect(samples, 1.0).whole()
    chroma = librosa.feature.chroma_stft(y=samples, sr=RATE)
    total = chroma.sum(axis=1)
    assert own.rms[0] == pytest.approx(librosa.feature.rms(y=samples).mean(), rel=1e-4)
    centroid = librosa.feature.spectral_centroid(y=samples, sr=RATE).mean()
    assert own.spectral[0] == pytest.approx(centroid, rel=1e-3)
    rolloff = librosa.feature.spectral_rolloff(y=samples, sr=RATE).mean()
    assert own.rolloff[0] == pytest.approx(rolloff, rel=1e-3)
    mfcc = librosa.feature.mfcc(y=samples, sr=RATE)[0].mean()
    assert own.mfcc[0] == pytest.approx(mfcc, rel=1e-3)
    # Every fourth frame tells the tuning, so that a little may change.
    assert own.chroma[0] == pytest.approx(chroma.mean(), rel=0.03)
    assert own.key_correlation[0] == pytest.approx(total.max() / total.mean(), rel=0.05)


def test_features_gathered_from_the_shared_spectrum_are_the_same():
    samples = 0.2 * noise(3) + arpeggio(3)
    gathered = emotion_features.FeatureCollector(samples)
    spectrum.compute(samples, gathered)
    alone = emotion_features.collect(samples)
    assert np.array_equal(gathered.sums().sums, alone.sums)
    assert np.array_equal(gathered.sums().frames, alone.frames)


@given(st.integers(0, 11), st.sampled_from(emotion_features.SCALE_NAMES))
def test_key_and_scale_are_those_of_the_notes(key, scale):
    notes = emotion_features.SCALES[scale]
    sums = np.zeros((1, 16))
    sums[0, [4 + (key + step) % 12 for step in notes]] = 1.0
    sums[0, 4 + key] = 2.0
    own = emotion_features.SecondSums(sums, np.ones(1)).whole()
    assert own.key[0] == key
    # A scale of five notes within it fits better: the key counts for more.
    found = emotion_features.SCALES[emotion_features.SCALE_NAMES[own.scale[0]]]
    assert set(found) <= set(notes)
    assert own.key_correlation[0] == pytest.approx(24 / (len(notes) + 1))


@given(st.integers(1, 40), st.integers(1, 60))
def test_windows_average_the_seconds_around(seconds, length):
    sums = np.random.default_rng(seconds).random((seconds, 16)) + 0.1
    own = emotion_features.SecondSums(sums, np.full(seconds, 43.0))
    rms = own.windows(length).rms
    assert rms.shape == (seconds,)
    assert np.all(rms >= sums[:, 0].min() / 43 - 1e-9)
    assert np.all(rms <= sums[:, 0].max() / 43 + 1e-9)
    if length == 1:
        assert rms == pytest.approx(sums[:, 0] / 43)
    if length >= 2 * seconds:
        assert rms == pytest.approx(np.full(seconds, sums[:, 0].mean() / 43))


def taught(songs=240):
    random = np.random.default_rng(0)
    scaled = random.standard_normal((songs, 5))
    targets = 0.3 * np.stack([np.tanh(scaled[:, 0] * scaled[:, 1]), scaled[:, 2]], axis=1)
    targets += 0.02 * random.standard_normal(targets.shape)
    return scaled * [1, 10, 0.1, 1, 1] + [0, 50, 0, 0, 0], np.clip(targets, -1, 1)


def test_it_learns_what_is_not_linear():
    features, targets = taught()
    recipe = Recipe(members=2, hidden=24, epochs=80, batch=32, noise=0.05, dropout=0.0, decay=0.05)
    trained = training.train("librosa", (), features, targets, recipe=recipe)
    linear = max(np.corrcoef(features[:, i], targets[:, 0])[0, 1] ** 2 for i in range(5))
    assert trained.score.r2[0] > linear + 0.4
    assert trained.score.r2[1] > 0.8


def test_cross_validation_finds_nothing_where_there_is_nothing():
    features, targets = taught()
    shuffled = np.random.default_rng(1).permutation(targets)
    score = training.train("librosa", (), features, shuffled, recipe=SMALL).score
    assert np.all(np.abs(score.r) < 0.25)
    assert score.r2[0] < 0.05


def test_slopes_are_those_of_the_error():
    random = np.random.default_rng(3)
    weights = []
    for before, after in ((4, 6), (6, 6), (6, 2)):
        weights.append(random.standard_normal((1, before, after)).astype(np.float32))
        weights.append(0.1 * random.standard_normal((1, 1, after)).astype(np.float32))
    batch = random.standard_normal((1, 32, 4)).astype(np.float32)
    targets = random.standard_normal((1, 32, 2)).astype(np.float32)
    recipe = Recipe(hidden=6, dropout=0.0, noise=0.0)
    slopes = training._slopes(weights, batch, targets, recipe, random)

    def error(changed):
        answers = network.forward(tuple(changed), batch)
        return float(((answers - targets) ** 2).sum(axis=2).mean())

    for index, weight in enumerate(weights):
        place = np.unravel_index(np.argmax(np.abs(slopes[index])), weight.shape)
        step = np.zeros_like(weight)
        step[place] = 1e-2
        up = error([*weights[:index], weight + step, *weights[index + 1 :]])
        down = error([*weights[:index], weight - step, *weights[index + 1 :]])
        assert slopes[index][place] == pytest.approx((up - down) / 2e-2, rel=0.02)


def test_training_again_gives_the_same_network_and_it_survives_a_file(tmp_path):
    features, targets = taught(songs=60)
    first, second = (
        training.train("librosa", ("a", "b"), features, targets, recipe=SMALL).network
        for _ in range(2)
    )
    path = tmp_path / "network.npz"
    path.write_bytes(first.to_bytes())
    loaded = network.load(path)
    predicted, deviation = second.predict(features)
    assert np.array_equal(loaded.predict(features)[0], predicted)
    assert np.all(np.abs(predicted) <= 1)
    assert np.all(deviation >= first.residual)
    assert loaded.inputs == ("a", "b")


@pytest.mark.parametrize("damage", ["cut", "text", "other"])
def test_a_damaged_network_is_a_typed_error(tmp_path, damage):
    features, targets = taught(songs=40)
    data = training.train("librosa", (), features, targets, recipe=SMALL).network.to_bytes()
    # "other" is whole, but takes five inputs.
    bad = {"cut": data[: len(data) // 2], "text": b"no weights", "other": data}[damage]
    (tmp_path / "librosa.npz").write_bytes(bad)
    with pytest.raises(ModelMissing, match="train"):
        extractors.choose("librosa", tmp_path)


def test_the_default_extractor_uses_the_shipped_network_and_says_for_whom():
    mood = extractors.choose("")(extractor_input(arpeggio(20)))
    assert mood.extractor == "librosa"
    assert any("research only" in note for note in mood.warnings)
    assert [time for time, _, _ in mood.curve] == list(range(20))
    assert 0.15 < mood.valence_std < 0.6
    assert extractors.choose("rules")(extractor_input(noise(4))).warnings == ()


def test_the_shipped_network_hears_loud_and_bright_as_excited():
    loud, soft = 0.3 * noise(25) + arpeggio(25), arpeggio(25, 0.03)
    feel = extractors.choose("librosa")
    assert feel(extractor_input(loud)).arousal > feel(extractor_input(soft)).arousal + 0.3
    curve = feel(extractor_input(np.concatenate([soft, loud]))).curve
    arousal = np.array([a for _, _, a in curve])
    assert arousal[38:].mean() > arousal[:12].mean() + 0.3


def test_a_moment_of_sound_has_an_emotion():
    mood = extractors.choose("librosa")(extractor_input(0.2 * noise(1.1)))
    assert np.isfinite([mood.valence, mood.arousal, *mood.curve[0]]).all()


def write_ratings(folder, songs):
    with (folder / "static_annotations.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        # Blanks as in DEAM's own files.
        writer.writerow(["song_id", " valence_mean", " valence_std", " arousal_mean"])
        writer.writerows([song, 5 + 2 * np.sin(song), 1.0, 3 + song % 5] for song in songs)


@pytest.mark.slow
def test_the_command_trains_from_audio_and_the_result_is_used(tmp_path, song_file, capsys):
    write_ratings(tmp_path, range(101, 121))
    for song in range(101, 121):
        sound = (0.02 + 0.05 * (song % 5)) * noise(1.2, song)[None]
        song_file(f"{song}.wav", samples=np.clip(sound, -1, 1), rate=RATE)
    own = tmp_path / "own"
    assert commands.main(["train-emotion", str(tmp_path), "-o", str(own / "librosa.npz")]) == 0
    said = capsys.readouterr().out
    assert "cross-validation on 20 songs" in said
    assert "CC BY-NC" in said
    assert "Research only" in (own / "librosa.md").read_text()
    assert sorted(path.name for path in own.iterdir()) == ["librosa.md", "librosa.npz"]
    mood = extractors.choose("librosa", own)(extractor_input(0.6 * noise(3)))
    shipped = extractors.choose("librosa")(extractor_input(0.6 * noise(3)))
    assert mood.arousal != shipped.arousal


RATED = {"static_annotations.csv": "song_id,valence_mean,arousal_mean\n1,5,5\n"}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no ratings"),
        ({"static_annotations.csv": "song,rating\n1,2\n"}, "static_annotations.csv"),
        (RATED, "neither"),
        (RATED | {"librosa_features.csv": "track_id,rms\n1,0.1\n"}, "librosa_features.csv"),
        (RATED | {"1.wav": "no sound"}, "not a song"),
    ],
)
def test_a_folder_that_is_not_deam_is_refused_in_one_line(tmp_path, capsys, files, words):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    output = tmp_path / "out.npz"
    assert commands.main(["train-emotion", str(tmp_path), "-o", str(output)]) == 1
    complaint = capsys.readouterr().err.splitlines()[-1]
    assert words in complaint
    assert complaint.startswith("songreel-audio: ")
    assert not output.exists()


def test_too_few_songs_are_refused():
    features, targets = taught(songs=19)
    with pytest.raises(ValueError, match="19 songs"):
        training.train("librosa", (), features, targets)


def test_the_table_of_deam_is_read(shared_data):
    data = deam.librosa_data(shared_data / "deam", "")
    assert data.features.shape == (1802, emotion_features.INPUTS)
    assert data.targets[0] == pytest.approx([(3.1 - 5) / 4, (3.0 - 5) / 4])


@pytest.mark.slow
def test_the_features_reach_the_target_on_deam(shared_data):
    data = deam.librosa_data(shared_data / "deam", "features")
    score = training.train("librosa", (), data.features, data.targets).score
    assert score.r[0] >= 0.645
    assert score.r[1] >= 0.66
