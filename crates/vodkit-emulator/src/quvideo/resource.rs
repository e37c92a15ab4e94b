//! Music, stickers, captions, music videos and fonts.

use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use super::Call;
use super::catalogue::{
    ASPECTS, CAPTIONS, Category, FONTS, FRONT_STICKERS, Font, Item, MUSIC, MVS, Mv, STICKERS, file,
};
use super::envelope::Fault;
use super::state::State;
use crate::digest::hex;

/// How long the address of a piece of music works. // assumed: music-life
const MUSIC_LIFE_MS: i64 = 3600 * 1000;
/// When everything that is built in was created.
const CREATED: &str = "2024-03-19 14:32:38.0";

/// `music/getRecommendMusic`
pub(super) fn get_recommend_music(call: &mut Call<'_>) -> Result<Value, Fault> {
    let number = |name: &str| {
        let number = call.form.number(name).ok().flatten();
        number
            .filter(|number| (1..=50).contains(number))
            .ok_or_else(|| Fault::parameter(name, "must be from 1 to 50").assumed("page"))
    };
    let (page, size) = (number("pageNo")?, number("pageSize")?);
    let (skip, take) = (((page - 1) * size) as usize, size as usize);
    let list: Vec<Value> = MUSIC
        .iter()
        .skip(skip)
        .take(take)
        .map(|piece| {
            json!({
                "musicId": piece.id,
                "title": piece.title,
                "artistName": piece.artist,
                "duration": piece.seconds.to_string(),
                "source": "TaiHe",
                "image": format!("{}/quvideo/music/{}.jpg", call.base, piece.id),
            })
        })
        .collect();
    Ok(json!({ "musicList": list, "total": MUSIC.len().to_string() }))
}

/// `music/getPlayPath`
pub(super) fn get_play_path(call: &mut Call<'_>) -> Result<Value, Fault> {
    let id = call.form.required("musicId")?;
    if !MUSIC.iter().any(|piece| piece.id == id) {
        let problem = format!("music {id} does not exist");
        return Err(Fault::failed(problem).assumed("unknown-music"));
    }
    let expires = call.now_ms.saturating_add(MUSIC_LIFE_MS).div_euclid(1000);
    let seal = call.state(|state| music_seal(state, id, expires));
    Ok(json!({
        "playPath": format!("{}/quvideo/music/{id}.aac?xcode={seal}{expires:x}", call.base),
        "expireTime": expires.to_string(),
    }))
}

/// 32 digits that open a piece of music until a moment in Unix seconds.
pub(super) fn music_seal(state: &State, id: &str, expires: i64) -> String {
    state.seal(&format!("music|{id}|{expires}"))
}

fn resource_url(call: &Call<'_>, name: String) -> String {
    format!("{}/quvideo/resource/{name}", call.base)
}

/// `resource/getPasterInfo`
pub(super) fn get_paster_info(call: &mut Call<'_>) -> Result<Value, Fault> {
    let list = STICKERS.iter().map(|category| {
        let mut entry = category_entry(call, category, 1, "");
        entry["level"] = json!(1);
        entry
    });
    Ok(list.collect())
}

/// `resource/getTextPaster`: without the level, which the other list has.
pub(super) fn get_text_paster(call: &mut Call<'_>) -> Result<Value, Fault> {
    let list = CAPTIONS
        .iter()
        .map(|category| category_entry(call, category, 2, "type=text&"));
    Ok(list.collect())
}

fn category_entry(call: &Call<'_>, category: &Category, kind: u64, query: &str) -> Value {
    let id = category.id;
    json!({
        "id": id,
        "icon": resource_url(call, format!("{id}-icon.jpg")),
        "description": category.description,
        "name": category.name,
        "preview": format!("{}/quvideo/preview?{query}id={id}", call.base),
        "sort": category.sort,
        "type": kind,
        "createTime": CREATED,
    })
}

