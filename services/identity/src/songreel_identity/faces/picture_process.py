"""The program that decodes pictures, in a process of its own.

    python -m songreel_identity.faces.picture_process MEMORY_BYTES

Decoders of hostile files crash, hang and eat memory; this process may be killed. For each
picture it reads a length (4 bytes, big endian) and the bytes, and writes height and width
(4 bytes each; 0 where it is no picture) and the RGB pixels. It ends with its stdin, which its
parent holds. It imports only OpenCV and numpy, so that it starts fast.
"""

from __future__ import annotations

import resource
import struct
import sys

import cv2
import numpy as np


def main() -> None:
    """Serves until stdin ends."""
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    cv2.setNumThreads(1)
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(head := asked.read(4)) == 4:
        data = np.frombuffer(asked.read(int.from_bytes(head)), np.uint8)
        try:
            found = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
        except (cv2.error, MemoryError):
            found = None
        if found is None:
            answers.write(bytes(8))
        else:
            answers.write(struct.pack(">II", *found.shape[:2]))
            answers.write(np.ascontiguousarray(found).data)
        answers.flush()


if __name__ == "__main__":
    main()
