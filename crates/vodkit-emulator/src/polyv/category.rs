//! The tree of categories.

use serde_json::{Map, Value, json};

use super::envelope::Fault;
use super::state::{Category, Encryption, Profile, ROOT};
use super::{Call, living};
use crate::journal::Change;

/// `addCata`.
pub(super) fn add(call: &mut Call<'_>) -> Result<Value, Fault> {
    let parent = call.category("parentid")?.unwrap_or(ROOT.to_owned());
    let name = call.text("cataname").to_owned();
    let id = call.tenant.next_number().to_string();
    let category = Category {
        id: id.clone(),
        name,
        parent,
        profile: None,
    };
    call.tenant.categories.insert(id.clone(), category);
    call.did("category", id.as_str(), Change::Created);
    Ok(json!({ "cataid": id, "catatree": call.tenant.catatree(&id) }))
}

/// `cataJson`. The default category stands beside the first level, not above it. // assumed: category-root
pub(super) fn tree(call: &mut Call<'_>) -> Result<Value, Fault> {
    match call.category("cataid")? {
        Some(id) if id != ROOT => Ok(Value::Array(
            call.tenant
                .categories
                .get(&id)
                .map(|category| node(call, category))
                .into_iter()
                .collect(),
        )),
        _ => {
            let root = call.tenant.categories.get(ROOT);
            let first: Vec<Value> = root
                .map(|category| Value::Object(leaf(call, category)))
                .into_iter()
                .chain(call.tenant.children(ROOT).map(|child| node(call, child)))
                .collect();
            Ok(Value::Array(first))
        }
    }
}

fn leaf(call: &Call<'_>, category: &Category) -> Map<String, Value> {
    let videos = call.tenant.living(call.now_ms);
    let videos = videos.iter().filter(|video| video.category == category.id);
    let mut node = Map::new();
    node.insert("text".into(), category.name.as_str().into());
    node.insert("cataname".into(), category.name.as_str().into());
    node.insert("catatree".into(), call.tenant.catatree(&category.id).into());
    node.insert("cataid".into(), category.id.as_str().into());
    node.insert("parentid".into(), category.parent.as_str().into());
    node.insert("videos".into(), videos.count().into());
    node
}

/// A category and all below it. One without any below it has no `nodes`.
fn node(call: &Call<'_>, category: &Category) -> Value {
    let mut node = leaf(call, category);
    let below: Vec<Value> = call
        .tenant
        .children(&category.id)
        .map(|child| self::node(call, child))
        .collect();
    if !below.is_empty() {
        node.insert("nodes".into(), below.into());
    }
    Value::Object(node)
}

/// A category that the caller made.
fn own_category(call: &Call<'_>, name: &str) -> Result<String, Fault> {
    match call.category(name)? {
        Some(id) if id != ROOT => Ok(id),
        _ => Err(Fault::new("illegal cataid")
            .explained("the default category cannot be changed")
            .assumed("category-root")),
    }
}

/// `updateCata`.
pub(super) fn rename(call: &mut Call<'_>) -> Result<Value, Fault> {
    let id = own_category(call, "cataid")?;
    let name = call.text("cataname").to_owned();
    if let Some(category) = call.tenant.categories.get_mut(&id) {
        category.name = name;
    }
    call.did("category", id, Change::Changed);
    Ok(json!(true))
}

/// `deleteCata`: categories below go with it, videos go to the default one. // assumed: category-delete
pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, Fault> {
    let id = own_category(call, "cataid")?;
    let gone = call.tenant.category_and_below(&id);
    for video in call.tenant.videos.values_mut() {
        if gone.contains(&video.category) {
            ROOT.clone_into(&mut video.category);
        }
    }
    for draft in call.tenant.uploads.values_mut() {
        if gone.contains(&draft.category) {
            ROOT.clone_into(&mut draft.category);
        }
    }
    for id in gone {
        call.tenant.categories.remove(&id);
        call.did("category", id, Change::Deleted);
    }
    Ok(json!(true))
}

/// `changeCata`.
pub(super) fn move_videos(call: &mut Call<'_>) -> Result<Value, Fault> {
    let category = call.category("cataid")?.unwrap_or(ROOT.to_owned());
    let vids = call.vids("vids", living)?;
    for vid in vids {
        if let Some(video) = call.tenant.videos.get_mut(&vid) {
            video.category.clone_from(&category);
        }
        call.did("video", vid, Change::Changed);
    }
    Ok(json!(true))
}

/// `cata/change`: a category cannot go below itself. // assumed: category-cycle
pub(super) fn move_category(call: &mut Call<'_>) -> Result<Value, Fault> {
    let id = own_category(call, "cataid")?;
    let below = call.category("destCataid")?.unwrap_or(ROOT.to_owned());
    if call.tenant.category_and_below(&id).contains(&below) {
        return Err(Fault::new("illegal cataid")
            .explained("a category cannot go below itself")
            .assumed("category-cycle"));
    }
    if let Some(category) = call.tenant.categories.get_mut(&id) {
        category.parent = below;
    }
    call.did("category", id, Change::Changed);
    Ok(json!(true))
}

/// `updateCataProfile`, for the first level only.
pub(super) fn update_profile(call: &mut Call<'_>) -> Result<Value, Fault> {
    let id = own_category(call, "cataid")?;
    let encryption = Encryption {
        encrypt: call.switch("encrypt") == Some(true),
        level: call.form.text("hlslevel").unwrap_or("open").to_owned(),
    };
    let keep_source = call.switch("keepSource") == Some(true);
    // assumed: category-profile
    let own = !matches!(call.text("isSettings"), "N" | "0" | "false");
    let category = call.tenant.categories.get_mut(&id);
    match category.filter(|category| category.parent == ROOT) {
        Some(category) => {
            category.profile = own.then_some(Profile {
                encryption,
                keep_source,
            });
        }
        None => {
            return Err(Fault::new("illegal cataid")
                .explained("only categories of the first level have settings"));
        }
    }
    call.did("category", id, Change::Changed);
    Ok(json!(true))
}

/// `cata/size`: bytes of the category and of those below it, up to date. // assumed: category-figures
pub(super) fn size(call: &mut Call<'_>) -> Result<Value, Fault> {
    let id = call.category("cataid")?;
    let (_, bytes) = figures(call, id.as_deref(), true);
    Ok(json!(bytes))
}

/// `cata/total-stats`: the account when no category is named.
pub(super) fn total_stats(call: &mut Call<'_>) -> Result<Value, Fault> {
    let id = call.category("cataid")?;
    let below = call.text("containSubCata") == "true";
    let (videos, bytes) = figures(call, id.as_deref(), below);
    Ok(json!({ "videoNum": videos, "usedSpace": bytes }))
}

/// Number and bytes of the videos of a category, or of all.
fn figures(call: &Call<'_>, category: Option<&str>, below: bool) -> (usize, u64) {
    let counted = category.map(|id| {
        if below {
            call.tenant.category_and_below(id)
        } else {
            [id.to_owned()].into()
        }
    });
    let videos = call.tenant.living(call.now_ms);
    let sizes: Vec<u64> = videos
        .iter()
        .filter(|video| {
            counted
                .as_ref()
                .is_none_or(|ids| ids.contains(&video.category))
        })
        .map(|video| video.storage(call.now_ms))
        .collect();
    let bytes = sizes.iter().copied().fold(0, u64::saturating_add);
    (sizes.len(), bytes)
}
