"""Runs AWS's own client of S3, `boto3`, against the emulator whose base URL is given, with the keys that MediaCloud's login hands out.

The client signs (version 4, in headers and in addresses), parses errors and computes checksums with its own code. Nothing of it is changed.
"""

import argparse
import base64
import io
import os
import sys
from pathlib import Path

import boto3
import requests
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from checks import Suite, expect, expect_that
from sources import md5, mp4, sha256

suite = Suite()
MIB = 1024 * 1024
PART = 5 * MIB
BUCKET = "vodkit-media"
# Characters that an encoding may stumble over.
AWKWARD = "2026/第一课 a+b=c&d%20 'x' (1)*~!;:@$,.mp4"


class World:
    def __init__(self, options):
        self.base = options.base_url.rstrip("/")
        self.log = options.log
        self.keys = self.login()
        self.secrets = [self.keys["STSSecretAccessKey"], self.keys["STSSessionToken"]]
        self.s3 = self.client()

    def login(self):
        account = {name: os.environ[f"VODKIT_MEDIACLOUD_{name.upper()}"] for name in ("username", "password")}
        reply = requests.post(f"{self.base}/api/v1/login", json=account, timeout=30).json()
        expect(reply["code"], 200, "login")
        self.token = reply["data"]["jwt"]["access_token"]
        return reply["data"]["stsToken"]

    def client(self, region="cn-changsha-1", style="path", **other):
        keys = {**self.keys, **other}
        return boto3.client(
            "s3",
            endpoint_url=self.base,
            region_name=region,
            aws_access_key_id=keys["STSAccessKeyID"],
            aws_secret_access_key=keys["STSSecretAccessKey"],
            aws_session_token=keys["STSSessionToken"],
            config=Config(signature_version="s3v4", s3={"addressing_style": style}, retries={"max_attempts": 0}),
        )

    def read(self, key, **more):
        return self.s3.get_object(Bucket=BUCKET, Key=key, **more)["Body"].read()

    def register(self, key):
        body = {"type": 1, "cloudProviderType": 1, "bucket": BUCKET, "fileUri": f"{BUCKET}/{key}"}
        head = {"Authorization": f"Bearer {self.token}"}
        return requests.post(f"{self.base}/api/v1/medias", json=body, headers=head, timeout=30).json()


def refused(status, code, call):
    try:
        call()
    except ClientError as error:
        found = (error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"])
        expect(found, (status, code), "refusal")
        return error
    expect(None, code, "refusal")


@suite("a film goes up and comes back: bytes, tag, type, ranges; then it can be registered, and not before")
def _(world):
    film = mp4(300_001, 12, seed=11)
    expect(world.register(AWKWARD)["code"], 404, "registered without an object")
    stored = world.s3.put_object(Bucket=BUCKET, Key=AWKWARD, Body=film, ContentType="video/mp4")
    expect(stored["ETag"], f'"{md5(film)}"', "etag")
    expect_that(stored.get("ChecksumCRC32"), "the client's checksum is not told back")
    got = world.s3.get_object(Bucket=BUCKET, Key=AWKWARD)
    expect((sha256(got["Body"].read()), got["ContentType"]), (sha256(film), "video/mp4"), "content")
    expect(world.read(AWKWARD, Range="bytes=1000-1999"), film[1000:2000], "range")
    expect(world.read(AWKWARD, Range="bytes=-5"), film[-5:], "suffix")
    refused(416, "InvalidRange", lambda: world.read(AWKWARD, Range="bytes=400000-"))
    expect(world.s3.head_object(Bucket=BUCKET, Key=AWKWARD)["ContentLength"], len(film), "length")
    expect(world.register(AWKWARD)["code"], 200, "registered")


@suite("a file goes up in parts, by the client's own transfer with three threads")
def _(world):
    film = mp4(PART * 3 + 12_345, 40, seed=12)
    config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=3)
    world.s3.upload_fileobj(io.BytesIO(film), BUCKET, "parts.mp4", Config=config)
    expect(sha256(world.read("parts.mp4")), sha256(film), "content")
    tags = b"".join(bytes.fromhex(md5(film[at : at + PART])) for at in range(0, len(film), PART))
    expect(world.s3.head_object(Bucket=BUCKET, Key="parts.mp4")["ETag"], f'"{md5(tags)}-4"', "etag")


