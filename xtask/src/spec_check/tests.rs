//! Each slip in the tables is found and named.

use super::*;
use crate::spec::fixture;

fn errors_of(from: &str, to: &str) -> String {
    check(&fixture::replaced(from, to).unwrap()).join("\n")
}

#[track_caller]
fn refuses(from: &str, to: &str, message: &str) {
    let errors = errors_of(from, to);
    assert!(errors.contains(message), "wanted: {message}\ngot: {errors}");
}

#[test]
fn the_fixture_is_in_order() {
    assert_eq!(
        check(&fixture::parse(fixture::VENDOR, fixture::CALLS).unwrap()),
        Vec::<String>::new()
    );
}

#[test]
fn duplicates_are_refused() {
    refuses(
        "name = \"clip/put\"",
        "name = \"clip/list\"",
        "[[operation]] `clip/list`: name `clip/list` is there twice",
    );
    refuses(
        "rust = \"PutClip\"",
        "rust = \"Clip\"",
        "[[struct]] `Clip`: the name `Clip` is there twice",
    );
    refuses(
        "name = \"since\"",
        "name = \"page\"",
        "[[operation]] `clip/list`: param `page` is there twice",
    );
    refuses(
        "value = 2,",
        "value = 1,",
        "[[enum]] `ClipType`: value `1` is there twice",
    );
    refuses(
        "id = \"2.1\"",
        "id = \"E0.1\"",
        "errata `E0.1`: the id is there twice",
    );
}

#[test]
fn a_setter_must_not_hide_a_method_of_call() {
    refuses(
        "name = \"since\", ",
        "name = \"since\", rust = \"items\",",
        "the setter `items` clashes with a method of Call",
    );
    refuses(
        "name = \"since\", ",
        "name = \"since\", rust = \"new\",",
        "`new` is a method of every request",
    );
}

#[test]
fn names_must_be_rust_names() {
    refuses(
        "rust = \"clip_type\", type = \"ClipType\", required",
        "type = \"ClipType\", required",
        "params `type`: rust: `type` is no Rust name",
    );
    refuses(
        "name = \"since\", ",
        "name = \"sinceDay\",",
        "`sinceDay` is no Rust name",
    );
    refuses(
        "rust = \"Long\"",
        "rust = \"Unknown\"",
        "values `Unknown`: rust: no name for a value",
    );
    refuses(
        "rust = \"PutClip\"",
        "rust = \"Secret\"",
        "the name `Secret` is taken by vodkit itself",
    );
}

#[test]
fn types_must_exist_and_fit() {
    refuses(
        "type = \"csv<ClipType>\"",
        "type = \"csv<Kind>\"",
        "params `types`: type: `csv<Kind>` is not possible",
    );
    refuses(
        "type = \"date\"",
        "type = \"time\"",
        "params `since`: type: `time` is for replies only",
    );
    refuses(
        "type = \"list<Clip>\", doc = \"The",
        "type = \"list<Klip>\", doc = \"The",
        "there is no struct or enum `Klip`",
    );
    refuses(
        "type = \"list<Clip>\", doc = \"Parts",
        "type = \"Clip\", doc = \"Parts",
        "`Clip`: contains itself",
    );
    refuses(
        "value = 2,",
        "value = \"2\",",
        "values `Long`: value: does not agree with `repr`",
    );
    refuses(
        "max_chars = 4",
        "max = 4",
        "params `name`: min, max: only for uint and int",
    );
}

#[test]
fn an_unsigned_text_is_refused() {
    refuses(
        "type = \"date\",",
        "type = \"date\", signed = false,",
        "params `since`: signed: only a file or a target",
    );
}

#[test]
fn paths_and_targets_must_agree() {
    refuses(
        "path = \"{upload_url}\"",
        "path = \"{address}\"",
        "path: `address` must be the one parameter",
    );
    refuses(
        "path = \"{upload_url}\"",
        "path = \"/put\"",
        "path: does not use the target `upload_url`",
    );
    refuses(
        "path = \"/openapi/clip/clear\"",
        "path = \"openapi\"",
        "path: must start with /",
    );
}

#[test]
fn paging_must_fit_params_and_result() {
    refuses(
        "default = \"20\", ",
        "",
        "paging: `page_size` is optional and has no number as default",
    );
    refuses(
        "total = \"total\"",
        "total = \"count\"",
        "paging: total: ClipList has no field `count`",
    );
    refuses(
        "items = \"list\"",
        "items = \"total\"",
        "paging: items: ClipList has no list `total`",
    );
    refuses(
        "page = \"page\"",
        "page = \"since\"",
        "paging: page: there is no param `since` of type uint",
    );
}

#[test]
fn codes_must_be_listed() {
    refuses(
        "errors = [\"429\"]",
        "errors = [\"430\"]",
        "errors: code `430` is not in vendor.toml",
    );
}

#[test]
fn common_params_are_not_repeated() {
    refuses(
        "name = \"since\",",
        "name = \"partner_id\",",
        "params `partner_id`: is a common parameter already",
    );
}

#[test]
fn costly_errata_are_few_and_stand_for_themselves() {
    let row = |id: usize, chosen: &str| {
        format!("[[erratum]]\nid = \"X{id}\"\nsays = \"a\"\nchosen = \"{chosen}\"\ncostly = true\n")
    };
    let with = |rows: &[String]| {
        let calls = format!("{}\n{}", fixture::CALLS, rows.join("\n"));
        check(&fixture::parse(fixture::VENDOR, &calls).unwrap())
    };
    let rows: Vec<_> = (0..MOST_COSTLY + 1).map(|id| row(id, "b")).collect();
    let marked = fixture::VENDOR.matches("costly = true").count()
        + fixture::CALLS.matches("costly = true").count();
    assert_eq!(with(&rows[..MOST_COSTLY - marked]), Vec::<String>::new());
    let errors = with(&rows[..MOST_COSTLY - marked + 1]).join("\n");
    assert!(errors.contains("acme: errata: 16 are costly"), "{errors}");
    let errors = with(&[row(0, "see E0.1")]).join("\n");
    assert!(
        errors.contains("errata `X0`: costly: mark the one that it refers to"),
        "{errors}"
    );
}
