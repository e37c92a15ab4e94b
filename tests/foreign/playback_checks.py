"""Downloads, and what the statistics make of them."""

import datetime
from concurrent.futures import ThreadPoolExecutor

import requests

import page
import upload_dialects as send
from checks import expect, expect_that
from page import conforms
from sources import mp4, sha256
from world import AWKWARD, refused, suite


@suite("ranges: first byte, middle, end, open, beyond, several, If-Range, HEAD")
def _(world):
    data = mp4(1_000_003, 8, 50)
    video_id = world.new_video(data)
    world.verify(video_id, data)
    url, size = world.url(video_id), len(data)
    tag = world.play(video_id, url).headers["ETag"]
    for spec, first, last in (
        ("0-0", 0, 0), ("0-1023", 0, 1023), ("500000-600000", 500_000, 600_000), (f"{size - 1}-", size - 1, size - 1),
        ("-10", size - 10, size - 1), ("999999-99999999", 999_999, size - 1), (f"-{size * 2}", 0, size - 1),
    ):
        answer = world.play(video_id, url, Range=f"bytes={spec}")
        expect((answer.status_code, answer.headers["Content-Range"]), (206, f"bytes {first}-{last}/{size}"), spec)
        expect(answer.content, data[first:last + 1], f"bytes of {spec}")
    answer = world.play(video_id, url, Range=f"bytes={size}-")
    expect((answer.status_code, answer.headers["Content-Range"]), (416, f"bytes */{size}"), "beyond the end")
    for headers, status in (({"If-Range": tag}, 206), ({"If-Range": '"other"'}, 200)):
        expect(world.play(video_id, url, Range="bytes=1-2", **headers).status_code, status, f"status with {headers}")
    answer = world.play(video_id, url, Range="bytes=0-1,3-4")
    expect((answer.status_code, sha256(answer.content)), (200, sha256(data)), "several ranges, which the whole answers")
    head = requests.head(url, timeout=30)
    expect((head.status_code, head.headers["Content-Length"], head.content), (200, str(size), b""), "HEAD")


@suite("curl: ranges, going on with -C, and the whole file")
def _(world):
    data = mp4(600_001, 8, 51)
    video_id = world.new_video(data)
    world.verify(video_id, data)
    url, path = world.url(video_id), world.scratch / "curl.mp4"
    expect(send.curl("-r", "0-99999", "-o", str(path), url), b"", "output")
    world.count(video_id, 100_000)
    expect(path.read_bytes(), data[:100_000], "first part")
    send.curl("-C", "-", "-o", str(path), url)
    world.count(video_id, len(data) - 100_000, plays=0)
    expect(sha256(path.read_bytes()), sha256(data), "file in two parts")
    expect(sha256(send.curl(url)), sha256(data), "file at once")
    world.count(video_id, len(data))


@suite("ranges in parallel give one file, and count as one play with the bytes of all")
def _(world):
    data = mp4(2_000_000, 8, 52)
    video_id = world.new_video(data)
    world.wait(video_id)
    url = world.url(video_id)
    step = 250_000
    begin = world.play(video_id, url, Range=f"bytes=0-{step - 1}").content

    def part(first):
        return requests.get(url, headers={"Range": f"bytes={first}-{first + step - 1}"}, timeout=30).content

    with ThreadPoolExecutor(4) as pool:
        rest = list(pool.map(part, range(step, len(data), step)))
    world.count(video_id, len(data) - step, plays=0)
    expect(sha256(begin + b"".join(rest)), sha256(data), "SHA-256")


