//! What the other sides answer: they repeat what they hear.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use vodkit_tests::conformance::server::{Seen, reply};

/// All that was heard, in words.
pub(crate) fn words(seen: &Seen) -> String {
    let body = String::from_utf8_lossy(&seen.body);
    // Of a long text only the beginning is shown, so what is most telling comes first.
    let token = seen.header("authorization").unwrap_or_default();
    format!("{} {token} {body} {:?}", seen.line, seen.headers)
}

pub(crate) fn json_reply(value: &Value) -> Vec<u8> {
    reply(
        "200 OK",
        &["content-type: application/json"],
        value.to_string(),
    )
}

/// A refusal in the frame of any vendor.
pub(crate) fn refused(seen: &Seen) -> Value {
    let words = words(seen);
    json!({
        "code": 400, "result": "false", "status": "error", "msg": words, "message": words, "requestId": words, "data": words,
    })
}

/// Gives keys to who asks for them, and repeats all else: the storage is a side of its own.
pub(crate) fn granted(seen: &Seen) -> Vec<u8> {
    let host = format!("http://{}", seen.header("host").unwrap());
    let packed = |value: Value| BASE64.encode(value.to_string());
    let (method, target) = seen.target();
    let data = if target.contains("getUploadUrl") {
        json!({ "code": 0, "msg": "", "data": {
            "video_id": 77, "upload_url": format!("{host}/up?fid=77&ts=1&token=canary-upload-token-0123456789"),
        } })
    } else if target.contains("VideoUploadAuth") {
        json!({ "result": "true", "code": "200", "message": "", "requestId": "r", "data": {
            "videoId": "77",
            "uploadAddress": packed(json!({ "Endpoint": host, "Bucket": "bucket", "FileName": "a/b.mp4" })),
            "uploadAuth": packed(json!({
                "SecurityToken": "canary-sts-token-0123456789", "AccessKeyId": "canary-sts-id-0123456789",
                "AccessKeySecret": "canary-sts-key-0123456789", "Expiration": "3600",
            })),
        } })
    } else if target.ends_with("/login") && method == "POST" {
        json!({ "requestId": "r", "code": 200, "msg": "ok", "data": { "jwt": {
            "access_token": "canary-access-token-0123456789", "expires_in": 36_000,
        } } })
    } else if method == "PUT" {
        let xml = format!(
            "<Error><Code>SignatureDoesNotMatch</Code><Message>{0}</Message><RequestId>{0}</RequestId></Error>",
            words(seen)
        );
        return reply("403 Forbidden", &["content-type: application/xml"], xml);
    } else {
        refused(seen)
    };
    json_reply(&data)
}