@suite("parts are listed in pages, replaced, and completed in order only; an aborted upload is gone")
def _(world):
    s3, at = world.s3, {"Bucket": BUCKET, "Key": "list & 列.mp4"}
    film = mp4(PART + 1, 5, seed=13)
    begun = {**at, "UploadId": s3.create_multipart_upload(**at, ContentType="video/mp4")["UploadId"]}
    s3.upload_part(**begun, PartNumber=7, Body=b"to be replaced")
    tags = {number: s3.upload_part(**begun, PartNumber=number, Body=body)["ETag"] for number, body in ((7, film[PART:]), (3, film[:PART]))}
    pages = list(s3.get_paginator("list_parts").paginate(**begun, PaginationConfig={"PageSize": 1}))
    listed = [(part["PartNumber"], part["Size"], part["ETag"]) for page in pages for part in page.get("Parts", [])]
    expect(listed, [(3, PART, tags[3]), (7, 1, tags[7])], "parts")
    expect(len(pages), 2, "pages")
    complete = lambda *parts: s3.complete_multipart_upload(  # noqa: E731
        **begun, MultipartUpload={"Parts": [{"PartNumber": number, "ETag": tag} for number, tag in parts]}
    )
    refused(400, "InvalidPartOrder", lambda: complete((7, tags[7]), (3, tags[3])))
    refused(400, "InvalidPart", lambda: complete((3, tags[7]), (7, tags[7])))
    refused(400, "InvalidPart", lambda: complete((3, tags[3]), (4, tags[7])))
    complete((3, tags[3]), (7, tags[7]))
    expect(sha256(world.read(at["Key"])), sha256(film), "content")
    expect(s3.head_object(**at)["ContentType"], "video/mp4", "type")
    refused(404, "NoSuchUpload", lambda: complete((3, tags[3]), (7, tags[7])))

    small = {**at, "UploadId": s3.create_multipart_upload(**at)["UploadId"]}
    tags = [s3.upload_part(**small, PartNumber=number, Body=b"x")["ETag"] for number in (1, 2)]
    parts = {"Parts": [{"PartNumber": number + 1, "ETag": tag} for number, tag in enumerate(tags)]}
    refused(400, "EntityTooSmall", lambda: s3.complete_multipart_upload(**small, MultipartUpload=parts))
    refused(400, "InvalidArgument", lambda: s3.upload_part(**small, PartNumber=10_001, Body=b"x"))
    s3.abort_multipart_upload(**small)
    refused(404, "NoSuchUpload", lambda: s3.list_parts(**small))


@suite("unfinished uploads are listed in pages, by key")
def _(world):
    s3 = world.s3
    begun = [(key, s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]) for key in ("u/列 b", "u/a", "u/a", "other")]
    listed, marker = [], {}
    for _ in range(3):
        page = s3.list_multipart_uploads(Bucket=BUCKET, Prefix="u/", MaxUploads=1, **marker)
        listed += [(upload["Key"], upload["UploadId"]) for upload in page.get("Uploads", [])]
        marker = {name: page[f"Next{name}"] for name in ("KeyMarker", "UploadIdMarker") if page["IsTruncated"]}
    expect(page["IsTruncated"], False, "truncated")
    expect([key for key, _ in listed], ["u/a", "u/a", "u/列 b"], "keys")
    expect(sorted(listed), sorted(begun[:3]), "ids")
    for key, upload_id in begun:
        s3.abort_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload_id)


@suite("signed addresses put and show an object without a header, until they are changed")
def _(world):
    at = {"Bucket": BUCKET, "Key": AWKWARD}
    url = world.s3.generate_presigned_url("put_object", Params=at, ExpiresIn=60)
    expect(requests.put(url, data=b"signed", timeout=30).status_code, 200, "put")
    url = world.s3.generate_presigned_url("get_object", Params=at, ExpiresIn=60)
    expect(requests.get(url, timeout=30).content, b"signed", "content")
    longer = url.replace("X-Amz-Expires=60", "X-Amz-Expires=61")
    expect_that(longer != url and requests.get(longer, timeout=30).status_code == 403, "a changed address opens")
    expect(requests.get(f"{world.base}/{BUCKET}/parts.mp4", timeout=30).status_code, 403, "unsigned")


@suite("a body that is not what was promised is refused: MD5, checksum")
def _(world):
    put = lambda **more: lambda: world.s3.put_object(Bucket=BUCKET, Key="promised", Body=b"wrong", **more)  # noqa: E731
    digest = base64.b64encode(bytes.fromhex(md5(b"right"))).decode()
    refused(400, "BadDigest", put(ContentMD5=digest))
    refused(400, "BadDigest", put(ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256(b"right"))).decode()))
    refused(404, "NoSuchKey", lambda: world.read("promised"))


@suite("wrong keys are refused, each with its own code")
def _(world):
    other = world.login()
    put = lambda **more: lambda: world.client(**more).put_object(Bucket=BUCKET, Key="x", Body=b"x" * 100_000)  # noqa: E731
    refused(403, "SignatureDoesNotMatch", put(STSSecretAccessKey="another-test-secret"))
    refused(403, "InvalidAccessKeyId", put(STSAccessKeyID="NOBODY"))
    refused(400, "InvalidToken", put(STSSessionToken=other["STSSessionToken"]))
    refused(403, "InvalidAccessKeyId", put(STSSessionToken=None))
    refused(404, "NoSuchBucket", lambda: world.s3.put_object(Bucket="nobodys-bucket", Key="x", Body=b"x"))
    world.secrets += [other["STSSecretAccessKey"], other["STSSessionToken"]]


@suite("the emulator's log names no secret of these calls")
def _(world):
    log = Path(world.log).read_text(encoding="utf-8")
    expect_that("CompleteMultipartUpload" in log and "InvalidToken" in log, "the log is of something else")
    expect([number for number, secret in enumerate(world.secrets) if secret in log], [], "secrets")
    expect_that("X-Amz-Signature=" not in log, "a signed address")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("base_url")
    arguments.add_argument("--log", required=True, help="file with the emulator's log")
    return suite.run(World(arguments.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
