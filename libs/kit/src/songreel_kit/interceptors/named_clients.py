"""Lets in only clients whose certificates have known names."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from songreel_kit.errors import FailedPrecondition, PermissionDenied
from songreel_kit.interceptors.chain import Call, Interceptor


class NamedClients(Interceptor):
    """Lets in only clients whose certificates have one of these names.

    An authority usually signs for more than those who may call: that a certificate is
    genuine does not say yet that its owner has any business here.
    """

    def __init__(self, clients: Sequence[str]) -> None:
        """Takes DNS names, among a certificate's alternative names.

        `name=One+Other` may call no more than these methods.

        Raises `FailedPrecondition` when a name or its methods are empty.
        """
        self._methods: dict[str, frozenset[str] | None] = {}
        for client in clients:
            name, only, methods = client.partition("=")
            some = frozenset(methods.split("+"))
            if not name or (only and "" in some):
                raise FailedPrecondition(
                    f"{client!r} names no client: give a certificate's name, or name=Method+Method"
                )
            self._methods[name] = some if only else None

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncGenerator[None]:
        """Raises `PermissionDenied`."""
        if not call.plumbing:
            shown = cast("dict[str, list[bytes]]", cast("Any", call.context).auth_context())
            found = {name.decode() for name in shown.get("x509_subject_alternative_name", ())}
            known = [self._methods[name] for name in found if name in self._methods]
            if not known:
                raise PermissionDenied(
                    "this service is for other clients: the certificate has none of the names "
                    "that may call it"
                )
            method = call.method.rpartition("/")[2]
            if not any(methods is None or method in methods for methods in known):
                raise PermissionDenied(f"{method} is for other clients of this service")
        yield
