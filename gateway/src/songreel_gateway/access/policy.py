"""Which role may call which method. A method that is missing here may be called by no role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from songreel_gateway.access.callers import Role

OPEN: Final = frozenset({"/songreel.v1.AccessService/ExchangeKey"})
"""Methods that need no token."""

_MAKERS: Final = frozenset({Role.CREATOR, Role.PARTNER})
_PARTNERS: Final = frozenset({Role.PARTNER})
_ALL: Final = frozenset(Role)

_SERVICES: Final[Mapping[str, Mapping[str, frozenset[Role]]]] = {
    "songreel.v1.AccessService": {"GetProject": _ALL},
    "songreel.v1.MediaService": {
        "UploadMedia": _MAKERS,
        "DownloadMedia": _MAKERS,
        "GetMedia": _MAKERS,
        "ListMedia": _MAKERS,
        "DeleteMedia": _PARTNERS,
        "BeginUpload": _MAKERS,
        "FinishUpload": _MAKERS,
        "CancelUpload": _MAKERS,
        "GetDownloadUrl": _MAKERS,
    },
    "songreel.v1.VideoService": {
        "CreateVideo": _MAKERS,
        "GetVideo": _MAKERS,
        "ListVideos": _MAKERS,
        "DeleteVideo": _PARTNERS,
        "AnalyzeSong": _MAKERS,
        "CreateStoryboard": _MAKERS,
        "CreateScore": _MAKERS,
        "GetStoryboard": _MAKERS,
        "ListStoryboards": _MAKERS,
        "UpdateStoryboard": _MAKERS,
        "DeleteStoryboard": _PARTNERS,
        "WatchOperation": _ALL,
    },
    "google.longrunning.Operations": {
        "GetOperation": _ALL,
        "ListOperations": _ALL,
        "WaitOperation": _ALL,
        "CancelOperation": _ALL,
        "DeleteOperation": _PARTNERS,
    },
    # Whoever may record a consent must be able to take it back.
    "songreel.v1.IdentityService": {
        "GetConsentText": _MAKERS,
        "RecordConsent": _MAKERS,
        "OpenEnrollment": _MAKERS,
        "Enroll": _MAKERS,
        "GetIdentity": _MAKERS,
        "ListIdentities": _PARTNERS,
        "WithdrawConsent": _MAKERS,
        "EraseIdentity": _MAKERS,
        "MeasureLikeness": _MAKERS,
    },
    "grpc.reflection.v1alpha.ServerReflection": {"ServerReflectionInfo": _ALL},
}

ROLES: Final[Mapping[str, frozenset[Role]]] = {
    f"/{service}/{method}": roles
    for service, methods in _SERVICES.items()
    for method, roles in methods.items()
}
"""Full method -> who may call it."""
