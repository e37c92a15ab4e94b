//! What the documents say of the emulator, and the coverage page of emulator and stories, is so.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in its helpers"
)]

use std::fs;

use vodkit_emulator::{ASSUMPTIONS, Assumption, Emulator, baijiayun, mediacloud, polyv, quvideo};
use vodkit_tests::pages::{VENDORS, blocks, read, root, tables_of};

/// The accounts that its document gives to the emulator are those that it has.
#[test]
fn the_accounts_of_the_emulator_are_documented() {
    let page = read("docs/emulator.md");
    let partner_id = baijiayun::DEFAULT_PARTNER_ID.to_string();
    for (vendor, accounts) in [
        (
            "BAIJIAYUN",
            &[
                (
                    "PARTNER_ID",
                    partner_id.as_str(),
                    "baijiayun::DEFAULT_PARTNER_ID",
                ),
                (
                    "PARTNER_KEY",
                    baijiayun::DEFAULT_PARTNER_KEY,
                    "baijiayun::DEFAULT_PARTNER_KEY",
                ),
                (
                    "SECRET_KEY",
                    baijiayun::DEFAULT_SECRET_KEY,
                    "baijiayun::DEFAULT_SECRET_KEY",
                ),
            ][..],
        ),
        (
            "POLYV",
            &[
                ("USER_ID", polyv::DEFAULT_USER_ID, "polyv::DEFAULT_USER_ID"),
                (
                    "SECRET_KEY",
                    polyv::DEFAULT_SECRET_KEY,
                    "polyv::DEFAULT_SECRET_KEY",
                ),
            ],
        ),
        (
            "QUVIDEO",
            &[("TOKEN", quvideo::DEFAULT_TOKEN, "quvideo::DEFAULT_TOKEN")],
        ),
        (
            "MEDIACLOUD",
            &[
                (
                    "USERNAME",
                    mediacloud::DEFAULT_USERNAME,
                    "mediacloud::DEFAULT_USERNAME",
                ),
                (
                    "PASSWORD",
                    mediacloud::DEFAULT_PASSWORD,
                    "mediacloud::DEFAULT_PASSWORD",
                ),
            ],
        ),
    ] {
        let mut exports = format!("export VODKIT_{vendor}_BASE_URL=http://127.0.0.1:8600");
        for (name, value, constant) in accounts {
            let row = format!("| `VODKIT_{vendor}_{name}` | `{value}` | `{constant}` |\n");
            assert!(page.contains(&row), "{row}");
            if *name != "SECRET_KEY" || vendor == "POLYV" {
                exports.push_str(&format!(" VODKIT_{vendor}_{name}={value}"));
            }
        }
        assert!(page.contains(&format!("{exports}\n")), "{exports}");
    }
}

/// The reply of the health check is the one that its document shows, but for the time.
#[test]
fn the_health_check_is_documented() {
    let block = blocks("docs/emulator.md")
        .into_iter()
        .find(|block| block.language == "json" && block.text.contains("vendors"))
        .unwrap();
    let mut shown: serde_json::Value = serde_json::from_str(&block.text).unwrap();
    let emulator = Emulator::start().unwrap();
    let address = format!("{}/_vodkit/health", emulator.base_url());
    let text = ureq::get(&address)
        .call()
        .unwrap()
        .into_body()
        .read_to_string();
    let mut told: serde_json::Value = serde_json::from_str(&text.unwrap()).unwrap();
    assert!(told["time"].is_i64());
    told["time"] = 0.into();
    shown["time"] = 0.into();
    assert_eq!(shown, told);
}

/// The replies of an emulator to commands of curl.
fn run(commands: &str, emulator: &Emulator) -> Vec<serde_json::Value> {
    let reply = |line: &str| {
        let (_, path) = line.rsplit_once(":8600").unwrap();
        let address = format!("{}{path}", emulator.base_url());
        let data = line.split('\'').nth(1);
        let reply = match data {
            Some(data) => ureq::post(&address).send(data),
            None if line.contains("-X DELETE") => ureq::delete(&address).call(),
            None => ureq::get(&address).call(),
        };
        let text = reply.unwrap().into_body().read_to_string().unwrap();
        assert!(text.ends_with('\n'), "a prompt follows: {text}");
        serde_json::from_str(&text).unwrap()
    };
    commands.lines().map(reply).collect()
}