@suite("flow: the statistics count every byte that this program received, in all calls that tell of flow")
def _(world):
    days = world.days()
    everything = sum(world.flow.values())
    expect_that(everything > 10_000_000, "too little was downloaded to tell")
    for video_id in world.ids:
        flow = sum(world.data.get_used_flow(video_id, day, day) for day in days)
        expect(flow, world.flow.get(video_id, 0), f"flow of video {video_id}")
    expect(world.account.get_used_flow(days[0], str(days[-1])), everything, "flow of the account")
    common = {"partner_id": world.client.partner_id}
    span = {"start_date": str(days[0]), "end_date": str(days[-1])}
    detail = world.client.get("/openapi/video_account/getUsedFlowDetail", {**common, **span})
    expect(sum(detail["flow"].values()), everything, "flow by day")
    rows = {}
    for day in days:
        query = {**common, "product_type": 5, "date": str(day), "page_size": 1000}
        for row in world.client.get("/openapi/video_data/getUsedFlowDetail", query)["list"]:
            rows[int(row["video_id"])] = rows.get(int(row["video_id"]), 0) + int(row["flow"])
    expect(rows, {video_id: size for video_id, size in world.flow.items() if size}, "flow by video")
    lines = world.client.get("/openapi/video_account/getStorgeAndFlowInfo", dict(common))
    expect(set(lines), page.LINES, "product lines")
    expect((lines["video"]["flow"], lines["total"]["flow"]), (everything, everything), "flow of the line")
    refused(1001, world.data.get_used_flow, world.ids[0], "2026-01-31", "2026-02-01")
    refused(1001, world.account.get_used_flow, "2026-02-02", "2026-02-01")


@suite("getAccountInfo: all that was stored and served")
def _(world):
    info = conforms(world.account.get_account_info(), page.ACCOUNT)
    expect(info.partner_id, world.options.partner_id, "partner_id")
    expect(info.used_flow, sum(world.flow.values()), "used_flow")
    videos = [world.video.get_info(video_id) for video_id in world.ids]
    transcoded = sum(video.total_transcode_size for video in videos)
    expect_that(info.used_storage >= transcoded > 10_000_000, f"storage {info.used_storage} against {transcoded}")


@suite("plays: one for each beginning, by day, by rank and by record")
def _(world):
    days = world.days()
    span = (days[0], days[-1])
    everything = sum(world.plays.values())
    expect(sum(world.data.get_partner_daily_play_count(*span).values()), everything, "plays of the account")
    expect(sum(world.data.get_partner_daily_play_count(*span, product_type=1).values()), 0, "plays of live classes")
    rank = [conforms(row, page.RANK) for row in world.data.get_video_play_count_rank(*span, product_type=5)]
    expect({row.video_id: row.play_count for row in rank}, {id_: n for id_, n in world.plays.items() if n}, "rank")
    counts = [row.play_count for row in rank]
    expect(counts, sorted(counts, reverse=True), "order of the rank")
    for video_id in world.ids:
        per_day = world.data.get_video_daily_play_count(video_id, str(days[0]), str(days[-1]))
        expect(sum(per_day.values()), world.plays.get(video_id, 0), f"plays of video {video_id}")
    exported = []
    for day in days:
        start = datetime.datetime.combine(day, datetime.time.min)
        report = world.data.export_video_report_batch(start, start.replace(hour=23, minute=59, second=59), page_size=1000)
        exported += [conforms(row, page.RECORD) for row in conforms(report, page.RECORDS).list]
    expect(len(exported), everything, "records")
    expect(len({row.guid for row in exported}), everything, "guids")


@suite("play records carry the viewer that the play URL names")
def _(world):
    data = mp4(125_000, 9, 60)
    video_id = world.new_video(data)
    world.wait(video_id)
    url = requests.Request("GET", world.url(video_id), params={"user_name": AWKWARD, "user_number": 42}).prepare().url
    world.play(video_id, url, **{"User-Agent": "Mozilla/5.0 (iPhone)"})
    rows = []
    for day in world.days():
        records = world.data.get_video_play_record(video_id, f"{day} 00:00:00", f"{day} 23:59:59")
        rows += conforms(records, page.RECORDS).list
    row, = rows
    seen = (row.user_name, row.user_number, row.client_type, row.play_length, row.user_ip)
    expect(seen, (AWKWARD, 42, 1, 9, "127.0.0.1"), "record")
    refused(1001, world.data.get_video_play_record, video_id, "2026-01-01 23:59:59", "2026-01-02 00:00:00")


@suite("the callback address is kept")
def _(world):
    expect(world.account.get_transcode_callback_url(), "", "address at first")
    url = "https://school.example/回调?a=1&b=2"
    expect(world.account.set_transcode_callback_url(url), url, "address")
    expect(world.account.get_transcode_callback_url(), url, "address")
    refused(1001, world.account.set_transcode_callback_url, "ftp://school.example/")
