"""The guard: checks the token, role, rate and names of every call.

It covers every method of a checked gateway, those that are added later too: a method without
roles may be called by nobody, and names are found in any message.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import grpc
import jwt
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from google.protobuf.message import Message
from songreel_kit.errors import (
    IdentityNotFound,
    PermissionDenied,
    SongreelError,
    Unauthenticated,
    from_rpc_error,
)
from songreel_kit.interceptors.chain import Call, Interceptor
from songreel_kit.settings import names_in
from songreel_kit.telemetry.logging import bind_context

from songreel_gateway.access.audit import UseLog
from songreel_gateway.access.callers import Caller, Role
from songreel_gateway.access.keys import KeyBook
from songreel_gateway.access.oidc import Oidc
from songreel_gateway.access.policy import OPEN, ROLES
from songreel_gateway.access.rates import Rates
from songreel_gateway.access.resources import check_names, check_places
from songreel_gateway.access.settings import AccessSettings
from songreel_gateway.access.shared_rates import SharedRates
from songreel_gateway.access.tokens import ISSUER, Tokens

HEADER: Final = "authorization"
_SCHEME: Final = "bearer "
# With the rest of the metadata below 8 KiB, where gRPC begins to refuse.
_MOST_TOKEN_BYTES: Final = 6144
_HEALTH: Final = "/grpc.health."


Foreign = Callable[[str, str, str], None]
"""Takes the name that was asked for, the project that asked, and the error's reason."""


class Guard(Interceptor):
    """Authenticates callers and enforces roles, rates and names."""

    def __init__(
        self,
        settings: AccessSettings,
        keys: KeyBook,
        tokens: Tokens,
        log: UseLog,
        shared: SharedRates | None = None,
    ) -> None:
        """`shared`: rates that all gateways share; without it this one counts alone."""
        self._settings = settings
        self._keys = keys
        self._tokens = tokens
        self._log = log
        self._oidc = Oidc(settings) if settings.oidc_issuer else None
        self._rates = Rates()
        self._shared = shared
        self._allowed = frozenset(names_in(settings.allowed_checkpoints))
        self.on_foreign: Foreign | None = None
        """Called when a caller names a person of another project."""

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Raises `Unauthenticated`, `PermissionDenied`, `RateLimited`."""
        if call.method.startswith(_HEALTH):
            yield
            return
        code = grpc.StatusCode.OK
        try:
            if call.method in OPEN:
                self._rates.take(_address(call), self._settings.exchanges_per_minute)
                yield
                return
            caller = await self.recognise(_token(call), certificate_of(call))
            call.caller = caller
            bind_context(project=caller.project, key=caller.key)
            await self.permit(caller, call.method)
            with self._rates.under_way(caller.account, self._settings.calls_at_once):
                yield
        except SongreelError as error:
            code = error.code
            self._note_foreign(cast("Caller | None", call.caller), error)
            raise
        except grpc.RpcError as error:
            code = from_rpc_error(error).code
            raise
        except asyncio.CancelledError:
            code = grpc.StatusCode.CANCELLED
            raise
        except BaseException:
            code = grpc.StatusCode.INTERNAL
            raise
        finally:
            known = cast("Caller | None", call.caller)
            project, key = (known.project, known.key) if known else ("", "")
            self._log.count(project, key, call.method, code.name)

    def check(self, call: Call, request: Any) -> None:
        """Raises `NotFound` for a name of another project, `PermissionDenied` for a path."""
        if call.caller is not None:
            self.check_request(call.caller, request)

    def check_request(self, caller: Caller, request: Message) -> None:
        """The same for a request outside a call."""
        if caller.role is not Role.OPERATOR:
            check_names(request, caller.project)
        check_places(request, self._allowed)

    async def recognise(self, token: str, certificate_sha256: str = "") -> Caller:
        """The caller that a token authenticates.

        Args:
            token: As received, not verified.
            certificate_sha256: Of the client's certificate; empty for none.

        Raises:
            TokenExpired, Unauthenticated: The token is not good.
            ServiceUnavailable: The provider's keys cannot be fetched.
        """
        header, issuer = _read(token)
        if issuer == ISSUER:
            return await self._of_key(token, header, certificate_sha256)
        if self._oidc is None or issuer != self._oidc.issuer:
            raise Unauthenticated("the token's issuer is not one that this server trusts")
        project, role, account = await self._oidc.verify(token, header)
        if not await self._keys.is_open(project):
            raise Unauthenticated("the token's project is not known here, or closed")
        return Caller(project, role, "oidc", account, self._settings.calls_per_minute)

    async def permit(self, caller: Caller, method: str) -> None:
        """Raises `PermissionDenied` when the role may not call it, `RateLimited`."""
        if self._shared is not None:
            await self._shared.take(caller.account, caller.calls_per_minute)
        else:
            self._rates.take(caller.account, caller.calls_per_minute)
        if caller.role not in ROLES.get(method, frozenset()):
            raise PermissionDenied(
                f"a {caller.role} may not call {method.rpartition('/')[2]}: "
                "use a key with another role",
                role=caller.role,
            )

    def _note_foreign(self, caller: Caller | None, error: SongreelError) -> None:
        """Reports a refused name of another project's person."""
        if self.on_foreign is None or caller is None or not isinstance(error, IdentityNotFound):
            return
        name = error.metadata.get("name", "")
        if name and not name.startswith(f"projects/{caller.project}/"):
            self.on_foreign(name, caller.project, error.reason)

    async def _of_key(self, token: str, header: dict[str, Any], certificate: str) -> Caller:
        claims = self._tokens.verify(token, header)
        key = await self._keys.find(claims.key)
        if key is None or not key.good:
            raise Unauthenticated("the token's key is revoked or has expired")
        bound = key.certificate_sha256 or claims.certificate_sha256
        if bound and bound != certificate:
            raise Unauthenticated(
                "the token is good only with the client certificate that its key is bound to"
            )
        rate = key.calls_per_minute or self._settings.calls_per_minute
        return Caller(key.project, key.role, key.id, key.id, rate)


