"""Uploads in every dialect, whole, in slices, broken and at once."""

import time
from concurrent.futures import ThreadPoolExecutor

import requests

import page
import upload_dialects as send
from checks import Failed, expect, expect_that
from page import conforms
from sources import mp4
from world import suite


@suite("requests: multipart with part names data and file, and a name in Chinese")
def _(world):
    for seed, part in enumerate(("data", "file")):
        data = mp4(700_001 + seed, 61, seed)
        ticket = world.create("第一课 函数(上)&=+%.mp4")
        send.multipart(ticket.upload_url, part, "第一课.mp4", data)
        world.verify(ticket.video_id, data)
        expect(world.video.get_info(ticket.video_id).name, "第一课 函数(上)&=+%", "name")


@suite("curl -F with part names data and file, one of them above the size that asks for 100-continue")
def _(world):
    for size, part in ((123_457, "data"), (3_000_000, "file")):
        data = mp4(size, 10, size)
        path = world.scratch / f"课 {part}.mp4"
        path.write_bytes(data)
        ticket = world.create(path.name)
        send.curl_form(ticket.upload_url, part, path)
        world.verify(ticket.video_id, data)


@suite("a multipart upload that breaks off leaves nothing, and can be repeated")
def _(world):
    data = mp4(400_000, 4, 5)
    ticket = world.create("断.mp4")
    form = requests.Request("POST", ticket.upload_url, files={"data": ("断.mp4", data)}).prepare()
    headers = {"Content-Type": form.headers["Content-Type"]}
    send.break_off(ticket.upload_url, headers, len(form.body), form.body[:200_000])
    expect(world.video.get_resume_upload_url(ticket.video_id).upload_size, 0, "upload_size")
    send.multipart(ticket.upload_url, "data", "断.mp4", data)
    world.verify(ticket.video_id, data)


@suite("slices, Android: a fresh address before each, from exactly what is stored")
def _(world):
    data = mp4(3 * send.ANDROID_SLICE + 7, 7, 11)
    ticket = world.create("安卓.mp4")
    resume = lambda: conforms(world.video.get_resume_upload_url(ticket.video_id), page.RESUME_URL)
    expect(send.android(resume, data), [n * send.ANDROID_SLICE for n in range(4)], "offsets")
    world.verify(ticket.video_id, data)


@suite("slices, Android: goes on inside of a slice whose connection broke")
def _(world):
    data = mp4(2 * send.ANDROID_SLICE + 1, 7, 12)
    ticket = world.create("断点.mp4")
    resume = lambda: world.video.get_resume_upload_url(ticket.video_id)
    expect(send.android(resume, data, stop_after=1), [0], "offsets")
    offset, arrived = send.ANDROID_SLICE, 300_001
    piece = send.slice_of(data, offset, send.ANDROID_SLICE)
    headers = {**send.ANDROID_HEADERS, "Content-Range": send.content_range(offset, len(piece), len(data))}
    send.break_off(resume().upload_url, headers, len(piece), piece[:arrived])
    deadline = time.monotonic() + 5
    while resume().upload_size != offset + arrived:
        expect_that(time.monotonic() < deadline, f"upload_size is {resume().upload_size}, not {offset + arrived}")
        time.sleep(0.02)
    expect(world.video.get_status(ticket.video_id).status, 10, "status")
    expect(send.android(resume, data), [offset + arrived], "offsets")
    world.verify(ticket.video_id, data)


@suite("slices, Web: no content type, X_FILENAME, and slices on a grid")
def _(world):
    data = mp4(2 * send.WEB_SLICE + 17, 120, 13)
    ticket = world.create("网页 上传.mp4")
    offsets = send.web(ticket.upload_url, 0, "网页 上传.mp4", data)
    expect(offsets, [0, send.WEB_SLICE, 2 * send.WEB_SLICE], "offsets")
    world.verify(ticket.video_id, data)


@suite("slices, Web: sends again what is stored below the grid, after somebody else stored an odd number of bytes")
def _(world):
    data = mp4(2 * send.WEB_SLICE - 5, 120, 14)
    ticket = world.create("续传.mp4")
    resume = lambda: world.video.get_resume_upload_url(ticket.video_id)
    send.android(resume, data, stop_after=3)
    stored = resume().upload_size
    expect(stored, 3 * send.ANDROID_SLICE, "upload_size")
    expect(send.web(resume().upload_url, stored, "续传.mp4", data), [send.WEB_SLICE], "offsets")
    world.verify(ticket.video_id, data)


