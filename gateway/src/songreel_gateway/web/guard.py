"""Checks of every request from a browser, and errors over HTTP.

The page's server often listens on a laptop's loopback address, where any web site in
the same browser can reach it. So the Host and Origin headers are checked (against DNS
rebinding and cross-site requests), besides the token that the public API asks for.
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import grpc
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from songreel_kit.errors import InternalError, PermissionDenied, SongreelError, from_rpc_error
from songreel_kit.telemetry.logging import get_logger

_log = get_logger(__name__)

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

_HTTP: dict[grpc.StatusCode, int] = {
    # As google/rpc/code.proto maps them.
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.CANCELLED: 499,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}


def guard_requests(hosts: str) -> Middleware:
    """A middleware; `hosts` are the names, separated by commas, besides the loopback's."""
    allowed = LOOPBACK | {name.strip().lower() for name in hosts.split(",") if name.strip()}

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            _check_origin(request, allowed)
            response = await handler(request)
        except web.HTTPException as refusal:
            refusal.headers.update(HEADERS)
            raise
        except (SongreelError, grpc.RpcError) as error:
            response = error_response(error)
        except Exception as error:
            _log.error("a request of the page failed", path=request.path, exc_info=error)
            response = error_response(
                InternalError("internal error; the server's log has the details")
            )
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return check


def as_songreel_error(error: SongreelError | grpc.RpcError) -> SongreelError:
    """The typed error of a failed call."""
    return error if isinstance(error, SongreelError) else from_rpc_error(error)


def error_body(error: SongreelError) -> dict[str, object]:
    """An error as the page gets it."""
    return {
        "error": {
            "status": error.code.name,
            "reason": error.reason,
            "message": error.message,
            "retrySeconds": error.retry_seconds,
        }
    }


def error_response(error: SongreelError | grpc.RpcError) -> web.Response:
    """The answer to a request that failed."""
    known = as_songreel_error(error)
    return web.json_response(error_body(known), status=_HTTP.get(known.code, 500), dumps=json.dumps)


def _check_origin(request: web.Request, allowed: frozenset[str]) -> None:
    name = _name(f"//{request.host}")
    if name not in allowed:
        raise PermissionDenied(
            f"this server does not answer to the name {name!r}: use http://localhost, or have "
            "the operator add the name to web_hosts"
        )
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
        raise PermissionDenied("requests from other sites are refused")


def _name(url: str) -> str:
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return f"[{name}]" if ":" in name else name
