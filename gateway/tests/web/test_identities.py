"""Identities and the enrolment page over HTTP and gRPC."""

from __future__ import annotations

import aiohttp
import pytest
from songreel.v1 import identity_service_pb2 as pb
from songreel_gateway.service import GatewaySettings
from songreel_gateway.web.site import running_site
from songreel_kit import errors
from songreel_testing.gateway.identity_site import (
    ANN,
    JSON,
    RecordingServicer,
)
from songreel_testing.serving import expect_error

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_life_of_an_identity_over_http(site):
    bob = "/v1/projects/local/identities/bob"
    status, answer = await site.ask("GET", bob)
    assert (status, answer["error"]["reason"]) == (404, "IDENTITY_NOT_FOUND")
    await site.opened(bob)
    _, answer = await site.ask("GET", bob, headers={"Authorization": "Bearer abc"})
    assert answer["identity"]["state"] == "STATE_CONSENTED"
    assert RecordingServicer.authorization == "Bearer abc"
    assert answer["identity"]["createTime"] < answer["identity"]["expireTime"]
    status, answer = await site.ask("POST", bob + ":recordConsent", json={"version": "1"})
    assert (status, answer["error"]["reason"]) == (400, "CONSENT_MISSING")
    assert (await site.ask("POST", bob + ":withdrawConsent", json={}))[0] == 200
    _, answer = await site.ask("GET", bob)
    assert answer["identity"]["state"] == "STATE_WITHDRAWN"
    status, answer = await site.ask("POST", bob + ":openEnrollment", json={})
    assert (status, answer["error"]["reason"]) == (403, "CONSENT_WITHDRAWN")
    status, answer = await site.ask("DELETE", bob)
    assert status == 200
    assert len(answer["auditHead"]) == 64
    assert (await site.ask("GET", bob))[0] == 404


async def test_identities_are_listed_in_pages_of_one_project(site):
    for name in ("c1", "c2", "c3"):
        await site.opened(f"/v1/projects/club/identities/{name}")
    await site.opened("/v1/projects/club-2/identities/c1")
    names, token = [], ""
    while True:
        path = f"/v1/projects/club/identities?pageSize=2&pageToken={token}"
        _, answer = await site.ask("GET", path)
        names.append([each["name"].split("/", 2)[2] for each in answer["identities"]])
        token = answer.get("nextPageToken", "")
        if not token:
            break
    assert names == [["identities/c1", "identities/c2"], ["identities/c3"]]
    with expect_error(errors.InvalidPageToken):
        await site.grpc.ListIdentities(
            pb.ListIdentitiesRequest(parent="projects/club", page_token="x")
        )
    with expect_error(errors.InvalidName):
        await site.grpc.GetIdentity(pb.GetIdentityRequest(name="projects/club"))


async def test_the_page_is_served_with_a_strict_policy(site):
    async with site.http.get(site.url + "/enroll") as answer:
        page = await answer.text()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for part in ("enroll.js", "enroll.css", "icon.svg"):
        assert f"/enroll/{part}" in page
        async with site.http.get(f"{site.url}/enroll/{part}") as answer:
            assert answer.status == 200
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for path in ("/enroll/../site.py", "/enroll/%2e%2e/site.py", "/enroll/", "/"):
        async with site.http.get(site.url + path) as answer:
            assert answer.status in (403, 404)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
        ({"Host": "songreel.example", "Origin": "https://songreel.example"}, 200),
        ({"Content-Type": "text/plain"}, 400),
    ],
    ids=["origin", "host", "rebinding", "known", "form"],
)
async def test_other_sites_of_the_same_browser_are_refused(site, headers, status):
    await site.opened()
    path = ANN + ":withdrawConsent"
    assert (await site.ask("POST", path, data="{}", headers=JSON | headers))[0] == status
    if "Content-Type" not in headers and status == 403:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with site.socket(headers=headers):
                pass


async def test_large_and_broken_bodies_are_refused(site):
    path = ANN + ":recordConsent"
    async with site.http.post(site.url + path, data=b"[" * 100_000, headers=JSON) as answer:
        assert answer.status == 413
    for body in ("[" * 30_000, "{", '{"version": 7}', '{"names": ""}', "[]"):
        status, answer = await site.ask("POST", path, data=body, headers=JSON)
        assert (status, answer["error"]["reason"]) == (400, "INVALID_REQUEST"), body[:10]


async def test_an_empty_address_serves_no_page(tmp_path):
    async with running_site(GatewaySettings(data=tmp_path, web_bind=""), "localhost:1") as url:
        assert url == ""
    with pytest.raises(errors.FailedPrecondition):
        async with running_site(GatewaySettings(data=tmp_path, web_bind="no:where"), "localhost:1"):
            pass
