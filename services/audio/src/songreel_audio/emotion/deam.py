"""Reading a folder of DEAM: ratings, and features of the songs from a table, files or audio.

The folder may have any depth; found in it are

    static_annotations*.csv       song_id, valence_mean, arousal_mean on a scale of 1 to 9
    librosa_features.csv          the table that `emotion_features` describes
    NUMBER.csv (with frameTime)   openSMILE's 260 columns at 2 Hz, separated by ";"
    NUMBER.mp3 (wav, ogg, ...)    the songs
"""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from songreel_kit.errors import InvalidRequest

from songreel_audio.decoding import decoding
from songreel_audio.emotion import features as emotion_features
from songreel_audio.emotion import opensmile_extractor
from songreel_audio.emotion.features import KEYS, SCALE_NAMES, Columns

Doubles = NDArray[np.float64]
Ratings = Mapping[int, tuple[float, float]]

SOUNDS = (".mp3", ".wav", ".ogg", ".flac", ".m4a", ".opus")
Progress = Callable[[int, int], None]
"""Told how many of how many songs are done."""


@dataclass(frozen=True)
class Dataset:
    """What a network is trained on."""

    features: Doubles
    """(songs, inputs)"""
    targets: Doubles
    """(songs, 2) valence and arousal in [-1, 1]."""
    names: tuple[str, ...]
    """Of the inputs; empty where the extractor fixes them."""
    source: str
    """In words, for the network's note."""


def ratings(folder: Path) -> Ratings:
    """Valence and arousal in [-1, 1] by song. Raises `InvalidRequest` when there are none."""
    found: dict[int, tuple[float, float]] = {}
    for path in sorted(folder.rglob("static_annotations*.csv")):
        for row in _table(path, ","):
            try:
                valence, arousal = float(row["valence_mean"]), float(row["arousal_mean"])
                song = int(float(row["song_id"]))
            except (KeyError, ValueError) as error:
                raise _unreadable(path, error) from error
            found[song] = ((valence - 5.0) / 4.0, (arousal - 5.0) / 4.0)
    if not found:
        raise InvalidRequest(
            f"no ratings in {folder}: it must hold DEAM's static_annotations*.csv with the "
            "columns song_id, valence_mean and arousal_mean"
        )
    return found


def librosa_data(folder: Path, source: str, progress: Progress = lambda done, of: None) -> Dataset:
    """For the own features: from "features" (the table), "audio", or what is there ("")."""
    rated = ratings(folder)
    table = next(iter(sorted(folder.rglob("librosa_features.csv"))), None)
    if source != "audio" and table is not None:
        songs, columns = _read_columns(table)
        known = np.array([song in rated for song in songs])
        features = emotion_features.inputs(columns)[known]
        songs = [song for song in songs if song in rated]
        return _dataset(features, songs, rated, (), "ready features of whole clips")
    if source == "features":
        raise InvalidRequest(f"no librosa_features.csv in {folder}; train from its audio instead")

    def features_of(path: Path) -> Doubles:
        return emotion_features.inputs(
            emotion_features.collect(decoding.decode(path).samples).whole()
        )[0]

    return _from_audio(folder, rated, features_of, (), progress)


def opensmile_data(
    folder: Path, source: str, progress: Progress = lambda done, of: None
) -> Dataset:
    """For openSMILE: from its "features" files, "audio", or what is there ("")."""
    rated = ratings(folder)
    files = {int(path.stem): path for path in sorted(folder.rglob("*.csv")) if path.stem.isdigit()}
    files = {song: path for song, path in files.items() if song in rated}
    if source != "audio" and files:
        return _from_feature_files(files, rated, progress)
    if source == "features":
        raise InvalidRequest(f"no feature files (NUMBER.csv) of rated songs in {folder}")
    smile = opensmile_extractor.Smile()

    def features_of(path: Path) -> Doubles:
        return smile.rows(decoding.decode(path).samples).mean(axis=0)

    return _from_audio(folder, rated, features_of, smile.names, progress)


def _from_audio(
    folder: Path,
    rated: Ratings,
    features_of: Callable[[Path], Doubles],
    names: tuple[str, ...],
    progress: Progress,
) -> Dataset:
    sounds = {
        int(path.stem): path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SOUNDS and path.stem.isdigit() and int(path.stem) in rated
    }
    if not sounds:
        raise InvalidRequest(
            f"neither features nor songs in {folder}: it must hold librosa_features.csv, "
            "openSMILE's files NUMBER.csv, or the songs as NUMBER.mp3 (or another sound file)"
        )
    rows: list[Doubles] = []
    for done, path in enumerate(sounds.values()):
        progress(done, len(sounds))
        rows.append(features_of(path))
    return _dataset(np.stack(rows), list(sounds), rated, names, "audio, whole clips")


def _from_feature_files(files: Mapping[int, Path], rated: Ratings, progress: Progress) -> Dataset:
    """Means over time of the columns that do not depend on the sample rate."""
    names: tuple[str, ...] = ()
    rows: list[list[float]] = []
    for done, path in enumerate(files.values()):
        progress(done, len(files))
        table = _table(path, ";")
        try:
            columns = {
                # openSMILE's Python package names the cepstral coefficients shorter.
                name.replace("pcm_fftMag_mfcc", "mfcc"): [float(row[name]) for row in table]
                for name in table[0]
                if name != "frameTime"
            }
        except (IndexError, ValueError, TypeError) as error:
            raise _unreadable(path, error) from error
        kept = tuple(
            name
            for name in columns
            if not name.startswith(tuple(f"{d}_sma" for d in opensmile_extractor.RATE_DEPENDENT))
        )
        if names and kept != names:
            raise _unreadable(path, ValueError("its columns are not those of the other files"))
        names = kept
        rows.append([float(np.mean(columns[name])) for name in kept])
    return _dataset(np.array(rows), list(files), rated, names, "openSMILE feature files")


def _dataset(
    features: Doubles, songs: list[int], rated: Ratings, names: tuple[str, ...], source: str
) -> Dataset:
    if not np.isfinite(features).all():
        raise InvalidRequest("the features of some songs are no finite numbers; mend the files")
    return Dataset(
        features, np.array([rated[song] for song in songs]).reshape(-1, 2), names, source
    )


def _read_columns(path: Path) -> tuple[list[int], Columns]:
    rows = _table(path, ",")
    try:
        columns = Columns(
            rms=_numbers(rows, "rms"),
            spectral=_numbers(rows, "spectral"),
            rolloff=_numbers(rows, "rolloff"),
            chroma=_numbers(rows, "Chromatic scale"),
            mfcc=_numbers(rows, "MFCC"),
            key=np.array([KEYS.index(row["key"]) for row in rows], np.int64),
            scale=np.array([SCALE_NAMES.index(row["scale_name"]) for row in rows], np.int64),
            key_correlation=_numbers(rows, "key_correlation"),
            scale_correlation=_numbers(rows, "scale_correlation"),
        )
        return [int(float(row["track_id"])) for row in rows], columns
    except (KeyError, ValueError, TypeError) as error:
        raise _unreadable(path, error) from error


def _numbers(rows: list[dict[str, str]], name: str) -> Doubles:
    return np.array([float(row[name]) for row in rows])


def _table(path: Path, separator: str) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            # DEAM's own files have blanks after the commas of their first line.
            reader = csv.DictReader(file, delimiter=separator, skipinitialspace=True)
            return [{(name or "").strip(): value for name, value in row.items()} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> InvalidRequest:
    return InvalidRequest(f"{path.name} is not as DEAM's files are: {error!r}")
