"""Lyrics with times inside an ID3v2 tag (frame SYLT), which FFmpeg does not read.

After the informal standards ID3v2.2 (frame SLT), 2.3 and 2.4. What is not as they say gives no
lyrics; a song is never refused for its tags.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

_MOST_BYTES = 16 * 1024 * 1024
"""Of a tag; covers of albums may lie before the lyrics."""
_MILLISECONDS = 2
_FEEDS = ("\n", "\r")
_LYRICS = (1, 0, 2)
"""Content types: lyrics, "other", and a plain transcription."""
_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")
_FRAMES = {2: (b"SLT", "3s3s0s"), 3: (b"SYLT", "4s4s2s"), 4: (b"SYLT", "4s4s2s")}


def read(song: Path) -> tuple[str, str] | None:
    """Language (ISO 639-2, may be empty) and LRC text of the song's tag; None without."""
    with song.open("rb") as file:
        head = file.read(10)
        if len(head) < 10 or head[:3] != b"ID3" or head[3] not in _FRAMES:
            return None
        tag = file.read(min(_synchsafe(head[6:10]), _MOST_BYTES))
    try:
        for body in _frames(tag, version=head[3], flags=head[5]):
            found = _lrc(body)
            if found:
                return found
    except (struct.error, IndexError, UnicodeDecodeError, ValueError):
        pass  # a broken tag is none
    return None


def _synchsafe(data: bytes) -> int:
    """Seven bits of each byte."""
    number = 0
    for byte in data:
        number = number << 7 | byte & 0x7F
    return number


def _plain(data: bytes) -> bytes:
    """Without the zero bytes that keep old players from taking a tag for sound."""
    return data.replace(b"\xff\x00", b"\xff")


def _frames(tag: bytes, version: int, flags: int) -> Iterator[bytes]:
    """Contents of the frames of synchronised lyrics."""
    if flags & 0x80 and version < 4:
        tag = _plain(tag)
    place = 0
    if flags & 0x40 and version > 2:  # an extended header, whose size 2.4 counts itself
        place = _synchsafe(tag[:4]) if version == 4 else struct.unpack(">I", tag[:4])[0] + 4
    name, layout = _FRAMES[version]
    while place + struct.calcsize(layout) <= len(tag) and tag[place]:
        kind, length, marks = struct.unpack_from(layout, tag, place)
        size = _synchsafe(length) if version == 4 else int.from_bytes(length, "big")
        place += struct.calcsize(layout)
        body = tag[place : place + size]
        place += size
        if kind == name and len(body) == size:
            marks = marks[-1] if marks else 0
            if marks & (0x0C if version == 4 else 0xC0):
                continue  # compressed or encrypted
            if version == 4:
                body = body[4:] if marks & 0x01 else body  # its own length before it
                body = _plain(body) if marks & 0x02 else body
            yield body


def _lrc(body: bytes) -> tuple[str, str] | None:
    encoding, unit, content = body[0], body[4], body[5]
    if encoding >= len(_ENCODINGS) or unit != _MILLISECONDS or content not in _LYRICS:
        return None
    _, place = _text(body, 6, encoding)  # a description
    pieces: list[tuple[int, str]] = []
    while place < len(body):
        text, place = _text(body, place, encoding)
        (time,) = struct.unpack_from(">I", body, place)
        place += 4
        pieces.append((time, text))
    rows = _rows(pieces)
    language = body[1:4].decode("latin-1").strip("\0 ").lower()
    return (language if language.isalpha() else "", "\n".join(rows)) if rows else None


def _rows(pieces: list[tuple[int, str]]) -> list[str]:
    """Lines of LRC from pieces of text and their milliseconds.

    Pieces are whole lines, or words or syllables of which those that open a line begin with a
    line feed; a blank at either side of a cut tells words from syllables.
    """
    whole = not any(text.startswith(_FEEDS) for _, text in pieces[1:])
    bare = [text.strip("\r\n") for _, text in pieces]
    blanks = any(text != text.strip() for text in bare)
    rows: list[str] = []
    before = ""
    for (time, piece), text in zip(pieces, bare, strict=True):
        words = " ".join(text.split())
        clock = f"{time // 60_000:02d}:{time // 1000 % 60:02d}.{time % 1000:03d}"
        if whole or not rows or piece.startswith(_FEEDS):
            rows.append(f"[{clock}]" + ("" if whole or not words else f"<{clock}>") + words)
        elif not words:
            pass
        elif not blanks or text[:1].isspace() or before[-1:].isspace():
            rows[-1] += f" <{clock}>{words}"
        else:
            rows[-1] += words
        before = text
    return rows


def _text(body: bytes, place: int, encoding: int) -> tuple[str, int]:
    """A terminated text and the place after it."""
    width = 2 if encoding in (1, 2) else 1
    end = place
    while body[end : end + width] != bytes(width):
        if end >= len(body):
            raise ValueError("a text without an end")
        end += width
    return body[place:end].decode(_ENCODINGS[encoding]), end + width
