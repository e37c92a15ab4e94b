"""Runs the published Python client `baijiayun`, unmodified, against the emulator whose base URL is given.

The client signs, encodes and parses with its own code; uploads and downloads go through requests, http.client and curl.
The digests come from hashlib. Nothing here knows how the project does any of it.
"""

import argparse
import logging
import os
import sys
import tempfile
from pathlib import Path

# Importing these lines up their checks, in this order.
import signature_checks  # noqa: F401
import upload_checks  # noqa: F401
import video_checks  # noqa: F401
import playback_checks  # noqa: F401
from checks import expect, expect_that
from world import World, refused, suite


@suite("createkey with regenerate: the old key is refused at once, the client recovers by asking again")
def _(world):
    other = world.new_client()
    other.get_partner_key()
    fresh = world.client.get_partner_key(regenerate=1, force=True)
    expect_that(fresh != world.options.partner_key, "the key did not change")
    refused(1002, other.video.get_video_list)
    expect(other.get_partner_key(force=True), fresh, "key")
    expect(other.video.get_video_list().total, len(world.ids), "total")


@suite("every method of the client's video, videoaccount and videodata was called")
def _(world):
    for part in (world.video, world.account, world.data):
        expect(part.missing(), set(), type(part.part).__name__)


@suite("the emulator's log names no secret, and no parameter of the client that the page lacks")
def _(world):
    log = Path(world.options.log).read_text(encoding="utf-8")
    expect_that("POST /openapi/video/getUploadUrl" in log, "the log is of something else")
    secrets = (world.options.partner_key, world.options.secret_key, world.client.get_partner_key())
    expect([name for name, secret in zip(("partner_key", "secret_key", "new key"), secrets) if secret in log], [], "secrets")
    remarks = [line for line in log.splitlines() if "does not list" in line]
    expect(remarks, [], "remarks")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("base_url")
    arguments.add_argument("--log", required=True, help="file with the emulator's log")
    options = arguments.parse_args()
    # The account that the emulator was started with.
    options.partner_id = int(os.environ["VODKIT_BAIJIAYUN_PARTNER_ID"])
    options.partner_key = os.environ["VODKIT_BAIJIAYUN_PARTNER_KEY"]
    options.secret_key = os.environ["VODKIT_BAIJIAYUN_SECRET_KEY"]
    # It logs each refusal with the whole request; refusals are wanted here.
    logging.getLogger("baijiayun").addHandler(logging.NullHandler())
    with tempfile.TemporaryDirectory(prefix="vodkit-foreign-") as scratch:
        return suite.run(World(options, Path(scratch)))


if __name__ == "__main__":
    sys.exit(main())
