"""Videos and what belongs to them: files, pictures, categories, tokens, subtitles."""

import datetime
import re
import time

import requests

import page
import upload_dialects as send
from checks import expect, expect_that
from page import conforms
from sources import mp4, sha256
from world import AWKWARD, CHINA, refused, suite


@suite("getStatus, getInfo, getImage, getUrl: before and after the transcoding, for all definitions and formats")
def _(world):
    data = mp4(250_000, 93, 30)
    codes = list(page.PLAY_WORD)
    ticket = world.create("全部.mp4", ",".join(codes), encrypt=1)
    video_id = ticket.video_id
    expect(world.video.get_status(video_id).status, 10, "status")
    info = conforms(world.video.get_info(video_id), page.INFO)
    expect((info.total_size, info.file_md5, info.transcode_info, info.category), (0, "", [], []), "what is not known yet")
    refused(1, world.video.get_url, video_id)
    send.multipart(ticket.upload_url, "data", "全部.mp4", data)
    world.wait(video_id)
    info = conforms(world.video.get_info(video_id), page.INFO)
    files = {(conforms(file, page.INFO_FILE)["definition"], file["type"]) for file in info.transcode_info}
    words = {page.INFO_WORD[code] for code in codes}
    wanted = {(word, kind) for word in words for kind in ("mp4", "flv", "m3u8", "encrypt")}
    expect(files, wanted, "transcode_info")
    expect(len(info.transcode_info), len(wanted), "files")
    expect(int(info.length), 93, "length, which the file's header tells")
    expect_that(abs(info.create_time - time.time()) < 30, "create_time")
    image = conforms(world.video.get_image(video_id), page.IMAGE)
    expect(len(image.imgs), image.img_count, "pictures")
    for url in [info.preface_url, *image.imgs]:
        expect(requests.get(url, timeout=30).content[:2], b"\xff\xd8", f"beginning of {url}")
    for kind in (None, "mp4", "flv", "m3u8", "encrypt"):
        play_info = conforms(world.video.get_url(video_id, format=kind, expires_in=600), page.URL).play_info
        expect(set(play_info), set(page.PLAY_WORD.values()), f"definitions as {kind}")
        for entry in play_info.values():
            conforms(entry, page.PLAY_VIDEO)
            expect((entry.size, entry.duration), (len(data), 93), "size and duration")
            expect(sha256(world.play(video_id, entry.url).content), sha256(data), f"bytes as {kind}")
    refused(1001, world.video.get_url, video_id, format="avi")


@suite("only the formats that were asked for are made; audio is one file")
def _(world):
    data = mp4(50_000, 5, 31)
    video_id = world.new_video(data, definition="1", format="1,4")
    world.wait(video_id)
    expect({file.type for file in world.video.get_info(video_id).transcode_info}, {"mp4", "m3u8"}, "formats")
    audio = world.new_video(data, file_name="音频.mp3", audio_with_view=1)
    world.wait(audio)
    entry = conforms(world.video.get_url(audio).play_info["audio"], page.PLAY_AUDIO)
    expect(sha256(world.play(audio, entry.url).content), sha256(data), "bytes")


@suite("removeDefinition and transcodeAgain: mp4 goes last, and comes back")
def _(world):
    video_id = world.new_video(mp4(50_000, 5, 32), definition="16,1")
    world.wait(video_id)
    files = lambda: {(f.definition, f.type) for f in world.video.get_info(video_id).transcode_info}
    high = {("high", kind) for kind in ("mp4", "flv", "m3u8")}
    std = {("std", kind) for kind in ("mp4", "flv", "m3u8")}
    refused(1, world.video.remove_definition, video_id, "1")
    expect(files(), high | std, "files after a refusal")
    reply = world.video.remove_definition(video_id, "1", type="2,4")
    expect(dict(reply), {"video_id": str(video_id), "definition": "1", "type": "2,4"}, "reply")
    reply = world.video.remove_definition(video_id, "1", type=None)
    expect(dict(reply), {"video_id": str(video_id), "definition": "1"}, "reply without type")
    expect(files(), std, "files")
    reply = world.video.transcode_again(video_id, "1,8", format="1")
    expect(dict(reply), {"video_id": str(video_id), "definition": "1,8"}, "reply")
    world.wait(video_id)
    expect(files(), std | {("high", "mp4"), ("1080p", "mp4")}, "files")


