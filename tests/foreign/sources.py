"""Files to upload, and what their bytes must be when they are played."""

import hashlib
import random
import struct


def box(kind, content):
    return struct.pack(">I4s", 8 + len(content), kind) + content


def mp4(size, seconds, seed):
    """A file of exactly `size` bytes that begins like an MP4 of that length; the media data are noise that `seed` determines."""
    timescale = 600
    header = struct.pack(">IIIII", 0, 0, 0, timescale, seconds * timescale) + bytes(80)
    head = box(b"ftyp", b"isom\0\0\2\0isommp42") + box(b"moov", box(b"mvhd", header))
    noise = random.Random(seed).randbytes(size - len(head) - 8)
    return head + box(b"mdat", noise)


def md5(data):
    return hashlib.md5(data).hexdigest()


def sha256(data):
    return hashlib.sha256(data).hexdigest()