def certificate_of(call: Call) -> str:
    """SHA-256 of the client's certificate (DER, in hex), or empty."""
    context = cast("Any", call.context)
    shown = cast("dict[str, list[bytes]]", context.auth_context())
    pem = next(iter(shown.get("x509_pem_cert", ())), b"")
    return certificate_sha256(pem) if pem else ""


def certificate_sha256(pem: bytes) -> str:
    """SHA-256 of a certificate's DER, in hex. Raises `ValueError` for what is none."""
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    return hashlib.sha256(der).hexdigest()


def _token(call: Call) -> str:
    sent = cast("Any", call.context.invocation_metadata() or ())
    found = [value for key, value in sent if key == HEADER]
    if not found:
        raise Unauthenticated(
            "this server wants `authorization: Bearer TOKEN`: get a token with "
            "AccessService.ExchangeKey, or from your identity provider"
        )
    if len(found) > 1:
        raise Unauthenticated("the authorization header came more than once")
    text = str(found[0])
    if not text.lower().startswith(_SCHEME):
        raise Unauthenticated("the authorization header must be `Bearer TOKEN`")
    return text[len(_SCHEME) :].strip()


def _read(token: str) -> tuple[dict[str, Any], str]:
    """A token's header and issuer, not verified: they only say who has to verify it."""
    if len(token) > _MOST_TOKEN_BYTES:
        raise Unauthenticated(f"the token is longer than {_MOST_TOKEN_BYTES} bytes")
    try:
        read = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError) as error:
        raise Unauthenticated("the token is no JWT") from error
    return dict(read["header"]), str(read["payload"].get("iss", ""))


def _address(call: Call) -> str:
    """The client's address without its port, as an account for rates."""
    peer = str(cast("Any", call.context).peer())
    return peer.rpartition(":")[0] if peer.startswith(("ipv4:", "ipv6:")) else "local"
