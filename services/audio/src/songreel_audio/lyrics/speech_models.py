"""Where a speech model comes from: a folder, a bucket or the Hugging Face hub."""

import hashlib
import importlib.util
import tempfile
from pathlib import Path

import urllib3
from minio.error import MinioException
from songreel_kit.artifacts.s3.store import S3Settings, connect
from songreel_kit.errors import DiskFull, ModelMissing, from_os_error

NEEDED = ("model.bin", "config.json", "tokenizer.json")
_VOCABULARIES = ("vocabulary.json", "vocabulary.txt")
_HUB_SECONDS = 10.0
"""How long the hub may take to answer at all."""
_WANTED = (*NEEDED, *_VOCABULARIES, "preprocessor_config.json")


def check_installed(name: str) -> None:
    """Raises `ModelMissing` when faster-whisper is not there."""
    if importlib.util.find_spec("faster_whisper") is None:
        raise ModelMissing(
            f"lyrics cannot be recognised by the speech model {name!r}: faster-whisper is not "
            "installed; pip install 'songreel[asr]', or give the lyrics as an .lrc, .srt "
            'or .txt file, or "none"',
            model=name,
        )


def find(name: str) -> Path:
    """The local folder of a model, fetched when it is elsewhere.

    Args:
        name: a folder, `s3://bucket/prefix` (with the endpoint and keys of `SONGREEL_S3_...`),
            a size such as "small", or an id of the Hugging Face hub.

    Raises:
        ModelMissing: it is not there or not whole; says what to do.
        DiskFull: no room for it.
    """
    check_installed(name)
    try:
        if name.startswith("s3://"):
            folder = _from_bucket(name)
        elif Path(name).expanduser().is_dir():
            folder = Path(name).expanduser()
        else:
            folder = _from_hub(name)
    except OSError as error:
        full = from_os_error(error)
        if isinstance(full, DiskFull):
            raise full from error
        raise _missing(name, str(error)) from error
    lacking = [file for file in NEEDED if not (folder / file).is_file()]
    if not any((folder / file).is_file() for file in _VOCABULARIES):
        lacking.append(_VOCABULARIES[0])
    if lacking:
        raise _missing(name, f"{', '.join(lacking)} is not in it")
    return folder


def _missing(name: str, why: str) -> ModelMissing:
    return ModelMissing(
        f"the speech model {name!r} is not here: {why}. Give a folder with "
        f"{', '.join(NEEDED)} and {_VOCABULARIES[0]} (a Whisper model converted for "
        "CTranslate2, such as Systran/faster-whisper-small from the hub), s3://bucket/prefix "
        'of one, or "none", or give the lyrics as an .lrc, .srt or .txt file',
        model=name,
    )


def _from_hub(name: str) -> Path:
    """A model of the hub: what was fetched before, else fetched now."""
    from faster_whisper.utils import download_model
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    if name.startswith((".", "/", "~")):
        raise _missing(name, "there is no such folder")
    try:
        return Path(download_model(name, local_files_only=True))
    except (LocalEntryNotFoundError, FileNotFoundError):
        pass  # not fetched before
    except (ValueError, HFValidationError) as error:
        raise _missing(name, str(error)) from error
    _check_hub(name)
    try:
        return Path(download_model(name))
    except (LocalEntryNotFoundError, HfHubHTTPError) as error:
        raise _missing(name, f"the hub did not give it ({type(error).__name__})") from error


def _check_hub(name: str) -> None:
    """Raises `ModelMissing` at once where no hub can be reached; its client tries for minutes."""
    from huggingface_hub import constants, get_session
    from huggingface_hub.errors import OfflineModeIsEnabled

    try:
        get_session().head(constants.ENDPOINT, timeout=_HUB_SECONDS)
    except OfflineModeIsEnabled as error:
        raise _not_fetched(name, "HF_HUB_OFFLINE forbids to fetch it") from error
    except Exception as error:  # the client's HTTP library, and its errors, change
        why = f"the hub {constants.ENDPOINT} cannot be reached ({type(error).__name__})"
        raise _not_fetched(name, why) from error


def _not_fetched(name: str, why: str) -> ModelMissing:
    hub_id = name if "/" in name else f"Systran/faster-whisper-{name}"
    return _missing(
        name,
        f"it was not fetched before, and {why}. Where there is a network, run "
        f"`hf download {hub_id} --local-dir FOLDER` and give that folder here",
    )


def _from_bucket(uri: str) -> Path:
    """A copy of the model in the cache folder; a part of a copy is never left there."""
    settings = S3Settings()
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
    client = connect(settings)
    try:
        objects = {
            str(found.object_name).removeprefix(prefix): found
            for found in client.list_objects(bucket, prefix=prefix)
            if str(found.object_name).removeprefix(prefix) in _WANTED
        }
        # A changed object is another copy: nothing stale is ever loaded.
        stamps = sorted(f"{name} {found.etag} {found.size}" for name, found in objects.items())
        origin = [settings.endpoint, bucket, prefix, *stamps]
        label = hashlib.sha256("\n".join(origin).encode()).hexdigest()
        folder = settings.cache / "speech" / label[:32]
        if folder.is_dir():
            return folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".part-") as part:
            whole = Path(part) / "model"
            whole.mkdir()
            for name, found in objects.items():
                client.fget_object(bucket, str(found.object_name), str(whole / name))
            if not folder.is_dir():
                whole.rename(folder)
    except (MinioException, ValueError, urllib3.exceptions.HTTPError) as error:
        raise _missing(uri, f"the bucket did not give it ({error})") from error
    return folder