@suite("slices of one byte, overlapping ones, and repeated last ones end with the right bytes")
def _(world):
    data = mp4(100_003, 3, 15)
    ticket = world.create("重叠.mp4")
    total = len(data)

    def put(first, length, content=None):
        piece = data[first:first + length] if content is None else content
        send.post_slice(ticket.upload_url, piece, send.content_range(first, length, total), send.ANDROID_HEADERS)
        return world.video.get_resume_upload_url(ticket.video_id).upload_size

    expect(put(0, 1), 1, "stored after one byte")
    expect(put(1, 49_999, bytes(49_999)), 50_000, "stored after bytes that will be sent anew")
    expect(put(0, 40_000), 50_000, "stored after an overlap inside")
    expect(put(30_000, 60_000), 90_000, "stored after an overlap at the end")
    expect(put(90_000, 10_003), total, "stored after the last one")
    expect(put(90_000, 10_003), total, "stored after the last one again")
    world.verify(ticket.video_id, data)


@suite("gaps, positions from zero, other totals, wrong lengths and forged tokens are refused with HTTP 200 and code 4001")
def _(world):
    data = mp4(5_000, 3, 16)
    ticket = world.create("错.mp4")
    put = lambda url, piece, span: send.post_slice(url, piece, span, send.ANDROID_HEADERS)
    put(ticket.upload_url, data[:1000], "bytes 1-1000/5000")
    cases = [
        ("a gap", ticket.upload_url, data[2000:3000], "bytes 2001-3000/5000"),
        ("positions from zero", ticket.upload_url, data[:1000], "bytes 0-999/5000"),
        ("another total", ticket.upload_url, data[1000:2000], "bytes 1001-2000/6000"),
        ("past the end", ticket.upload_url, data[1000:5000], "bytes 1001-5001/5000"),
        ("a short body", ticket.upload_url, data[1000:1500], "bytes 1001-2000/5000"),
        ("a long body", ticket.upload_url, data[1000:2500], "bytes 1001-2000/5000"),
        ("no range", ticket.upload_url, data[1000:2000], "bytes */5000"),
        ("a forged token", ticket.upload_url[:-1] + "x", data[1000:2000], "bytes 1001-2000/5000"),
    ]
    for what, url, piece, span in cases:
        try:
            put(url, piece, span)
        except send.Refused as refusal:
            expect(refusal.code, 4001, f"code of {what}")
        else:
            raise Failed(f"{what} was accepted")
    expect(world.video.get_resume_upload_url(ticket.video_id).upload_size, 1000, "upload_size")
    put(ticket.upload_url, data[1000:], "bytes 1001-5000/5000")
    world.verify(ticket.video_id, data)


@suite("a slice of unknown length (chunked transfer coding) is stored")
def _(world):
    data = mp4(300_000, 3, 17)
    ticket = world.create("流.mp4")
    headers = {"Content-Range": send.content_range(0, len(data), len(data)), **send.ANDROID_HEADERS}
    pieces = (data[start:start + 50_000] for start in range(0, len(data), 50_000))
    send.accepted(requests.post(ticket.upload_url, data=pieces, headers=headers, timeout=30).json())
    world.verify(ticket.video_id, data)


@suite("six uploads at once do not mix")
def _(world):
    jobs = [(world.create(f"并行{n}.mp4"), mp4(1_500_000 + n, 5, 20 + n), n) for n in range(6)]

    def upload(job):
        ticket, data, n = job
        if n % 3 == 0:
            send.web(ticket.upload_url, 0, "并行.mp4", data)
        elif n % 3 == 1:
            send.multipart(ticket.upload_url, "file", "并行.mp4", data)
        else:
            send.android(lambda: world.video.get_resume_upload_url(ticket.video_id), data)

    with ThreadPoolExecutor(len(jobs)) as pool:
        list(pool.map(upload, jobs))
    for ticket, data, _n in jobs:
        world.verify(ticket.video_id, data)


@suite("a browser of another origin may post slices")
def _(world):
    ticket = world.create("跨域.mp4")
    asked = "content-range,x_filename"
    headers = {"Origin": "https://school.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": asked}
    answer = requests.options(ticket.upload_url, headers=headers, timeout=30)
    expect(answer.status_code // 100, 2, "class of the status")
    expect(answer.headers.get("Access-Control-Allow-Origin"), "*", "origin")
    expect(answer.headers.get("Access-Control-Allow-Headers"), asked, "headers")
    expect_that("POST" in answer.headers.get("Access-Control-Allow-Methods", ""), "POST is not allowed")


@suite("what cannot be decoded ends with status 30")
def _(world):
    for name, data in (("课.xyz", b"no video"), ("空.mp4", b"")):
        world.wait(world.new_video(data, file_name=name), wanted=30)
