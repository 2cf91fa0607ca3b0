"""A person on a real Ray: the same frames, nothing in the clear, and gone when they withdraw."""

from __future__ import annotations

from pathlib import Path

import pytest
from songreel.identity.v1 import identity_service_pb2 as pb
from songreel_kit import errors
from songreel_testing.identity.identity_server import ANN, IdentityServer, following
from songreel_testing.ray_processes import all_ended, descendants, ray_files
from songreel_testing.render.decoded_video import DecodedVideo
from songreel_testing.render.storyboards import scene
from songreel_testing.serving import expect_error, wait_until

from .test_use import drawn, granted, held

cluster = pytest.importorskip(
    "songreel_render.backends.ray.cluster", reason="no songreel-render[ray] here"
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    # Ray about itself and about pydantic.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
ON_RAY = {"backend": "ray", "ray_min_replicas": 2, "ray_max_replicas": 2}
WHOLE = (scene(0.0, 2.0, protagonist=True),)
# An adapter of a size that Ray puts into its shared memory instead of into messages.
RANK = 32


@pytest.fixture(autouse=True)
def nothing_left():
    before = set(descendants())
    yield
    left = set(descendants()) - before
    assert all_ended(left), f"Ray left {left}"


def folder_of_ray() -> Path:
    lines = [line for line in descendants().values() if "raylet" in line]
    [folder] = {part for line in lines for part in line.split() if part.startswith("--temp_dir=")}
    return Path(folder.partition("=")[2])


def pixels(server, result):
    with server.store.local_path(result.video) as path:
        return DecodedVideo.read(path).sha256


async def asked(identity, server, **settings):
    return await granted(
        identity, server, server.request(*WHOLE, adapter=server.adapters[ANN], **settings)
    )


async def test_replicas_draw_the_same_person_whom_ray_does_not_see(tmp_path):
    alone, server = IdentityServer(tmp_path / "alone", RANK), IdentityServer(tmp_path / "ray", RANK)
    async with alone.open() as (identity, render):
        expected = pixels(alone, await drawn(render, await asked(identity, alone, fps="12")))
        plain = pixels(alone, await drawn(render, alone.request(*WHOLE, fps="12")))
    async with server.open(**ON_RAY) as (identity, render):
        shown = await drawn(render, await asked(identity, server, fps="12"))
        assert await held(render) == 0
        kept = dict(ray_files(folder_of_ray()))
        # And nobody else is drawn with what was made for them.
        nobody = await drawn(render, server.request(*WHOLE, fps="12"))
    assert pixels(server, shown) == expected
    assert pixels(server, nobody) == plain != expected

    data = server.plain[ANN]
    needles = [b"lora_A", *(data[at : at + 40] for at in range(len(data) // 2, len(data), 997))]
    assert len(needles) > 50
    assert len(kept) > 5
    for name, content in kept.items():
        assert not [each for each in needles if each in content], name
    # What was sent lies there, so this is where it would have been.
    sealed = [name for name, content in kept.items() if b"adapter_sha256" in content]
    assert [name for name in sealed if "plasma" in name], list(kept)


@pytest.mark.parametrize("ending", ["withdrawal", "erasure", "its actor is gone"])
async def test_a_running_render_ends_and_its_replicas_have_wiped_the_person(
    tmp_path, monkeypatch, ending
):
    from songreel_render.backends.ray.futures import RayFuture

    heard = []
    result = RayFuture.result

    def overheard(future):
        try:
            return result(future)
        except BaseException as error:
            heard.append(error)
            raise

    monkeypatch.setattr(RayFuture, "result", overheard)
    server = IdentityServer(tmp_path)
    async with server.open(**ON_RAY) as (identity, render):
        wanted = await asked(identity, server, steps=100, fps="24")
        seen, ended = following(render.Render(wanted))
        await wait_until(lambda: any(event.progress.frames_done for event in seen), seconds=600)
        assert await held(render) == 1
        if ending == "withdrawal":
            await identity.WithdrawConsent(pb.WithdrawConsentRequest(identity=ANN))
            expected = errors.ConsentWithdrawn
        elif ending == "erasure":
            erased = await identity.EraseIdentity(pb.EraseIdentityRequest(identity=ANN))
            assert (erased.uses_cleared, erased.uses_silent) == (1, 0)
            expected = errors.ConsentWithdrawn
        else:
            actors = cluster.ray.util.list_named_actors(all_namespaces=True)
            [actor] = [each for each in actors if each["name"].startswith("revocation-")]
            cluster.ray.kill(cluster.ray.get_actor(**actor))
            expected = errors.ServiceUnavailable
        with expect_error(expected):
            await ended
        assert await held(render) == 0
        assert not any(event.HasField("result") for event in seen)
        # Said by a replica, after its wiping, and not by Ray for it.
        words = "gone" if expected is errors.ServiceUnavailable else "the render is over"
        assert [each for each in heard if words in str(each)], heard
        if expected is errors.ServiceUnavailable:
            # The next one has an actor again.
            again = await drawn(render, await asked(identity, server, steps=2, fps="6"))
            assert again.frames == 12
