"""A person is drawn only with a grant, only in their scenes, and only as long as they consent."""

from __future__ import annotations

import jwt
import numpy as np
import pytest
from songreel.identity.v1 import identity_service_pb2 as pb
from songreel.render.v1 import render_service_pb2 as render_pb
from songreel.render.v1.render_plan_pb2 import RenderPlan
from songreel_identity.vault.keys import signing_key
from songreel_kit import errors
from songreel_kit.artifacts.documents import load_document
from songreel_kit.credentials.content_credentials import read_credentials
from songreel_kit.likeness.grants import job_sha256
from songreel_kit.likeness.sealing import KeyPair
from songreel_testing.identity.identity_server import ANN, BEN, IdentityServer, following
from songreel_testing.render.decoded_video import DecodedVideo
from songreel_testing.render.storyboards import scene
from songreel_testing.serving import expect_error, wait_until


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    return IdentityServer(tmp_path_factory.mktemp("identity"))


async def granted(identity, server, request, name=ANN):
    given = await identity.GrantUse(
        pb.GrantUseRequest(
            identity=name, adapter_sha256=server.adapters[name], job_sha256=job_sha256(request)
        )
    )
    for lora in request.settings.loras:
        lora.grant = given.grant
    return request


async def drawn(render, request):
    # To the end of the call: until then it holds the renderer's only slot.
    results = [e.result async for e in render.Render(request) if e.HasField("result")]
    assert len(results) == 1
    return results[0]


async def held(render):
    return (await render.GetRenderer(render_pb.GetRendererRequest())).people_in_memory


async def test_a_person_is_in_their_scenes_only_and_the_video_names_the_consent(server):
    async with server.open() as (identity, render):
        plain = await drawn(render, server.request())
        wanted = server.request(adapter=server.adapters[ANN])
        shown = await drawn(render, await granted(identity, server, wanted))
        assert await held(render) == 0

    def frames(result):
        with server.store.local_path(result.video) as path:
            return DecodedVideo.read(path).frames.astype(float)

    without, with_person = frames(plain), frames(shown)
    # The first segment whole; the encoder looks ahead in the next one.
    assert np.array_equal(without[:4], with_person[:4])
    assert np.abs(without[8:] - with_person[8:]).mean() > 1.0

    consent = server.vault.valid_consent(ANN).id
    [lora] = load_document(server.store, shown.plan, RenderPlan).settings.loras
    assert (lora.consent_id, lora.grant) == (consent, "")
    with server.store.local_path(shown.video) as path:
        facts = read_credentials(path, "").facts
    assert facts["consent_ids"] == [consent]
    assert facts["enrollment_ways"] == ["spoken"]
    events = [event for event, _ in server.log()]
    assert events[-4:] == ["grant", "redeem", "open", "end-use"]


async def test_who_has_no_valid_grant_is_refused_with_the_reason_on_record(server):
    adapter = server.adapters[ANN]
    hour_ago = server.vault.now() - 3_600_000_000
    async with server.open() as (identity, render):

        async def refuses(error, request, reason=None):
            with expect_error(error):
                await drawn(render, request)
            # The word that the use before has ended may come after it.
            event, detail = [entry for entry in server.log() if entry[0] != "end-use"][-1]
            assert event == "refuse-use"
            assert detail["reason"] == (reason or error.reason)

        fresh = server.request(adapter=adapter, seed=5)
        await refuses(errors.GrantInvalid, fresh)  # none at all
        await refuses(errors.GrantInvalid, server.request(adapter=adapter, grant="no.such.thing"))

        good = await granted(identity, server, server.request(adapter=adapter, seed=5))
        token = good.settings.loras[0].grant
        # Of another job, for another's adapter, and with words changed.
        await refuses(errors.GrantInvalid, server.request(adapter=adapter, grant=token, seed=6))
        await refuses(
            errors.GrantInvalid, server.request(adapter=server.adapters[BEN], grant=token, seed=5)
        )
        head, body, signature = token.split(".")
        await refuses(
            errors.GrantInvalid,
            server.request(adapter=adapter, grant=f"{head}.{body[:-2]}AA.{signature}", seed=5),
        )
        claims = jwt.decode(token, options={"verify_signature": False})
        key = signing_key(server.folder / "keys" / "grant-key.pem")
        old = hour_ago // 1_000_000
        late = jwt.encode(claims | {"iat": old, "exp": old + 300}, key, algorithm="EdDSA")
        await refuses(errors.GrantExpired, server.request(adapter=adapter, grant=late, seed=5))
        await drawn(render, good)
        await refuses(errors.GrantSpent, good)  # once is enough

        # Another tenant asks for a grant of this person's adapter.
        with expect_error(errors.GrantInvalid):
            await identity.GrantUse(
                pb.GrantUseRequest(identity=BEN, adapter_sha256=adapter, job_sha256="ab" * 32)
            )
        # The renderer's word that it has ended its use may come after it.
        assert "refuse-grant" in [entry[0] for entry in server.log()[-2:]]
        with expect_error(errors.IdentityNotFound):
            await identity.GrantUse(
                pb.GrantUseRequest(
                    identity="projects/p/identities/nobody",
                    adapter_sha256=adapter,
                    job_sha256="ab" * 32,
                )
            )
        assert server.log()[-1][1]["reason"] == "IDENTITY_NOT_FOUND"
        assert await held(render) == 0