fn item_entry(call: &Call<'_>, item: &Item) -> Value {
    let id = item.id;
    json!({
        "id": id,
        "icon": resource_url(call, format!("{id}-icon.jpg")),
        "url": resource_url(call, format!("{id}.mat")),
        "preview": resource_url(call, format!("{id}-preview.gif")),
        "name": item.name,
        "sort": 0,
        "type": 0,
        "fontId": item.font,
        "createTime": CREATED,
    })
}

/// The items of a category, none if there is no such category. // assumed: unknown-category
fn items_of(list: &'static [Category], id: Option<u64>) -> &'static [Item] {
    list.iter()
        .find(|category| Some(category.id) == id)
        .map_or(&[], |category| category.items)
}

/// `resource/getPasterList`. The server does not look at the type.
pub(super) fn get_paster_list(call: &mut Call<'_>) -> Result<Value, Fault> {
    let items = items_of(STICKERS, call.form.number("pasterId")?);
    Ok(items.iter().map(|item| item_entry(call, item)).collect())
}

/// `resource/getFrontPasterList`: with the members that the other list of stickers lacks.
pub(super) fn get_front_paster_list(call: &mut Call<'_>) -> Result<Value, Fault> {
    let list = FRONT_STICKERS.iter().map(|item| {
        let mut entry = item_entry(call, item);
        entry["mediaId"] = json!(0);
        entry["duration"] = json!(0);
        entry["desc"] = json!("");
        entry["aspect"] = json!(0);
        entry
    });
    Ok(list.collect())
}

/// `resource/getTextPasterList`
pub(super) fn get_text_paster_list(call: &mut Call<'_>) -> Result<Value, Fault> {
    let items = items_of(CAPTIONS, call.form.number("textPasterId")?);
    let list = items.iter().map(|item| {
        let mut entry = item_entry(call, item);
        // The file has an id of its own.
        entry["mediaId"] = json!(item.id + 886);
        entry["duration"] = json!(0);
        entry["desc"] = json!("");
        entry
    });
    Ok(list.collect())
}

/// `resource/getMv`
pub(super) fn get_mv(call: &mut Call<'_>) -> Result<Value, Fault> {
    Ok(MVS.iter().map(|mv| mv_entry(call, mv)).collect())
}

fn mv_entry(call: &Call<'_>, mv: &Mv) -> Value {
    let id = mv.id;
    let aspects: Vec<Value> = ASPECTS
        .map(|aspect| {
            let name = format!("{id}-{aspect}.mat");
            let digest = file(&name).map(|(bytes, _)| hex(&Md5::digest(&bytes)));
            json!({ "aspect": aspect, "download": resource_url(call, name), "md5": digest })
        })
        .collect();
    json!({
        "id": id,
        "previewPic": resource_url(call, format!("{id}-preview.jpg")),
        "previewMp4": resource_url(call, format!("{id}.mp4")),
        "icon": resource_url(call, format!("{id}-icon.jpg")),
        "duration": mv.seconds,
        "name": mv.name,
        "sort": mv.sort,
        "createTime": CREATED,
        "aspectList": aspects,
    })
}

/// `resource/getFont`: one font as an object, all of them as a list. // assumed: all-fonts
pub(super) fn get_font(call: &mut Call<'_>) -> Result<Value, Fault> {
    let entry = |font: &Font| {
        let id = font.id;
        json!({
            "id": id,
            "name": font.name,
            "banner": resource_url(call, format!("{id}-banner.jpg")),
            "icon": resource_url(call, format!("{id}-icon.jpg")),
            "url": resource_url(call, format!("{id}.mat")),
            "sort": font.sort,
        })
    };
    Ok(match call.form.number("fontId")? {
        None => FONTS.iter().map(entry).collect(),
        Some(id) => FONTS
            .iter()
            .find(|font| font.id == id)
            .map_or(Value::Null, entry),
    })
}
