"""Names of other projects in every method, and names that try to get around the check."""

from __future__ import annotations

from typing import Any

from google.longrunning import operations_pb2 as lro
from google.longrunning.operations_pb2_grpc import OperationsStub
from google.protobuf.message import Message
from songreel.v1 import access_service_pb2 as access
from songreel.v1 import identity_service_pb2 as identity
from songreel.v1 import media_service_pb2 as media
from songreel.v1 import video_service_pb2 as videos
from songreel.v1.access_service_pb2_grpc import AccessServiceStub
from songreel.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel.v1.media_service_pb2_grpc import MediaServiceStub
from songreel.v1.video_service_pb2_grpc import VideoServiceStub

from songreel_testing.gateway.attacks import attack
from songreel_testing.gateway.checked_gateway import MINE, THEIRS, CheckedGateway

MEDIA, VIDEO = "NOT_FOUND MEDIA_NOT_FOUND", "NOT_FOUND VIDEO_NOT_FOUND"
OPERATION, PROJECT = "NOT_FOUND OPERATION_NOT_FOUND", "NOT_FOUND PROJECT_NOT_FOUND"
STORYBOARD = "NOT_FOUND STORYBOARD_NOT_FOUND"
PERSON, NAME = "NOT_FOUND IDENTITY_NOT_FOUND", "INVALID_ARGUMENT INVALID_NAME"
UPLOAD = "NOT_FOUND UPLOAD_NOT_FOUND"
DENIED = "PERMISSION_DENIED PERMISSION_DENIED"

STUBS: dict[str, Any] = {
    "AccessService": AccessServiceStub,
    "MediaService": MediaServiceStub,
    "VideoService": VideoServiceStub,
    "IdentityService": IdentityServiceStub,
    "Operations": OperationsStub,
}
STREAMS = ("UploadMedia", "Enroll", "MeasureLikeness")


async def call(gateway: CheckedGateway, method: str, *requests: Message, who: str = "mine") -> Any:
    """Makes a call of any kind: "VideoService/GetVideo"."""
    service, _, name = method.partition("/")
    start = getattr(STUBS[service](gateway.open(gateway.tokens[who])), name)
    made = start(iter(requests), timeout=20) if name in STREAMS else start(*requests, timeout=20)
    if hasattr(made, "__await__"):
        return await made
    return [response async for response in made]


def foreign(method: str, ends: str, field: str = ""):
    """An attack with the request that the function makes of another partner's names."""

    def add(make):
        name = f"{method}{f', {field}' if field else ''}"

        @attack("another partner's names", name, ends)
        async def run(gateway: CheckedGateway) -> None:
            await call(gateway, method, make(gateway))

        return make

    return add


def song(gateway: CheckedGateway) -> str:
    return gateway.song.name


