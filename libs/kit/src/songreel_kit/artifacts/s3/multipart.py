"""Objects that come in parts which others put: S3's multipart uploads.

By private methods of the `minio` client, whose version is pinned: its public ones only
upload what they are handed themselves.
"""

# pyright: reportPrivateUsage=false

from __future__ import annotations

from minio.datatypes import Part

from songreel_kit.artifacts.s3.bucket import Bucket
from songreel_kit.errors import ArtifactNotFound

_PAGE = 1000


class Multipart:
    """The multipart uploads of one bucket. Ids are the server's."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._client = bucket.client

    def begin(self, name: str, media_type: str) -> str:
        """Begins one; its id."""
        with self._bucket.typed():
            return self._client._create_multipart_upload(
                self._bucket.name, self._bucket.path(name), {"Content-Type": media_type}
            )

    def parts(self, name: str, upload: str) -> dict[int, Part]:
        """What was put so far, by its number (from 1). Raises `ArtifactNotFound`."""
        found: dict[int, Part] = {}
        after: str | None = None
        while True:
            with self._bucket.typed():
                page = self._client._list_parts(
                    self._bucket.name, self._bucket.path(name), upload, _PAGE, after
                )
            found |= {each.part_number: each for each in page.parts}
            after = str(page.next_part_number_marker or "")
            if not page.is_truncated or not page.parts:
                return found

    def complete(self, name: str, upload: str, parts: dict[int, Part]) -> None:
        """Makes the object of them. Raises `ArtifactNotFound` when the upload is gone."""
        with self._bucket.typed():
            self._client._complete_multipart_upload(
                self._bucket.name,
                self._bucket.path(name),
                upload,
                [parts[number] for number in sorted(parts)],
            )

    def abort(self, name: str, upload: str) -> None:
        """Gives it up with all its parts; one that is gone is as good."""
        try:
            with self._bucket.typed():
                self._client._abort_multipart_upload(
                    self._bucket.name, self._bucket.path(name), upload
                )
        except ArtifactNotFound:
            return
