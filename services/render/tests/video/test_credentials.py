"""Videos say who made them, from what; a change of one byte is noticed."""

from __future__ import annotations

import datetime
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from songreel.render.v1.render_plan_pb2 import RenderPlan
from songreel_kit.artifacts.documents import load_document
from songreel_kit.credentials.certificates import development_authority, development_identity
from songreel_kit.credentials.content_credentials import read_credentials
from songreel_kit.errors import CredentialsUnusable, InvalidRequest
from songreel_testing.render.click_track import analysis_of
from songreel_testing.render.decoded_video import audio_packets
from songreel_testing.render.harness import RenderHarness
from songreel_testing.render.storyboards import equal_scenes, storyboard_of


def taken_out(
    harness: RenderHarness, song: Path, name: str = "video.mp4", **settings: object
) -> Path:
    result = harness.render(harness.simple_request(song, **settings))
    path = harness.folder / name
    path.write_bytes(harness.store.read_bytes(result.video))
    return path


@pytest.mark.parametrize("kind", ["mp4", "webp"])
def test_a_video_names_its_song_and_model(harness: RenderHarness, song: Path, kind: str) -> None:
    video = taken_out(harness, song, f"video.{kind}", format=kind)
    anchors = development_authority(harness.settings.signing_folder)
    found = read_credentials(video, anchors)
    assert found.state == "trusted", found.problems
    assert found.problems == []
    assert "songreel development" in found.signed_by
    assert found.made_by.startswith("songreel")
    request = harness.simple_request(song, format=kind)
    plan = load_document(harness.store, harness.render(request).plan, RenderPlan)
    assert found.facts["song_sha256"] == request.song.sha256
    assert found.facts["model_sha256"] == plan.checkpoint_sha256
    assert found.facts["consent_ids"] == []
    assert read_credentials(video, "").state == "valid", "intact, but nobody vouches for it"


def test_a_changed_byte_is_noticed(harness: RenderHarness, song: Path) -> None:
    video = taken_out(harness, song)
    anchors = development_authority(harness.settings.signing_folder)
    data = bytearray(video.read_bytes())
    for place in (len(data) - 200, len(data) // 2):
        changed = bytearray(data)
        changed[place] ^= 1
        video.write_bytes(changed)
        found = read_credentials(video, anchors)
        assert found.state == "invalid"
        assert found.problems


def test_signing_leaves_pictures_sound_and_the_quick_start_alone(
    tmp_path: Path, checkpoint: Path, song: Path
) -> None:
    videos = []
    for signed in (True, False):
        harness = RenderHarness(tmp_path / str(signed), checkpoint, {"credentials": signed})
        result = harness.render(harness.simple_request(song))
        assert result.credentials == ("development" if signed else "none")
        videos.append(harness.decode(result.video).sha256)
        with harness.store.local_path(result.video) as path:
            assert audio_packets(path) == audio_packets(song)
            head = path.read_bytes()
            assert head.index(b"moov") < head.index(b"mdat")
    plain = tmp_path / "plain.mp4"
    plain.write_bytes(head)
    assert read_credentials(plain, "").state == "none"
    assert videos[0] == videos[1]


def test_the_consent_of_a_person_is_named(
    harness: RenderHarness, song: Path, tmp_path: Path
) -> None:
    from safetensors.torch import save_file
    from songreel.render.v1.render_plan_pb2 import Lora

    from ..checkpoints.test_loras import QUERY, dotted

    loader = harness.renderer.loader
    base = loader.load(loader.inspect(harness.checkpoint).files)
    save_file(
        dotted({QUERY: f"unet.{QUERY}"}, base, ".lora_A.weight", ".lora_B.weight"),
        tmp_path / "ada.safetensors",
    )
    lora = Lora(path=str(tmp_path / "ada.safetensors"), weight=0.2, consent_id="consents/ada-1")
    found = read_credentials(taken_out(harness, song, loras=[lora]), "")
    assert found.facts["consent_ids"] == ["consents/ada-1"]
    assert found.facts["loras"][0]["weight"] == pytest.approx(0.2)


def test_other_files_hold_none(tmp_path: Path, song: Path) -> None:
    assert read_credentials(song, "").state == "none"
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(InvalidRequest, match=r"notes\.txt"):
        read_credentials(tmp_path / "notes.txt", "")


def test_the_development_key_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    first = development_identity(folder, "SONGREEL_RENDER_")
    assert development_identity(folder, "SONGREEL_RENDER_") == first
    assert (folder / "signer.key").stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["credentials"]


def test_processes_that_start_together_agree_on_one(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from songreel_kit.credentials.certificates import development_identity;"
        "print(development_identity(Path(sys.argv[1]), '').fingerprint)"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "shared")], stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    assert len({process.communicate(timeout=120)[0] for process in started}) == 1


def operator_certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP384R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Band & Co"),
            x509.NameAttribute(NameOID.COMMON_NAME, "videos"),
        ]
    )
    now = datetime.datetime.now(datetime.UTC)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    authority = ec.generate_private_key(ec.SECP384R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority")])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(issuer)
        .public_key(key.public_key()).serial_number(7)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), False
        )
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        .sign(authority, hashes.SHA384())
    )  # fmt: skip
    paths = folder / "operator.pem", folder / "operator.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )  # fmt: skip
    return paths


def test_an_operator_signs_with_an_own_certificate(
    tmp_path: Path, checkpoint: Path, song: Path
) -> None:
    certificate, key = operator_certificate(tmp_path)
    harness = RenderHarness(
        tmp_path / "stage", checkpoint, {"signing_certificate": certificate, "signing_key": key}
    )
    video = taken_out(harness, song)
    found = read_credentials(video, "")
    assert found.state == "valid", found.problems
    assert found.signed_by == "Band & Co, videos"
    assert harness.render(harness.simple_request(song)).credentials == "operator"
    assert not (harness.folder / "credentials").exists()


def test_a_wrong_certificate_is_told_before_anything_is_drawn(
    tmp_path: Path, checkpoint: Path, song: Path
) -> None:
    certificate, key = operator_certificate(tmp_path)
    key.write_text("no key")
    for options, words in (
        ({"signing_certificate": certificate, "signing_key": key}, "cannot be used"),
        ({"signing_certificate": certificate}, "SONGREEL_RENDER_SIGNING_KEY"),
        ({"signing_folder": certificate / "below"}, "SONGREEL_RENDER_SIGNING_FOLDER"),
    ):
        harness = RenderHarness(tmp_path / "stage", checkpoint, options)
        request = harness.request(song, analysis_of(2.0), storyboard_of(*equal_scenes(2.0)))
        with pytest.raises(CredentialsUnusable, match=words):
            harness.render(request)
