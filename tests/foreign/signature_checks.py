"""The key, the signature and the envelope."""

import time

import requests
from baijiayun import BaiJiaYunClient
from baijiayun.core.exceptions import ClientException
from baijiayun.storage.memorystorage import MemoryStorage
from requests.adapters import HTTPAdapter

from checks import Failed, expect, expect_that
from world import AWKWARD, refused, suite, today


@suite("createkey gives the key that the emulator was started with")
def _(world):
    expect(world.client.get_partner_key(), world.options.partner_key, "key")


@suite("createkey refuses a wrong secret, and an account that does not exist")
def _(world):
    refused(2002, world.new_client(secret_key="another").get_partner_key)
    refused(2001, world.new_client(partner_id=1).get_partner_key)


@suite("the envelope has code, data, msg and ts, and the answers say what time it is")
def _(world):
    answer = world.signed("video/getVideoList", {})
    expect(sorted(answer.json()), ["code", "data", "msg", "ts"], "fields")
    expect_that(abs(answer.json()["ts"] - time.time()) < 5, "ts is not now")
    expect_that("Date" in answer.headers, "no Date")
    expect(answer.headers["Content-Type"].split(";")[0], "application/json", "content type")


@suite("values with any character are signed as they are and come back unchanged")
def _(world):
    video_id = world.create("名.mp4").video_id
    for name in (AWKWARD, " 前后空白 ", "行\r\n行", "+", "%", "%E8%AF%BE", "a&partner_key=x", "0", "é\u0301", "课" * 500):
        expect(world.video.update(video_id, name), video_id, "video_id")
        expect(world.video.get_info(video_id).name, name, "name")


@suite("empty values are part of the signature")
def _(world):
    ticket = world.create("空.mp4", format="", encrypt="")
    expect(world.video.update(ticket.video_id, ""), ticket.video_id, "video_id")
    expect(world.video.get_info(ticket.video_id).name, "空", "name after an empty one was sent")
    expect(world.video.get_video_list(create_time="").total, len(world.ids), "total")
    refused(1001, world.video.add_category, "")


@suite("empty values that were sent and not signed are refused, and the reason is named")
def _(world):
    fields = {"partner_id": world.client.partner_id, "timestamp": int(time.time()), "page": 1}
    fields = {**fields, "sign": world.client.get_sign(fields), "create_time": ""}
    answer = requests.post(f"{world.base}/openapi/video/getVideoList", data=fields, timeout=30).json()
    expect(answer["code"], 1002, "code")
    expect_that("empty parameters" in answer["msg"], answer["msg"])


@suite("a wrong key, an upper-case signature and a changed value are refused")
def _(world):
    other = world.new_client()
    other.cache.partner_key.set(value="not-the-key", ttl=60)
    refused(1002, other.video.get_video_list)
    fields = world.client.add_sign({"partner_id": world.client.partner_id, "page": 1})
    for change in ({"sign": fields["sign"].upper()}, {"page": 2}, {"create_time": ""}):
        answer = requests.post(f"{world.base}/openapi/video/getVideoList", data={**fields, **change}, timeout=30)
        expect(answer.json()["code"], 1002, f"code with {sorted(change)} changed")


@suite("time stamps in milliseconds, and an hour off, are refused")
def _(world):
    now = int(time.time())
    for code, stamp in ((1001, now * 1000), (1002, now - 3600), (1002, now + 3600)):
        fields = {"partner_id": world.client.partner_id, "timestamp": stamp}
        refused(code, world.client.post, "/openapi/video/getVideoList", fields)


@suite("another method is code 404; a path outside of this API is no success")
def _(world):
    refused(404, world.client.get, "/openapi/video/getInfo", {"partner_id": world.client.partner_id, "video_id": 1})
    day = str(today())
    try:
        world.data.get_playback_play_record(1, f"{day} 00:00:00", f"{day} 00:00:01")
    except ClientException as error:
        expect(error.response.status_code, 501, "status")
    else:
        raise Failed("a call of live recordings was answered")


class Rerouted(HTTPAdapter):
    """Sends what is meant for the vendor's host to the emulator, as a test behind a changed name service would."""

    def __init__(self, host, base):
        super().__init__()
        self.host, self.base = host, base

    def send(self, request, **options):
        request.url = request.url.replace(self.host, self.base, 1)
        return super().send(request, **options)


@suite("the URLs that the client builds for a private domain are known")
def _(world):
    host = "https://school.at.baijiayun.com"
    client = BaiJiaYunClient(
        world.options.partner_id, world.options.secret_key, private_domain="school", storage=MemoryStorage(), timeout=30
    )
    expect(client.API_BASE_URL, host + "/", "address that the client builds")
    client._http.mount(host, Rerouted(host, world.base))
    expect(client.video.get_video_list().total, len(world.ids), "total")
