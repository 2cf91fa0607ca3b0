"""A large file past the gateway: `python send_directly.py HOST:PORT FILE COPY`.

It goes straight into the server's artifact store in parts, by presigned URLs, and comes
back in the same way; where the store gives none out, both go through the gateway.
"""

from __future__ import annotations

import asyncio
import os
import sys

from songreel_client import ChannelTls, connect
from songreel_kit.errors import DirectTransferUnavailable


def say(done: int, size: int) -> None:
    """How far it is."""
    print(f"{done / size:4.0%} of {size} bytes")


async def main(address: str, path: str, copy: str) -> None:
    """Uploads, downloads."""
    key = os.environ.get("SONGREEL_API_KEY", "")
    async with connect(address, api_key=key, tls=ChannelTls() if key else None) as client:
        direct = True
        try:
            media = await client.upload(path, say, direct=True)
        except DirectTransferUnavailable as error:
            print(error)
            direct = False
            media = await client.upload(path, say)
        await client.download_file(media.name, copy, say, direct=direct)
        print(f"{media.name} {'directly' if direct else 'through the gateway'}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
