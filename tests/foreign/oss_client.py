"""Runs the vendor's published client of its object store, `oss2`, against the emulator whose base URL is given.

The client signs with temporary keys that QuVideo's calls hand out, and compares checksums on its own. Nothing of it is changed; its
encryption, which is not used here, would need packages that are not installed and is given empty ones.
"""

import argparse
import base64
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import requests

for name in (
    "Crypto Crypto.Cipher Crypto.PublicKey Crypto.Util aliyunsdkcore aliyunsdkcore.acs_exception "
    "aliyunsdkcore.acs_exception.exceptions aliyunsdkcore.http aliyunsdkkms aliyunsdkkms.request aliyunsdkkms.request.v20160120"
).split():
    sys.modules[name] = mock.MagicMock()

import oss2  # noqa: E402

from checks import Suite, expect, expect_that  # noqa: E402
from sources import md5, mp4, sha256  # noqa: E402

suite = Suite()
PART = 100 * 1024


class World:
    def __init__(self, options, scratch):
        self.base = options.base_url.rstrip("/")
        self.token = options.token
        self.log = options.log
        self.scratch = scratch
        self.secrets = [options.token]

    def call(self, path, **params):
        """The data of a call that succeeds."""
        reply = requests.get(f"{self.base}{path}", params=params, timeout=30)
        expect(reply.status_code, 200, path)
        frame = reply.json()
        expect((frame["result"], frame["code"]), ("true", "200"), path)
        return frame["data"]

    def upload(self, file_name):
        ticket = self.call("/vod/getVideoUploadAuth", token=self.token, title="课", fileName=file_name)
        return Upload(self, ticket)

    def playable(self, video_id):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            reply = requests.get(f"{self.base}/demo/getVideoPlayAuth", params={"videoId": video_id}, timeout=30).json()
            if reply["code"] == "200":
                return True
            time.sleep(0.05)
        return False


class Upload:
    """A ticket, unpacked, and a bucket of the client made from it as the vendor's help shows."""

    def __init__(self, world, ticket):
        unpack = lambda text: json.loads(base64.b64decode(text, validate=True))  # noqa: E731
        self.video_id = ticket["videoId"]
        self.address, self.auth = unpack(ticket["uploadAddress"]), unpack(ticket["uploadAuth"])
        self.key = self.address["FileName"]
        self.bucket = self.bucket_with()
        world.secrets += [self.auth["AccessKeySecret"], self.auth["SecurityToken"]]

    def bucket_with(self, **other):
        keys = {**self.auth, **other}
        auth = oss2.StsAuth(keys["AccessKeyId"], keys["AccessKeySecret"], keys["SecurityToken"])
        return oss2.Bucket(auth, self.address["Endpoint"], self.address["Bucket"])


def refused(kind, code, call):
    try:
        call()
    except kind as error:
        expect(error.code, code, "code")
        expect_that(len(error.request_id) == 24, f"request id {error.request_id}")
        return error
    except oss2.exceptions.OssError as error:
        expect(type(error).__name__, kind.__name__, "refusal")
    expect(None, code, "refusal")


@suite("a video goes up and comes back: bytes, checksum, type, ranges; then it can be played")
def _(world):
    upload = world.upload("第一课.mp4")
    film = mp4(700_001, 12, seed=1)
    stored = upload.bucket.put_object(upload.key, film, headers={"Content-Type": "video/mp4"})
    expect(stored.etag, md5(film).upper(), "etag")
    expect_that(stored.crc is not None, "no checksum of the store")
    read = upload.bucket.get_object(upload.key)
    expect(sha256(read.read()), sha256(film), "content")
    expect(read.content_type, "video/mp4", "content type")
    expect(read.client_crc, read.server_crc, "checksum")
    part = upload.bucket.get_object(upload.key, byte_range=(1000, 1999))
    expect(part.read(), film[1000:2000], "range")
    head = upload.bucket.head_object(upload.key)
    expect((head.content_length, head.object_type), (len(film), "Normal"), "head")
    expect_that(abs(head.last_modified - time.time()) < 60, "last modified")
    expect_that(world.playable(upload.video_id), "the video cannot be played")


@suite("a body of unknown length goes up in chunks, one with Content-MD5 is checked")
def _(world):
    upload = world.upload("chunks.mp4")
    pieces = [bytes([number]) * 50_000 for number in range(5)]
    upload.bucket.put_object(upload.key, iter(pieces))
    expect(upload.bucket.get_object(upload.key).read(), b"".join(pieces), "content")
    digest = base64.b64encode(bytes.fromhex(md5(b"right"))).decode()
    upload.bucket.put_object(upload.key, b"right", headers={"Content-MD5": digest})
    error = refused(
        oss2.exceptions.ServerError,
        "BadDigest",
        lambda: upload.bucket.put_object(upload.key, b"wrong", headers={"Content-MD5": digest}),
    )
    expect(error.status, 400, "status")
    expect(upload.bucket.get_object(upload.key).read(), b"right", "content")