/// What the document sends with curl is taken by an emulator, and the first reply is the one that it shows.
#[test]
fn the_commands_of_the_faults_do_what_they_say() {
    let page = blocks("docs/emulator.md");
    let commands = page.iter().find(|block| block.text.starts_with("curl "));
    let emulator = Emulator::start().unwrap();
    let replies = run(&commands.unwrap().text, &emulator);
    let shown = page
        .iter()
        .find(|block| block.language == "json" && block.text.contains("unfired"));
    let shown: serde_json::Value = serde_json::from_str(&shown.unwrap().text).unwrap();
    assert_eq!(replies[0], shown);
    assert_eq!(replies[1]["faults"].as_array().unwrap().len(), 2);
    assert_eq!(replies[2]["unfired"].as_array().unwrap().len(), 3);
    assert!(emulator.faults().report().is_empty());
}

/// Every fault that the document shows as JSON is understood, and every method is one that there is.
#[test]
fn the_table_of_the_faults_is_true() {
    let page = read("docs/emulator.md");
    let table = page.split("| method | over the wire").nth(1).unwrap();
    let table = table.split("\n\n").next().unwrap();
    let emulator = Emulator::start().unwrap();
    let address = format!("{}/_vodkit/faults", emulator.base_url());
    let methods = read("crates/vodkit-emulator/src/fault/plan.rs");
    let mut rules = 0;
    for row in table.lines().skip(2) {
        let cells: Vec<&str> = row.split(" | ").collect();
        let code = |cell: &str| -> Vec<String> {
            let inside = cell.split('`').skip(1).step_by(2);
            inside.map(str::to_owned).collect()
        };
        for method in code(cells[0]) {
            let name = method.split('(').next().unwrap();
            assert!(methods.contains(&format!("pub fn {name}(self")), "{name}");
        }
        for action in code(cells[1]) {
            let rule = format!(r#"{{ "do": {action} }}"#);
            let reply = ureq::post(&address).send(rule.as_str());
            assert!(reply.is_ok(), "{rule}");
            rules += 1;
        }
    }
    assert_eq!((rules, emulator.faults().report().len()), (17, 17));
}

/// What the document plans with curl is planned by an emulator, and the first reply is the one that it shows.
#[test]
fn the_commands_of_the_outcomes_do_what_they_say() {
    let page = blocks("docs/emulator.md");
    let of_outcomes = |language: &str| {
        page.iter()
            .find(|block| block.language == language && block.text.contains("outcomes"))
            .unwrap()
    };
    let emulator = Emulator::start().unwrap();
    let replies = run(&of_outcomes("sh").text, &emulator);
    let shown: serde_json::Value = serde_json::from_str(&of_outcomes("json").text).unwrap();
    assert_eq!(replies[0], shown);
    assert_eq!(replies[1]["outcomes"][0]["vendor"], "baijiayun");
    assert_eq!(replies[2]["unmet"], serde_json::json!([1, 2, 3]));
    assert!(emulator.outcomes().report().is_empty());
    for page in ["docs/callbacks.md", "docs/callbacks.zh-CN.md"] {
        let page = blocks(page);
        let commands = page.iter().find(|block| block.text.starts_with("curl "));
        let replies = run(&commands.unwrap().text, &emulator);
        assert_eq!(replies.len(), 1);
        assert_eq!(replies[0]["status"], "ok");
    }
    assert_eq!(emulator.outcomes().unmet().len(), 2);
}

/// Every outcome that the document shows as JSON is understood for the vendors beside it, and for no others, and there is none that it does not show.
#[test]
fn the_table_of_the_outcomes_is_true() {
    let page = read("docs/emulator.md");
    let table = page.split("| `Becomes::` |").nth(1).unwrap();
    let table = table.split("\n\n").next().unwrap();
    let emulator = Emulator::start().unwrap();
    let address = format!("{}/_vodkit/outcomes", emulator.base_url());
    let (mut names, mut becomes) = (Vec::new(), String::new());
    let mut known = std::collections::BTreeMap::<String, Vec<String>>::new();
    for row in table.lines().skip(2) {
        let cells: Vec<&str> = row.split('|').skip(1).collect();
        let code = |cell: &str| cell.split('`').nth(1).map(str::to_owned);
        names.extend(code(cells[0]));
        becomes = code(cells[1]).unwrap_or(becomes);
        let vendor = cells[2].trim().to_lowercase();
        known.entry(becomes.clone()).or_default().push(vendor);
    }
    for (becomes, vendors) in &known {
        for vendor in VENDORS {
            let rule = format!(r#"{{ "vendor": "{vendor}", "becomes": {becomes} }}"#);
            let reply = ureq::post(&address).send(rule.as_str());
            assert_eq!(
                reply.is_ok(),
                vendors.contains(&vendor.to_owned()),
                "{rule}"
            );
        }
    }
    let source = read("crates/vodkit-emulator/src/outcome/plan.rs");
    let variants = source.split("pub enum Becomes {").nth(1).unwrap();
    let variants: Vec<&str> = variants
        .split("\n}")
        .next()
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| line.trim_end_matches([',', '{', ' ']))
        .collect();
    names.sort();
    let mut sorted = variants.clone();
    sorted.sort_unstable();
    assert_eq!(names, sorted);
    assert_eq!(known.len(), variants.len());
}

/// The coverage page says of the emulator and of the stories what is so.
#[test]
fn what_the_coverage_claims_is_there() {
    for vendor in VENDORS {
        let tables = tables_of(vendor);
        let claims = |key: &str| tables.contains(&format!("\n{key} = true\n"));
        let story = fs::read_to_string(root().join(format!("tests/tests/{vendor}.rs")));
        let is_told = story.is_ok_and(|text| text.contains(" in the story\""));
        assert_eq!(
            claims("story"),
            is_told,
            "docs/spec/{vendor}/vendor.toml: story"
        );
        assert_eq!(
            claims("emulated"),
            emulator_lacks(vendor).is_empty(),
            "docs/spec/{vendor}/vendor.toml: emulated; it lacks {:?}",
            emulator_lacks(vendor)
        );
    }
}

/// The calls of a vendor's table that the emulator does not know.
fn emulator_lacks(vendor: &str) -> Vec<&'static str> {
    let emulator = Emulator::start().unwrap();
    let operations = match vendor {
        "baijiayun" => vodkit_types::baijiayun::operations::ALL,
        "mediacloud" => vodkit_types::mediacloud::operations::ALL,
        "polyv" => vodkit_types::polyv::operations::ALL,
        _ => vodkit_types::quvideo::operations::ALL,
    };
    let unknown = operations.iter().filter(|operation| {
        // Nobody is let in and nothing is found, but what is known is called by its name in the journal.
        let path = match operation.path.starts_with('/') {
            true => operation.path.replace(['{', '}'], ""),
            false => "/upload".to_owned(),
        };
        let request = ureq::http::Request::builder()
            .method(operation.method)
            .uri(format!("{}{path}", emulator.base_url()))
            .body(())
            .unwrap();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .build()
            .new_agent();
        let sent = agent.run(request).map(|reply| reply.status().as_u16());
        let journal = emulator.journal();
        let record = journal.last();
        let named = record.is_some_and(|record| {
            record.vendor == Some(vendor) && record.operation == Some(operation.name)
        });
        sent.is_err() || !named
    });
    unknown.map(|operation| operation.name).collect()
}

/// What the emulator assumes is in its document, row by row.
#[test]
fn every_assumption_of_the_emulator_is_documented() {
    let table = |(vendor, list): &(&str, &[Assumption])| {
        let row = |a: &Assumption| format!("| `{}` | {} | {} |\n", a.id, a.what, a.why);
        let rows: String = list.iter().map(row).collect();
        format!("### {vendor}\n\n| id | what it does | why |\n|---|---|---|\n{rows}")
    };
    let expected = ASSUMPTIONS.iter().map(table).collect::<Vec<_>>().join("\n");
    let page = read("docs/emulator.md");
    let heading = page
        .find("## Assumed behaviour")
        .expect("the heading is there");
    let start = heading
        + page[heading..]
            .find("### ")
            .expect("a table for each vendor");
    if std::env::var_os("VODKIT_BLESS").is_some() {
        fs::write(
            root().join("docs/emulator.md"),
            format!("{}{expected}", &page[..start]),
        )
        .unwrap();
        return;
    }
    assert!(
        page[start..] == expected,
        "run this test with VODKIT_BLESS=1 to write the tables in docs/emulator.md anew"
    );
}
