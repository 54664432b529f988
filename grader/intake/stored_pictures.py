"""The pictures with which a notebook was saved: what they are and how large, never their contents.

Of a PNG or GIF the first bytes are decoded, of a JPEG some thousand, to learn its size; nothing is decompressed.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct

from grader.intake.stored_outputs import joined
from grader.records import Picture

MOST_PICTURES = 20
"""Of one cell; the rest is not counted."""
_HEAD_CHARS = 64
_JPEG_CHARS = 16_384
_LARGEST_SIDE = 100_000
_TYPES = ("image/png", "image/jpeg", "image/gif", "image/svg+xml")


def pictures_in(outputs: object, attachments: object = None) -> tuple[Picture, ...]:
    """The pictures among a cell's outputs and attachments, in order.

    Args:
        outputs: whatever stands in a cell under `outputs`.
        attachments: whatever stands under `attachments`: pictures in the text of a markdown cell.
    """
    bundles = [one for one in outputs if isinstance(one, dict)] if isinstance(outputs, list) else []
    found = [picture for bundle in bundles[:1_000] for picture in _of_bundle(bundle.get("data", bundle))]
    if isinstance(attachments, dict):
        found += [picture for one in list(attachments.values())[:MOST_PICTURES] for picture in _of_bundle(one)]
    return tuple(found[:MOST_PICTURES])


def _of_bundle(data: object) -> list[Picture]:
    """The picture of a bundle, which may hold several forms of it: the first that is known."""
    if not isinstance(data, dict):
        return []
    for name in _TYPES:
        text = joined(data.get(name, data.get(name.removeprefix("image/")) if "output_type" in data else None))
        if text and text.strip():
            return [_picture(name, text)]
    return []


def _picture(name: str, text: str) -> Picture:
    if name == "image/svg+xml":
        return Picture(type=name, bytes=len(text))
    width, height = _size(name, _decoded(text, _JPEG_CHARS if name == "image/jpeg" else _HEAD_CHARS))
    known = 0 < width <= _LARGEST_SIDE and 0 < height <= _LARGEST_SIDE
    return Picture(
        type=name,
        bytes=len(text) * 3 // 4,
        width=width if known else None,
        height=height if known else None,
    )


def _decoded(text: str, chars: int) -> bytes:
    """The beginning of a text in base64; empty if it is none."""
    plain = re.sub(r"\s", "", text[: 2 * chars])[:chars]
    try:
        return base64.b64decode(plain[: len(plain) // 4 * 4], validate=True)
    except (binascii.Error, ValueError):
        return b""


def _size(name: str, head: bytes) -> tuple[int, int]:
    """Width and height by a file's first bytes; zeros if they do not say."""
    if name == "image/png" and head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR" and len(head) >= 24:
        width, height = struct.unpack(">II", head[16:24])
        return width, height
    if name == "image/gif" and head[:4] == b"GIF8" and len(head) >= 10:
        width, height = struct.unpack("<HH", head[6:10])
        return width, height
    return _jpeg_size(head) if name == "image/jpeg" else (0, 0)


def _jpeg_size(head: bytes) -> tuple[int, int]:
    """Width and height in the frame header of a JPEG, if that is among its first bytes."""
    position = 2 if head[:2] == b"\xff\xd8" else len(head)
    while position + 9 <= len(head) and head[position] == 0xFF:
        marker, length = head[position + 1], int.from_bytes(head[position + 2 : position + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", head[position + 5 : position + 9])
            return width, height
        position += 2 + max(2, length)
    return 0, 0