foreign("AccessService/GetProject", PROJECT)(lambda _: access.GetProjectRequest(name=THEIRS))
foreign("MediaService/UploadMedia", PROJECT)(
    lambda _: media.UploadMediaRequest(header=media.UploadHeader(parent=THEIRS))
)
foreign("MediaService/DownloadMedia", MEDIA)(
    lambda gateway: media.DownloadMediaRequest(name=song(gateway))
)
foreign("MediaService/GetMedia", MEDIA)(lambda gateway: media.GetMediaRequest(name=song(gateway)))
foreign("MediaService/ListMedia", PROJECT)(lambda _: media.ListMediaRequest(parent=THEIRS))
foreign("MediaService/DeleteMedia", MEDIA)(
    lambda gateway: media.DeleteMediaRequest(name=song(gateway), force=True)
)
foreign("MediaService/BeginUpload", PROJECT)(lambda _: media.BeginUploadRequest(parent=THEIRS))
foreign("MediaService/FinishUpload", UPLOAD)(
    lambda _: media.FinishUploadRequest(name=f"{THEIRS}/uploads/{'0' * 32}")
)
foreign("MediaService/CancelUpload", UPLOAD)(
    lambda _: media.CancelUploadRequest(name=f"{THEIRS}/uploads/{'0' * 32}")
)
foreign("MediaService/GetDownloadUrl", MEDIA)(
    lambda gateway: media.GetDownloadUrlRequest(name=song(gateway))
)
foreign("VideoService/CreateVideo", PROJECT, "parent")(
    lambda gateway: videos.CreateVideoRequest(parent=THEIRS)
)
foreign("VideoService/CreateVideo", MEDIA, "song")(
    lambda gateway: videos.CreateVideoRequest(parent=MINE, video={"song": song(gateway)})
)
foreign("VideoService/CreateVideo", MEDIA, "storyboard")(
    lambda gateway: videos.CreateVideoRequest(parent=MINE, video={"storyboard": song(gateway)})
)
foreign("VideoService/CreateVideo", PERSON, "a person")(
    lambda gateway: videos.CreateVideoRequest(
        parent=MINE, video={"identity": {"name": f"{THEIRS}/identities/ann"}}
    )
)
foreign("VideoService/CreateVideo", PROJECT, "a request_id of theirs")(
    lambda gateway: videos.CreateVideoRequest(
        parent=THEIRS, video={"song": song(gateway)}, request_id="their-request"
    )
)
foreign("VideoService/GetVideo", VIDEO)(lambda gateway: videos.GetVideoRequest(name=gateway.video))
foreign("VideoService/DeleteVideo", VIDEO)(
    lambda gateway: videos.DeleteVideoRequest(name=gateway.video, force=True)
)
foreign("VideoService/ListVideos", PROJECT)(lambda _: videos.ListVideosRequest(parent=THEIRS))
foreign("VideoService/AnalyzeSong", MEDIA, "song")(
    lambda gateway: videos.AnalyzeSongRequest(parent=MINE, song=song(gateway))
)
foreign("VideoService/CreateStoryboard", MEDIA, "analysis")(
    lambda gateway: videos.CreateStoryboardRequest(parent=MINE, analysis=song(gateway))
)
foreign("VideoService/CreateScore", MEDIA, "video")(
    lambda gateway: videos.CreateScoreRequest(parent=MINE, video=song(gateway))
)
foreign("VideoService/CreateVideo", STORYBOARD, "a kept storyboard")(
    lambda gateway: videos.CreateVideoRequest(
        parent=MINE, video={"stored_storyboard": gateway.storyboard.name}
    )
)
foreign("VideoService/GetStoryboard", STORYBOARD)(
    lambda gateway: videos.GetStoryboardRequest(name=gateway.storyboard.name)
)
foreign("VideoService/ListStoryboards", PROJECT)(
    lambda _: videos.ListStoryboardsRequest(parent=THEIRS)
)
foreign("VideoService/UpdateStoryboard", STORYBOARD)(
    lambda gateway: videos.UpdateStoryboardRequest(
        storyboard={"name": gateway.storyboard.name, "content": {"title": "mine now"}}
    )
)
foreign("VideoService/UpdateStoryboard", STORYBOARD, "with its etag")(
    lambda gateway: videos.UpdateStoryboardRequest(
        storyboard={
            "name": gateway.storyboard.name,
            "etag": gateway.storyboard.etag,
            "content": {"title": "mine now"},
        }
    )
)
foreign("VideoService/DeleteStoryboard", STORYBOARD)(
    lambda gateway: videos.DeleteStoryboardRequest(name=gateway.storyboard.name)
)
foreign("VideoService/WatchOperation", OPERATION)(
    lambda gateway: videos.WatchOperationRequest(name=gateway.operation)
)
foreign("Operations/GetOperation", OPERATION)(
    lambda gateway: lro.GetOperationRequest(name=gateway.operation)
)
foreign("Operations/ListOperations", PROJECT)(lambda _: lro.ListOperationsRequest(name=THEIRS))
foreign("Operations/WaitOperation", OPERATION)(
    lambda gateway: lro.WaitOperationRequest(name=gateway.operation)
)
foreign("Operations/CancelOperation", OPERATION)(
    lambda gateway: lro.CancelOperationRequest(name=gateway.operation)
)
foreign("Operations/DeleteOperation", OPERATION)(
    lambda gateway: lro.DeleteOperationRequest(name=gateway.operation)
)
foreign("IdentityService/GetConsentText", PROJECT)(
    lambda _: identity.GetConsentTextRequest(name=f"{THEIRS}/consentText")
)
foreign("IdentityService/Enroll", PERSON)(
    lambda _: identity.EnrollRequest(start=identity.EnrollStart(name=f"{THEIRS}/identities/ann"))
)
foreign("IdentityService/MeasureLikeness", PERSON)(
    lambda _: identity.MeasureLikenessRequest(
        start=identity.MeasureLikenessStart(name=f"{THEIRS}/identities/ann")
    )
)
foreign("IdentityService/ListIdentities", PROJECT)(
    lambda _: identity.ListIdentitiesRequest(parent=THEIRS)
)
for _method, _request in (
    ("RecordConsent", identity.RecordConsentRequest),
    ("OpenEnrollment", identity.OpenEnrollmentRequest),
    ("GetIdentity", identity.GetIdentityRequest),
    ("WithdrawConsent", identity.WithdrawConsentRequest),
    ("EraseIdentity", identity.EraseIdentityRequest),
):
    foreign(f"IdentityService/{_method}", PERSON)(
        lambda _, request=_request: request(name=f"{THEIRS}/identities/ann")
    )