@suite("setPublishStatus: a blocked video does not play")
def _(world):
    data = mp4(20_000, 5, 33)
    video_id = world.new_video(data)
    world.verify(video_id, data)
    url = world.url(video_id)
    for status, code in ((2, 403), (1, 200)):
        expect(world.video.set_publish_status(video_id, status), status, "status")
        expect(world.play(video_id, url).status_code, code, f"play with status {status}")
    refused(1001, world.video.set_publish_status, video_id, 3)


@suite("delete: the video, its addresses and its upload are gone")
def _(world):
    video_id = world.new_video(mp4(20_000, 5, 34))
    world.wait(video_id)
    url = world.url(video_id)
    expect(world.video.delete(video_id), video_id, "video_id")
    world.ids.remove(video_id)
    for call in (world.video.get_info, world.video.get_status, world.video.get_resume_upload_url, world.video.delete):
        refused(5002, call, video_id)
    expect(world.play(video_id, url).status_code, 404, "play")


@suite("getVideoList: pages, order and the filter by time")
def _(world):
    pages, number = [], 1
    while True:
        part = conforms(world.video.get_video_list(page_size=7, page=number), page.VIDEOS)
        expect((part.total, part.page, part.page_size), (len(world.ids), number, 7), "total, page, page_size")
        if not part.list:
            break
        pages += [conforms(item, page.VIDEO, {"category": lambda value: isinstance(value, dict)}) for item in part.list]
        number += 1
    expect([item.video_id for item in pages], sorted(world.ids, reverse=True), "ids")
    now = datetime.datetime.now(CHINA).replace(tzinfo=None)
    ago, ahead = now - datetime.timedelta(hours=1), now + datetime.timedelta(hours=1)
    for since, total in ((ago, len(world.ids)), (ahead, 0), (str(ahead)[:19], 0)):
        expect(world.video.get_video_list(create_time=since).total, total, f"total since {since}")
    refused(1001, world.video.get_video_list, page_size=1001)
    refused(1001, world.video.get_video_list, create_time="yesterday")




@suite("categories: five levels in Chinese, videos in them, and what may not be deleted")
def _(world):
    ids, parent = [], 0
    for level in range(1, 6):
        name = f"第{level}级 {AWKWARD}"
        made = conforms(world.video.add_category(name, parent), page.CATEGORY)
        expect((made.name, int(made.parent_id), int(made.level)), (name, parent, level), "new category")
        parent = made.id
        ids.append(made.id)
    refused(1001, world.video.add_category, "第六级", parent)
    node, path = conforms(world.video.get_category_list()[0], page.CATEGORY, {"children": page.listed}), []
    while node:
        path.append(int(node.id))
        node = (node.children or [None])[0]
        node = node and conforms(node, page.CATEGORY, {"children": page.listed})
    expect(path, ids, "tree")
    root = conforms(world.video.get_category_info(), page.CATEGORY, {"children": page.listed})
    expect([int(child.id) for child in root.children], ids[:1], "children of the root")
    info = conforms(world.video.get_category_info(ids[3]), page.CATEGORY, {"children": page.listed})
    expect([int(child.id) for child in info.children], ids[4:], "children of the fourth level")

    video_id = world.new_video(mp4(20_000, 5, 40))
    world.wait(video_id)
    levels = {f"category_level{n}_id": id_ for n, id_ in enumerate(ids, 1)}
    reply = conforms(world.video.set_video_category(video_id, ids[4]), page.VIDEO_CATEGORY)
    expect(dict(reply), {"video_id": video_id, **levels}, "setVideoCategory")
    for category, total in ((ids[0], 1), (ids[1], 0), (ids[4], 1)):
        found = conforms(world.video.get_category_video(category, page_size=100), page.CATEGORY_VIDEOS)
        expect((int(found.total), len(found.list)), (total, total), f"videos of category {category}")
    row = conforms(found.list[0], page.CATEGORY_VIDEO)
    expect({name: row[name] for name in levels}, levels, "levels")
    path = [(entry["id"], entry["level"]) for entry in world.video.get_info(video_id).category]
    expect(path, list(zip(ids, range(1, 6))), "category of getInfo")
    row = next(item for item in world.video.get_video_list().list if item.video_id == video_id)
    expect(dict(row.category), levels, "category of getVideoList")
    refused(1001, world.video.get_category_video, ids[0], page_size=101)
    refused(1, world.video.delete_category, ids[4])
    refused(1, world.video.delete_category, ids[0])
    refused(1001, world.video.get_category_info, 1)
    other = world.video.add_category("临时").id
    expect(world.video.delete_category(other), other, "category_id")
    expect(len(world.video.get_category_list()), 1, "categories")


