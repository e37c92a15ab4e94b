//! Media: files of an object storage that were registered.

use serde_json::{Map, Value, json};

use super::Call;
use super::category;
use super::envelope::{Fault, Success};
use super::state::{Medium, State};
use crate::clock;
use crate::journal::Change;

/// Widest and highest picture of a snapshot, in pixels.
const MAX_PIXELS: u64 = 4096;

/// The number of the vendor's own storage.
const MOS: u64 = 1;

/// Registers a file.
pub(super) fn register(call: &mut Call<'_>) -> Result<Success, Fault> {
    let text = |name: &str| call.body.text(name).unwrap_or_default().to_owned();
    let (bucket, file_uri) = (text("bucket"), text("fileUri"));
    let key = file_uri
        .strip_prefix(bucket.as_str())
        .and_then(|rest| rest.strip_prefix('/'));
    if key.is_none_or(str::is_empty) {
        let problem = "is not the bucket, a slash and the key of the object";
        return Err(Fault::parameter("fileUri", problem).assumed("file-uri"));
    }
    let cloud_provider = call.body.number("cloudProviderType").unwrap_or_default();
    // assumed: object-exists
    if cloud_provider == MOS && !call.file_exists {
        return Err(
            Fault::not_found("the storage has no object at fileUri").assumed("object-exists")
        );
    }
    let class_id = text("classId");
    let class_id = (!class_id.is_empty()).then_some(class_id);
    if let Some(id) = &class_id {
        category::known(call, id, "classId")?;
    }
    let workflow = call
        .body
        .object("internalWorkflowParam")
        .cloned()
        .unwrap_or_default();
    check_workflow(&workflow)?;
    let medium = Medium {
        owner: call.owner.clone(),
        class_id,
        display_name: text("displayName"),
        description: text("description"),
        tag: text("tag"),
        media_type: call.body.number("type").unwrap_or_default(),
        cloud_provider,
        bucket,
        file_uri,
        workflow,
        created_ms: call.now_ms,
        processed_ms: call.now_ms.saturating_add(call.transcode_ms),
    };
    let id = call.state.fresh_uuid();
    call.state.media.insert(id.clone(), medium);
    call.changed("media", &id, Change::Created);
    // assumed: register-reply
    Ok(Success::new(id))
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Success, Fault> {
    let id = call.path_id;
    match call.state.medium(&call.owner, id) {
        Some(medium) => Ok(Success::new(shown(call.state, id, medium, call.now_ms))),
        None => Err(Fault::not_found("the account has no medium of this id")),
    }
}

/// What there is to know of a medium, in the words of its registration. // assumed: media-shape
fn shown(state: &State, id: &str, medium: &Medium, now_ms: i64) -> Value {
    let category = medium
        .class_id
        .as_deref()
        .and_then(|id| state.category(&medium.owner, id));
    // assumed: media-status
    let (status, updated_ms) = if now_ms < medium.processed_ms {
        ("processing", medium.created_ms)
    } else {
        ("finished", medium.processed_ms)
    };
    json!({
        "uuid": id,
        "classId": medium.class_id.as_deref().unwrap_or_default(),
        "className": category.map(|category| category.name.as_str()).unwrap_or_default(),
        "displayName": medium.display_name,
        "description": medium.description,
        "tag": medium.tag,
        "type": medium.media_type,
        "cloudProviderType": medium.cloud_provider,
        "bucket": medium.bucket,
        "fileUri": medium.file_uri,
        "internalWorkflowParam": medium.workflow,
        "status": status,
        "createTime": clock::date_time_text(medium.created_ms),
        "updateTime": clock::date_time_text(updated_ms),
    })
}

/// Checks what the page says of the members that it names; others are accepted, since the page breaks off.
fn check_workflow(workflow: &Map<String, Value>) -> Result<(), Fault> {
    let refuse = |what: &str, problem: &str| {
        Err(Fault::parameter(
            &format!("internalWorkflowParam.{what}"),
            problem,
        ))
    };
    for name in ["proxy", "audit", "poster", "mediainfo"] {
        if let Some(step) = workflow.get(name)
            && !matches!(step["enable"].as_u64(), Some(0 | 1))
        {
            return refuse(name, "has no enable that is 1 or 0");
        }
    }
    let Some(snapshot) = workflow.get("snapshot") else {
        return Ok(());
    };
    let Some(snapshot) = snapshot.as_object() else {
        return refuse("snapshot", "is not an object");
    };
    let wrong = |name: &str, right: &dyn Fn(&Value) -> bool| {
        snapshot.get(name).is_some_and(|value| !right(value))
    };
    // Declared a text, with numbers as its values: either will do. // assumed: snapshot-type
    let kind = |value: &Value| *value == 1 || *value == 2 || *value == "1" || *value == "2";
    if wrong("type", &kind) {
        return refuse("snapshot.type", "is neither 1 nor 2");
    }
    if wrong("start", &|value| value.as_f64().is_some_and(|ms| ms >= 0.0)) {
        return refuse("snapshot.start", "is not a number of milliseconds");
    }
    if wrong("interval", &|value| value.as_u64().is_some_and(|s| s > 0)) {
        return refuse("snapshot.interval", "is not an int greater than 0");
    }
    for name in ["width", "height"] {
        let fits = |value: &Value| value.as_u64().is_some_and(|pixels| pixels <= MAX_PIXELS);
        if wrong(name, &fits) {
            return refuse(&format!("snapshot.{name}"), "is not an int from 0 to 4096");
        }
    }
    Ok(())
}