def trick(name: str, ends: str = NAME):
    """An attack to download something by an odd name."""

    def add(make):
        @attack("path tricks", name, ends)
        async def run(gateway: CheckedGateway) -> None:
            asked = media.DownloadMediaRequest(name=make(gateway.song.artifact.sha256))
            await call(gateway, "MediaService/DownloadMedia", asked)

        return make

    return add


trick("mine/../theirs")(lambda digest: f"{MINE}/../theirs/media/{digest}")
trick("mine/media/../../theirs")(lambda digest: f"{MINE}/media/../../theirs/media/{digest}")
trick("a second name behind the first")(lambda digest: f"{MINE}/media/{THEIRS}/media/{digest}")
trick("a leading slash")(lambda digest: f"/{THEIRS}/media/{digest}")
trick("two slashes", "NOT_FOUND MEDIA_NOT_FOUND")(lambda digest: f"projects//media/{digest}")
trick("another case")(lambda digest: f"{THEIRS}/media/{digest}".replace("projects", "Projects"))
trick("percent signs", MEDIA)(lambda digest: f"projects/%74heirs/media/{digest}")
trick("a null byte")(lambda digest: f"{MINE}/media/{digest}\0")
trick("a line break")(lambda digest: f"{MINE}/media/{digest}\n")
trick("letters that look alike", MEDIA)(lambda digest: f"projects/thеirs/media/{digest}")  # noqa: RUF001
trick("a wildcard", PROJECT)(lambda _: "projects/-")
trick("the file in the store")(lambda digest: f"file:///artifacts/sha256/{digest[:2]}/{digest}")
trick("their content under my name", MEDIA)(lambda digest: f"{MINE}/media/{digest}")


def place(name: str, **settings: Any) -> None:
    """An attack to make the render service read something."""

    @attack("path tricks", name, DENIED)
    async def run(gateway: CheckedGateway) -> None:
        mine = await gateway.as_("mine").upload(b"a song of mine", parent=MINE)
        video = {"song": mine.name, "render_settings": settings}
        asked = videos.CreateVideoRequest(parent=MINE, video=video)
        await call(gateway, "VideoService/CreateVideo", asked)


place("a checkpoint path on the server", checkpoint="/etc/passwd")
place("a LoRA path that climbs", loras=[{"path": "../../data/songreel.db"}])
place("a LoRA by artifact, of anybody's bytes", loras=[{"artifact": {"sha256": "0" * 64}}])
place(
    "a person's adapter with a grant that was listened to",
    loras=[{"adapter_sha256": "0" * 64, "grant": "e30.e30.e30"}],
)


@attack("path tricks", "a storyboard by artifact, of anybody's bytes", DENIED)
async def artifact(gateway: CheckedGateway) -> None:
    await call(
        gateway,
        "VideoService/CreateStoryboard",
        videos.CreateStoryboardRequest(
            parent=MINE, options={"storyboard": {"sha256": gateway.song.artifact.sha256}}
        ),
    )
