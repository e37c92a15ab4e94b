//! API 12 to 17: the tree of categories.
//!
//! The page's samples disagree with its tables on types; what is sent here has the types of the samples.

use serde_json::{Value, json};

use super::Call;
use super::envelope::{BAD_PARAMETER, Fault, GENERIC};
use super::state::{Category, LEVELS, State};
use super::video::{newest_first, publish_status};
use crate::journal::Effect;

/// API 12. The first level has numbers, everything below has texts.
pub(super) fn get_category_list(call: &mut Call<'_>) -> Result<Value, Fault> {
    let list: Vec<Value> = children(call.state, call.owner, None)
        .map(|category| {
            let mut node = numbers(category);
            add_children(call.state, category, &mut node);
            node
        })
        .collect();
    Ok(json!({ "list": list }))
}

/// Nested nodes as texts; a leaf has no `children`. // assumed: category-leaf
fn add_children(state: &State, parent: &Category, node: &mut Value) {
    let nodes: Vec<Value> = children(state, parent.owner, Some(parent.id))
        .map(|child| {
            let mut node = json!({
                "id": child.id.to_string(),
                "name": child.name,
                "level": child.level.to_string(),
                "parent_id": parent.id.to_string(),
            });
            add_children(state, child, &mut node);
            node
        })
        .collect();
    if !nodes.is_empty() {
        node["children"] = Value::Array(nodes);
    }
}

/// API 13. Without an id, or with 0, it is the root. // assumed: category-root
pub(super) fn get_category_info(call: &mut Call<'_>) -> Result<Value, Fault> {
    let id = call.form.number("category_id")?.unwrap_or(0);
    let parent = if id == 0 {
        None
    } else {
        Some(known(call, "category_id", id)?)
    };
    let mut node = match parent {
        Some(category) => numbers(category),
        None => json!({ "id": 0, "name": "", "parent_id": 0, "level": 0 }),
    };
    if parent.is_none_or(|category| category.level < LEVELS) {
        let nodes: Vec<Value> = children(call.state, call.owner, parent.map(|category| category.id))
            .map(|child| {
                json!({ "id": child.id, "name": child.name, "parent_id": id, "level": child.level.to_string() })
            })
            .collect();
        node["children"] = Value::Array(nodes);
    }
    Ok(node)
}

/// API 14.
pub(super) fn add_category(call: &mut Call<'_>) -> Result<Value, Fault> {
    let name = call.form.required("name")?.to_owned();
    let parent = call.form.number("parent_id")?.filter(|id| *id != 0);
    let level = match parent {
        Some(id) => known(call, "parent_id", id)?.level + 1,
        None => 1,
    };
    if level > LEVELS {
        return Err(Fault::new(
            BAD_PARAMETER,
            "parameter parent_id: categories have five levels",
        )
        .assumed("category-depth"));
    }
    let id = call.state.next_id();
    let category = Category {
        id,
        owner: call.owner,
        name,
        parent,
        level,
    };
    let reply = numbers(&category);
    call.state.categories.insert(id, category);
    call.effects
        .push(Effect::CategoryCreated { category_id: id });
    Ok(reply)
}

/// API 15. Refused while videos are in it, and while it has categories below it.
pub(super) fn delete_category(call: &mut Call<'_>) -> Result<Value, Fault> {
    let id = known(
        call,
        "category_id",
        call.form.required_number("category_id")?,
    )?
    .id;
    if call
        .state
        .videos
        .values()
        .any(|video| video.category == Some(id))
    {
        return Err(
            Fault::new(GENERIC, format!("category {id} has videos")).assumed("refusal-code")
        );
    }
    if children(call.state, call.owner, Some(id)).next().is_some() {
        return Err(
            Fault::new(GENERIC, format!("category {id} has categories below it"))
                .assumed("category-delete"),
        );
    }
    call.state.categories.remove(&id);
    call.effects
        .push(Effect::CategoryDeleted { category_id: id });
    Ok(json!({ "category_id": id }))
}

/// API 16. A first-level category lists everything below it too. // assumed: category-descendants
pub(super) fn get_category_video(call: &mut Call<'_>) -> Result<Value, Fault> {
    let page = call.page(20, 100)?;
    let category = known(
        call,
        "category_id",
        call.form.required_number("category_id")?,
    )?;
    let ids = match category.level {
        1 => call.state.category_tree(category.id),
        _ => [category.id].into(),
    };
    let videos = newest_first(call, |video| {
        video.category.is_some_and(|id| ids.contains(&id))
    });
    let total = videos.len();
    let list: Vec<Value> = page
        .of(videos)
        .into_iter()
        .map(|video| {
            let [l1, l2, l3, l4, l5] = call.state.category_levels(video.category);
            json!({
                "video_id": video.id,
                "name": video.name,
                "status": video.status(call.now_ms).code(),
                "total_size": video.total_size(call.now_ms),
                "create_time": video.created_ms.div_euclid(1000),
                "preface_url": super::video::preface_url(call, video),
                "length": super::video::length(call, video),
                "publish_status": publish_status(video),
                "category_level1_id": l1,
                "category_level2_id": l2,
                "category_level3_id": l3,
                "category_level4_id": l4,
                "category_level5_id": l5,
            })
        })
        .collect();
    Ok(json!({
        "total": total.to_string(),
        "page": page.number.to_string(),
        "page_size": page.size.to_string(),
        "list": list,
    }))
}

/// API 17.
pub(super) fn set_video_category(call: &mut Call<'_>) -> Result<Value, Fault> {
    let category_id = known(
        call,
        "category_id",
        call.form.required_number("category_id")?,
    )?
    .id;
    let video = call.video_mut()?;
    let video_id = video.id;
    video.category = Some(category_id);
    call.effects.push(Effect::VideoChanged { video_id });
    let [l1, l2, l3, l4, l5] = call.state.category_levels(Some(category_id));
    Ok(json!({
        "video_id": video_id,
        "category_level1_id": l1,
        "category_level2_id": l2,
        "category_level3_id": l3,
        "category_level4_id": l4,
        "category_level5_id": l5,
    }))
}

fn numbers(category: &Category) -> Value {
    json!({
        "id": category.id,
        "name": category.name,
        "parent_id": category.parent.unwrap_or(0),
        "level": category.level,
    })
}

fn children(state: &State, owner: u64, parent: Option<u64>) -> impl Iterator<Item = &Category> {
    state
        .categories
        .values()
        .filter(move |category| category.owner == owner && category.parent == parent)
}

fn known<'a>(call: &'a Call<'_>, parameter: &str, id: u64) -> Result<&'a Category, Fault> {
    let unknown = || {
        Fault::parameter(parameter, &format!("category {id} does not exist"))
            .assumed("unknown-thing")
    };
    call.state.category(call.owner, id).ok_or_else(unknown)
}