@suite("player tokens and share addresses open the player page, whose source plays")
def _(world):
    data = mp4(30_000, 5, 41)
    video_id = world.new_video(data)
    world.verify(video_id, data)
    token = world.video.get_player_token(video_id, 600)
    batch = world.video.get_player_token_batch(f"{video_id},{world.ids[0]}", 0)
    expect(set(batch), {str(video_id), str(world.ids[0])}, "ids of the batch")
    expect_that(len({token, *batch.values()}) == 3, "tokens are alike")
    refused(5002, world.video.get_player_token_batch, f"{video_id},1", 0)
    share = conforms(world.video.get_share_url(video_id), page.SHARE)
    player = f"{world.base}/web/video/player?vid={video_id}&token="
    expect_that(share.iframe.startswith(player), f"iframe address {share.iframe}")
    for url in (player + token, player + batch[str(video_id)], share.iframe, share.js):
        found = re.search(r"""src\s*=\s*["']([^"']+)["']""", requests.get(url, timeout=30).text)
        expect(sha256(world.play(video_id, found.group(1)).content), sha256(data), f"bytes by way of {url.split('?')[0]}")
    expect(requests.get(player + batch[str(world.ids[0])], timeout=30).status_code, 403, "status with another's token")
    same = world.client.get("/openapi/video/getShareUrl", {"partner_id": world.client.partner_id, "video_id": video_id})
    expect(set(same), set(share), "share addresses by GET")


@suite("subtitles, which the client has no methods for: its signature on multipart and on GET")
def _(world):
    video_id, name = world.ids[0], "字幕 " + AWKWARD
    content = "WEBVTT\n\n00:00.000 --> 00:01.000\n你好\n".encode()
    files = {"subtitle": ("中文.vtt", content, "text/vtt")}
    answer = world.signed("video/uploadSubtitle", {"video_id": video_id, "name": name}, files=files).json()
    expect(answer["code"], 0, answer["msg"])
    made = conforms(answer["data"], page.SUBTITLE)
    expect((made["subtitle_name"], requests.get(made["subtitle_path"], timeout=30).content), (name, content), "subtitle")
    common = {"partner_id": world.client.partner_id}
    one = {"subtitle_id": made["subtitle_id"]}

    def rows():
        return world.client.get("/openapi/video/getSubtitleList", {**common, "video_id": video_id})

    expect(int(conforms(rows()[0], page.SUBTITLE_ROW).is_default), 0, "is_default")
    expect(world.client.get("/openapi/video/setDefaultSubtitle", {**common, **one, "video_id": video_id}), None, "data")
    expect(world.client.post("/openapi/video/updateSubtitle", {**common, **one, "name": "新名"}), None, "data")
    expect((int(rows()[0].is_default), rows()[0].subtitle_name), (1, "新名"), "changed subtitle")
    expect(world.client.post("/openapi/video/deleteSubtitle", {**common, **one}), None, "data")
    expect(rows(), [], "subtitles")


@suite("deleteOriginVideo by GET: it plays, and cannot be transcoded again")
def _(world):
    data = mp4(30_000, 5, 42)
    video_id = world.new_video(data)
    world.verify(video_id, data)
    call = {"partner_id": world.client.partner_id, "video_ids": str(video_id)}
    expect(world.client.get("/openapi/video/deleteOriginVideo", call), None, "data")
    expect(sha256(world.play(video_id, world.url(video_id)).content), sha256(data), "bytes")
    refused(1, world.video.transcode_again, video_id, "8")
