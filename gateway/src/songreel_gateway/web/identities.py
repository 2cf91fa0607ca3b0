"""`songreel.v1.IdentityService` as JSON over HTTP (AIP-127), for the page.

GET    /v1/projects/P/consentText
GET    /v1/projects/P/identities?pageSize=&pageToken=
GET    /v1/projects/P/identities/I
POST   /v1/projects/P/identities/I:recordConsent     {"version", "textSha256"}
POST   /v1/projects/P/identities/I:openEnrollment    {}
POST   /v1/projects/P/identities/I:withdrawConsent   {}
DELETE /v1/projects/P/identities/I
GET    /v1/projects/P/identities/I:enroll            WebSocket, see `enrollment`
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

from aiohttp import web
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from google.protobuf.message import Message
from songreel.v1 import identity_service_pb2 as pb
from songreel_kit.errors import InvalidRequest

M = TypeVar("M", bound=Message)

_PARENT = "/v1/projects/{project:[a-z0-9-]+}"
NAME = _PARENT + "/identities/{identity:[a-z0-9-]+}"
"""Route of one identity."""

_CALL_SECONDS = 60.0


class IdentityRoutes:
    """Handlers; `stub` is of the gateway's own public API."""

    def __init__(self, stub: Any) -> None:
        self._stub = stub

    def routes(self) -> list[web.RouteDef]:
        """The routes, without the WebSocket."""
        return [
            web.get(_PARENT + "/consentText", self._consent_text),
            web.get(_PARENT + "/identities", self._list),
            web.get(NAME, self._get),
            web.delete(NAME, self._erase),
            web.post(NAME + ":recordConsent", self._consent),
            web.post(NAME + ":openEnrollment", self._open),
            web.post(NAME + ":withdrawConsent", self._withdraw),
        ]

    async def _consent_text(self, request: web.Request) -> web.Response:
        name = f"projects/{request.match_info['project']}/consentText"
        message = pb.GetConsentTextRequest(name=name)
        return await _respond(request, self._stub.GetConsentText, message)

    async def _list(self, request: web.Request) -> web.Response:
        size = request.query.get("pageSize", "0")
        if not size.isdecimal() or len(size) > 6:
            raise InvalidRequest("pageSize must be an integer, 0 or more", field="pageSize")
        message = pb.ListIdentitiesRequest(
            parent=f"projects/{request.match_info['project']}",
            page_size=int(size),
            page_token=request.query.get("pageToken", ""),
        )
        return await _respond(request, self._stub.ListIdentities, message)

    async def _get(self, request: web.Request) -> web.Response:
        message = pb.GetIdentityRequest(name=identity_name(request))
        return await _respond(request, self._stub.GetIdentity, message)

    async def _erase(self, request: web.Request) -> web.Response:
        message = pb.EraseIdentityRequest(name=identity_name(request))
        return await _respond(request, self._stub.EraseIdentity, message)

    async def _consent(self, request: web.Request) -> web.Response:
        message = await _body(request, pb.RecordConsentRequest())
        message.name = identity_name(request)
        return await _respond(request, self._stub.RecordConsent, message)

    async def _open(self, request: web.Request) -> web.Response:
        message = await _body(request, pb.OpenEnrollmentRequest())
        message.name = identity_name(request)
        return await _respond(request, self._stub.OpenEnrollment, message)

    async def _withdraw(self, request: web.Request) -> web.Response:
        message = await _body(request, pb.WithdrawConsentRequest())
        message.name = identity_name(request)
        return await _respond(request, self._stub.WithdrawConsent, message)


def identity_name(request: web.Request) -> str:
    """Name of the identity that the path names."""
    return "projects/{project}/identities/{identity}".format(**request.match_info)


def credentials(authorization: str | None) -> tuple[tuple[str, str], ...]:
    """Call metadata with the caller's credentials; the public API checks them."""
    if not authorization:
        return ()
    if not (authorization.isascii() and authorization.isprintable()):
        raise InvalidRequest("the Authorization header may hold printable ASCII only")
    return (("authorization", authorization),)


async def _body(request: web.Request, message: M) -> M:
    # A form of another site cannot send this type without a CORS preflight.
    if request.content_type != "application/json":
        raise InvalidRequest("send a body of type application/json, {} at the least")
    try:
        body: object = await request.json()
        if not isinstance(body, dict):
            raise ParseError("it is not an object")
        return ParseDict(cast("dict[str, Any]", body), message)
    except (ValueError, ParseError, RecursionError) as error:
        raise InvalidRequest(f"the body cannot be read: {error}") from error


async def _respond(request: web.Request, method: Any, message: Message) -> web.Response:
    answer = await method(
        message,
        timeout=_CALL_SECONDS,
        metadata=credentials(request.headers.get("Authorization")),
    )
    return web.json_response(MessageToDict(answer))