async def test_an_adapter_of_another_checkpoint_is_refused(server, tmp_path):
    other = IdentityServer(tmp_path).checkpoint
    (other / "songreel.json").write_text('{"steps": 3, "guidance_scale": 1.0, "size": 64}')
    async with server.open(checkpoint=other) as (identity, render):
        wanted = await granted(identity, server, server.request(adapter=server.adapters[ANN]))
        with expect_error(errors.AdapterMismatch):
            await drawn(render, wanted)
        assert await held(render) == 0
        (event, detail), (last, _) = server.log()[-2:]
        assert (event, detail["reason"], last) == ("refuse-use", "ADAPTER_MISMATCH", "end-use")
        assert detail["job"] == job_sha256(wanted)


async def test_an_adapter_leaves_the_vault_sealed_to_the_renderer_that_redeemed(server):
    wanted = server.request(adapter=server.adapters[ANN])
    renderer, thief = KeyPair(), KeyPair()
    async with server.open() as (identity, _):
        await granted(identity, server, wanted)
        [lora] = wanted.settings.loras
        redeem = pb.RedeemGrantRequest(
            grant=lora.grant,
            adapter_sha256=lora.adapter_sha256,
            job_sha256=job_sha256(wanted),
            renderer_key=renderer.public,
        )
        redeemed = await identity.RedeemGrant(redeem)
        use = redeemed.use_id
        assert redeemed.enrollment_ways == ["spoken"]
        asked = pb.OpenAdapterRequest(use_id=use)
        first, *rest = [response async for response in identity.OpenAdapter(asked)]
        await identity.EndUse(pb.EndUseRequest(use_id=use))
    plain = server.plain[ANN]
    assert not any(plain[n : n + 40] in each.chunk for each in rest for n in range(0, 4000, 40))
    stolen = thief.as_worker(first.service_key, use)
    with pytest.raises(errors.Aborted):
        stolen.open(rest[0].chunk)
    opened = renderer.as_worker(first.service_key, use)
    assert b"".join(opened.open(each.chunk) for each in rest) == plain


async def test_an_adapter_is_not_sent_to_a_renderer_without_a_key(server):
    wanted = server.request(adapter=server.adapters[ANN])
    async with server.open() as (identity, _):
        await granted(identity, server, wanted)
        [lora] = wanted.settings.loras
        redeem = pb.RedeemGrantRequest(
            grant=lora.grant, adapter_sha256=lora.adapter_sha256, job_sha256=job_sha256(wanted)
        )
        use = (await identity.RedeemGrant(redeem)).use_id
        with expect_error(errors.GrantInvalid):
            await identity.OpenAdapter(pb.OpenAdapterRequest(use_id=use)).read()
        await identity.EndUse(pb.EndUseRequest(use_id=use))


async def test_without_an_identity_service_nobody_is_drawn(server):
    async with server.open(identity_target="127.0.0.1:1") as (_, render):
        two = server.request(adapter=server.adapters[ANN])
        two.settings.loras.add(adapter_sha256=server.adapters[BEN])
        with expect_error(errors.InvalidRenderSettings):
            await drawn(render, two)


@pytest.mark.parametrize("ending", ["withdrawal", "erasure"])
async def test_a_withdrawal_and_an_erasure_stop_a_running_render(tmp_path, ending):
    server = IdentityServer(tmp_path)
    whole = (scene(0.0, 2.0, protagonist=True),)
    async with server.open() as (identity, render):
        wanted = server.request(*whole, adapter=server.adapters[ANN], steps=100, fps="24")
        await granted(identity, server, wanted)
        seen, ended = following(render.Render(wanted))
        await wait_until(lambda: any(event.progress.frames_total for event in seen), seconds=120)
        assert await held(render) == 1
        if ending == "withdrawal":
            await identity.WithdrawConsent(pb.WithdrawConsentRequest(identity=ANN))
            afterwards = errors.ConsentWithdrawn
        else:
            erased = await identity.EraseIdentity(pb.EraseIdentityRequest(identity=ANN))
            assert (erased.uses_cleared, erased.uses_silent) == (1, 0)
            assert erased.objects == 15
            afterwards = errors.GrantInvalid
            assert await held(render) == 0
        with expect_error(errors.ConsentWithdrawn):
            await ended
        assert not any(event.HasField("result") for event in seen)
        await wait_until(lambda: server.log()[-1][0] in ("end-use", "erase"))
        assert await held(render) == 0
        with expect_error(afterwards):
            await drawn(render, wanted)
