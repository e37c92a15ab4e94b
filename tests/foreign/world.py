"""The client under test, the emulator that it talks to, and an account of what went in and came out."""

import datetime
import time

import requests
from baijiayun import BaiJiaYunClient
from baijiayun.core.exceptions import ClientException
from baijiayun.storage.memorystorage import MemoryStorage

import page
import upload_dialects as send
from checks import Failed, Recorder, Suite, expect, expect_that
from page import conforms
from sources import md5, sha256

CHINA = datetime.timezone(datetime.timedelta(hours=8))
# Characters that an encoding, a digest or a log may stumble over.
AWKWARD = "第一课 a+b=c&d%20 “引号” 😀/\\;\t末"
suite = Suite()


class World:
    """Lives as long as the emulator; what it remembers must agree with what the emulator counts."""

    def __init__(self, options, scratch):
        self.options = options
        self.base = options.base_url.rstrip("/")
        self.scratch = scratch
        self.client = self.new_client()
        self.video = Recorder(self.client.video)
        self.account = Recorder(self.client.videoaccount)
        self.data = Recorder(self.client.videodata)
        self.first_day = today()
        self.ids = []  # of videos that exist
        self.flow = {}  # bytes that were downloaded, by video
        self.plays = {}  # downloads that began with the first byte, by video

    def new_client(self, partner_id=None, secret_key=None):
        """A client whose address is set as its users set one: by the attribute that it builds URLs from."""
        partner_id = partner_id or self.options.partner_id
        client = BaiJiaYunClient(partner_id, secret_key or self.options.secret_key, storage=MemoryStorage(), timeout=30)
        client.API_BASE_URL = self.base + "/"
        return client

    def create(self, file_name, definition="16", **more):
        ticket = conforms(self.video.get_upload_url(file_name, definition, **more), page.UPLOAD_URL)
        expect_that(ticket.upload_url.startswith(self.base + "/"), f"upload address {ticket.upload_url}")
        self.ids.append(ticket.video_id)
        return ticket

    def wait(self, video_id, wanted=100):
        """Polls as the page asks for, and watches that the status never goes back."""
        seen = [10]
        deadline = time.monotonic() + 20
        while seen[-1] != wanted:
            expect_that(time.monotonic() < deadline, f"video {video_id} still has status {seen[-1]}")
            status = conforms(self.video.get_status(video_id), page.STATUS).status
            expect_that(status >= seen[-1] and status in (10, 20, 30, 100), f"status {status} after {seen}")
            seen.append(status)
            time.sleep(0.02)

    def play(self, video_id, url, **headers):
        answer = requests.get(url, headers=headers, timeout=30)
        if answer.status_code in (200, 206):
            first = answer.headers.get("Content-Range", "bytes 0-").removeprefix("bytes ").startswith("0-")
            self.count(video_id, len(answer.content), plays=int(first))
        return answer

    def count(self, video_id, size, plays=1):
        self.flow[video_id] = self.flow.get(video_id, 0) + size
        self.plays[video_id] = self.plays.get(video_id, 0) + plays

    def url(self, video_id, word="low", **more):
        play_info = conforms(self.video.get_url(video_id, **more), page.URL).play_info
        conforms(play_info[word], page.PLAY_VIDEO)
        return play_info[word].url

    def verify(self, video_id, data):
        """The oracle: what comes out is what went in, by bytes, by size and by digest."""
        self.wait(video_id)
        info = conforms(self.video.get_info(video_id), page.INFO)
        expect((info.file_md5, info.total_size), (md5(data), len(data)), "file_md5 and total_size")
        answer = self.play(video_id, self.url(video_id))
        expect((answer.status_code, len(answer.content)), (200, len(data)), "status and size of the play")
        expect(sha256(answer.content), sha256(data), "SHA-256 of the played bytes")

    def new_video(self, data, file_name="课.mp4", definition="16", **more):
        ticket = self.create(file_name, definition, **more)
        send.multipart(ticket.upload_url, "data", file_name, data)
        return ticket.video_id

    def days(self):
        """The days, in China, on which this run may have done something."""
        return sorted({self.first_day, today()})

    def signed(self, path, fields, **request):
        """A call that the client has no method for, with its signature."""
        fields = self.client.add_sign({"partner_id": self.client.partner_id, **fields})
        return requests.post(f"{self.base}/openapi/{path}", data=fields, timeout=30, **request)


def today():
    return datetime.datetime.now(CHINA).date()


def refused(code, call, *arguments, **more):
    """The call must fail with this code. Returns the message."""
    try:
        result = call(*arguments, **more)
    except ClientException as error:
        expect(error.code, code, f"code, with message {error.message}")
        return error.message
    raise Failed(f"accepted with {result!r}, not refused with {code}")
