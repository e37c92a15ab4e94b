"""The fields that the vendor's page documents for each answer, copied from its tables by hand and not from this project's code.

Where table and sample disagree on a type (a number against a text of digits), both are accepted.
"""

from checks import Failed, brief


def number(value):
    return isinstance(value, int) and not isinstance(value, bool)


def numeric(value):
    return number(value) or (isinstance(value, str) and value.isascii() and value.isdigit())


def text(value):
    return isinstance(value, str)


def listed(value):
    return isinstance(value, list)


UPLOAD_URL = {"video_id": number, "upload_url": text}
RESUME_URL = {"video_id": number, "upload_url": text, "upload_size": number}
STATUS = {"status": number, "info": text}
INFO = {
    "video_id": number, "name": text, "status": number, "total_size": number, "total_transcode_size": number,
    "create_time": number, "preface_url": text, "length": numeric, "audit_status": number, "file_md5": text,
    "origin_definition": text, "transcode_info": listed, "category": listed, "publish_status": number,
}
INFO_FILE = {"definition": text, "type": text, "size": numeric}
INFO_CATEGORY = {"id": number, "level": number, "name": text}
IMAGE = {"video_id": numeric, "height": number, "width": number, "img_count": number, "imgs": listed}
CATEGORY = {"id": numeric, "name": text, "parent_id": numeric, "level": numeric}
LEVELS = {f"category_level{level}_id": number for level in range(1, 6)}
CATEGORY_VIDEOS = {"total": numeric, "page": numeric, "page_size": numeric, "list": listed}
CATEGORY_VIDEO = {
    "video_id": number, "name": text, "status": number, "total_size": number, "create_time": numeric, "preface_url": text,
    "length": numeric, "publish_status": number, **LEVELS,
}
VIDEO_CATEGORY = {"video_id": number, **LEVELS}
ACCOUNT = {
    "partner_id": number, "mobile": text, "type": number, "status": number, "charge_type": number, "effect_time": text,
    "expire_time": text, "total_storage": number, "used_storage": number, "used_flow": number, "month_flow_limit": number,
}
URL = {"video_id": numeric, "play_info": lambda value: isinstance(value, dict)}
PLAY_VIDEO = {"duration": number, "size": number, "height": number, "width": number, "url": text}
PLAY_AUDIO = {"size": number, "url": text}
RECORDS = {"total": number, "list": listed, "page": number, "page_size": number}
RECORD = {
    "guid": text, "uuid": text, "video_id": number, "user_name": text, "user_number": number, "play_begin_time": text,
    "play_end_time": text, "play_length": number, "client_type": number, "user_ip": text, "area": text,
}
SHARE = {"js": text, "iframe": text, "flash": text}
RANK = {"video_id": number, "play_count": number}
VIDEOS = {"total": number, "page": number, "page_size": number, "list": listed}
VIDEO = {
    "video_id": number, "name": text, "status": number, "total_size": number, "create_time": text, "preface_url": text,
    "length": numeric, "publish_status": number,
}
SUBTITLE = {"subtitle_id": numeric, "subtitle_name": text, "subtitle_path": text, "create_time": text}
SUBTITLE_ROW = {**SUBTITLE, "is_default": numeric, "update_time": text}
LINES = {"large_class", "small_class", "double_teacher", "business", "video", "weclass", "doc", "total"}

# What the codes of definitions are called among the play URLs, and in getInfo.
PLAY_WORD = {"16": "low", "1": "high", "2": "superHD", "4": "720p", "8": "1080p"}
INFO_WORD = {"16": "std", "1": "high", "2": "super", "4": "720p", "8": "1080p"}


def conforms(value, shape, optional=None):
    """Every documented field is there, none besides, and each has its type. Returns the value."""
    if not isinstance(value, dict):
        raise Failed(f"not an object: {brief(value)}")
    allowed = {**shape, **(optional or {})}
    missing, undocumented = set(shape) - set(value), set(value) - set(allowed)
    if missing or undocumented:
        raise Failed(f"missing {sorted(missing)}, undocumented {sorted(undocumented)} in {brief(value)}")
    for name, item in value.items():
        if not allowed[name](item):
            raise Failed(f"{name} has another type: {brief(item)}")
    return value