@suite("a file goes up in parts, by the client's own resumable upload with three threads")
def _(world):
    upload = world.upload("parts.mp4")
    film = mp4(PART * 7 + 12_345, 40, seed=2)
    path = world.scratch / "parts.mp4"
    path.write_bytes(film)
    store = oss2.ResumableStore(root=str(world.scratch))
    stored = oss2.resumable_upload(
        upload.bucket, upload.key, str(path), store=store, multipart_threshold=PART, part_size=PART, num_threads=3
    )
    expect_that(stored.etag.endswith("-8"), f"etag {stored.etag}")
    read = upload.bucket.get_object(upload.key)
    expect(sha256(read.read()), sha256(film), "content")
    expect(read.client_crc, read.server_crc, "checksum")
    expect_that(world.playable(upload.video_id), "the video cannot be played")


@suite("parts can be listed, replaced, completed in order; an aborted upload is gone")
def _(world):
    upload = world.upload("list.mp4")
    bucket, key = upload.bucket, upload.key
    film = mp4(PART * 2 + 1, 5, seed=3)
    begun = bucket.init_multipart_upload(key).upload_id
    bucket.upload_part(key, begun, 4, b"to be replaced")
    parts = []
    for number, start in ((4, PART * 2), (2, 0), (3, PART)):
        sent = bucket.upload_part(key, begun, number, film[start : start + PART])
        parts.append(oss2.models.PartInfo(number, sent.etag))
    listed = [(part.part_number, part.size) for part in oss2.PartIterator(bucket, key, begun)]
    expect(listed, [(2, PART), (3, PART), (4, 1)], "parts")
    error = refused(oss2.exceptions.ServerError, "InvalidPartOrder", lambda: complete_as_given(bucket, key, begun, parts))
    expect(error.status, 400, "status")
    # The client sorts the list itself.
    bucket.complete_multipart_upload(key, begun, parts)
    expect(sha256(bucket.get_object(key).read()), sha256(film), "content")
    other = bucket.init_multipart_upload(key).upload_id
    bucket.upload_part(key, other, 1, b"x")
    bucket.abort_multipart_upload(key, other)
    refused(oss2.exceptions.NoSuchUpload, "NoSuchUpload", lambda: bucket.list_parts(key, other))


def complete_as_given(bucket, key, upload_id, parts):
    with mock.patch("oss2.api.sorted", lambda parts, key: parts, create=True):
        bucket.complete_multipart_upload(key, upload_id, parts)


@suite("a signed address shows the object without a header")
def _(world):
    upload = world.upload("signed.mp4")
    upload.bucket.put_object(upload.key, b"signed")
    url = upload.bucket.sign_url("GET", upload.key, 60, slash_safe=True)
    expect(requests.get(url, timeout=30).content, b"signed", "content")
    expect(requests.get(url.replace("Expires=", "Expires=1"), timeout=30).status_code, 403, "status of a changed one")


@suite("wrong keys are refused, each with its own code")
def _(world):
    upload, other = world.upload("one.mp4"), world.upload("two.mp4")
    put = lambda **keys: lambda: upload.bucket_with(**keys).put_object(upload.key, b"x" * 300_000)  # noqa: E731
    refused(oss2.exceptions.SignatureDoesNotMatch, "SignatureDoesNotMatch", put(AccessKeySecret="another-test-secret"))
    refused(oss2.exceptions.ServerError, "InvalidAccessKeyId", put(AccessKeyId="STS.nobody"))
    refused(oss2.exceptions.ServerError, "InvalidSecurityToken", put(SecurityToken=other.auth["SecurityToken"]))
    refused(oss2.exceptions.AccessDenied, "AccessDenied", lambda: upload.bucket.put_object(other.key, b"x"))
    refused(oss2.exceptions.NoSuchKey, "NoSuchKey", lambda: upload.bucket.get_object(upload.key))


@suite("the emulator's log names no secret of these calls")
def _(world):
    log = Path(world.log).read_text(encoding="utf-8")
    expect_that("PutObject" in log and "SignatureDoesNotMatch" in log, "the log is of something else")
    expect([number for number, secret in enumerate(world.secrets) if secret in log], [], "secrets")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("base_url")
    arguments.add_argument("--log", required=True, help="file with the emulator's log")
    options = arguments.parse_args()
    options.token = os.environ["VODKIT_QUVIDEO_TOKEN"]
    with tempfile.TemporaryDirectory(prefix="vodkit-foreign-") as scratch:
        return suite.run(World(options, Path(scratch)))


if __name__ == "__main__":
    sys.exit(main())
