//! What campaigns have found: a line of JSON for each, and the tables of the page, which are made of these lines and of nothing else.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

/// The last result of each campaign.
pub(crate) const RESULTS: &str = "docs/reliability/results.jsonl";
/// The page that quotes them, between these two lines.
pub(crate) const PAGE: &str = "docs/reliability.md";
const BEGIN: &str = "<!-- Figures of campaigns: written by `cargo xtask campaign --record` -->";
const END: &str = "<!-- End of the figures -->";

#[derive(Debug, Deserialize)]
struct Outcome {
    campaign: String,
    trials: u64,
    kills: u64,
    failed: u64,
    first_seed: u64,
    last_seed: Option<u64>,
    seconds: u64,
    date: String,
    commit: String,
    dirty: bool,
    counts: BTreeMap<String, u64>,
    #[serde(default)]
    states: Vec<State>,
}

/// A state in which uploads were killed.
#[derive(Debug, Deserialize)]
struct State {
    state: String,
    what: String,
    /// The points at which it is met, as `vodkit` names them.
    points: String,
    /// How often, by vendor; nothing where it does not exist.
    killed: BTreeMap<String, Option<u64>>,
}

/// Puts a result in the place of the one before of its campaign, and the figures into the page.
pub(crate) fn record(root: &Path, result: &Value) -> Result<(), String> {
    let path = root.join(RESULTS);
    let before = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read.map_err(|error| format!("{RESULTS}: {error}"))?,
    };
    let after = replaced(&before, result)?;
    let page = std::fs::read_to_string(root.join(PAGE));
    let page = page.map_err(|error| format!("{PAGE}: {error}"))?;
    let page = written(&page, &after)?;
    let write = |name: &str, text: &str| {
        let path = root.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| format!("{name}: {error}"))?;
        }
        std::fs::write(path, text).map_err(|error| format!("{name}: {error}"))
    };
    write(RESULTS, &after)?;
    write(PAGE, &page)
}

/// The lines with this one among them, in the order of their campaigns.
fn replaced(lines: &str, result: &Value) -> Result<String, String> {
    let mut all = BTreeMap::new();
    for line in lines.lines().chain([result.to_string().as_str()]) {
        let value: Value =
            serde_json::from_str(line).map_err(|error| format!("{RESULTS}: {error}"))?;
        all.insert(value["campaign"].to_string(), line.to_owned());
    }
    let lines: Vec<_> = all.into_values().map(|line| format!("{line}\n")).collect();
    Ok(lines.concat())
}

/// What is wrong with the page: its figures are those of the lines, or it has none.
pub(crate) fn fault(page: &str, lines: &str) -> Option<String> {
    match written(page, lines) {
        Ok(same) if same == page => None,
        Ok(_) => Some(format!(
            "{PAGE}: its figures are not those of {RESULTS}: `cargo xtask campaign NAME --record` writes both"
        )),
        Err(why) => Some(why),
    }
}

/// The page with the figures of these lines.
fn written(page: &str, lines: &str) -> Result<String, String> {
    let results = lines
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<Vec<Outcome>, _>>()
        .map_err(|error| format!("{RESULTS}: {error}"))?;
    let lacks = || format!("{PAGE}: has no place for the figures of campaigns");
    let (before, rest) = page.split_once(BEGIN).ok_or_else(lacks)?;
    let (_, after) = rest.split_once(END).ok_or_else(lacks)?;
    Ok(format!(
        "{before}{BEGIN}\n\n{}{END}{after}",
        tables(&results)
    ))
}

fn tables(results: &[Outcome]) -> String {
    let mut text = String::from(
        "| campaign | trials | kills | failed | counted | seeds | on | commit | minutes |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for result in results {
        let counted: Vec<_> = result
            .counts
            .iter()
            .map(|(what, count)| format!("{} {what}", grouped(*count)))
            .collect();
        let seeds = match result.last_seed {
            Some(last) if last != result.first_seed => format!("{} to {last}", result.first_seed),
            _ => result.first_seed.to_string(),
        };
        let commit: String = result.commit.chars().take(10).collect();
        let changed = if result.dirty { ", changed" } else { "" };
        // Writing into a text cannot fail.
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {seeds} | {} | {commit}{changed} | {:.1} |",
            result.campaign,
            grouped(result.trials),
            grouped(result.kills),
            result.failed,
            counted.join("; "),
            result.date,
            result.seconds as f64 / 60.0
        );
    }
    text.push('\n');
    for result in results.iter().filter(|result| !result.states.is_empty()) {
        let vendors: Vec<_> = result.states[0].killed.keys().collect();
        let names: Vec<_> = vendors.iter().map(|vendor| vendor.as_str()).collect();
        let _ = writeln!(text, "| | killed when | at | {} |", names.join(" | "));
        let _ = writeln!(text, "|---|---|---|{}", "---|".repeat(names.len()));
        for state in &result.states {
            let times: Vec<_> = vendors
                .iter()
                .map(
                    |vendor| match state.killed.get(*vendor).copied().flatten() {
                        Some(times) => grouped(times),
                        None => "–".to_owned(),
                    },
                )
                .collect();
            let (number, what, at) = (&state.state, &state.what, &state.points);
            let _ = writeln!(text, "| {number} | {what} | {at} | {} |", times.join(" | "));
        }
        text.push('\n');
    }
    text
}

/// A number with commas between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn result(campaign: &str, trials: u64) -> Value {
        json!({
            "campaign": campaign, "trials": trials, "kills": 7, "failed": 0, "first_seed": 1, "last_seed": 3, "seconds": 90,
            "date": "2026-11-30", "commit": "0123456789abcdef", "dirty": false, "counts": { "things": 1234 },
            "states": [
                { "state": "K1", "what": "before", "points": "`p`", "killed": { "a": 5, "b": null } },
            ],
        })
    }

    fn page(inside: &str) -> String {
        format!("# R\n\n{BEGIN}\n{inside}{END}\n\nmore\n")
    }

    #[test]
    fn the_page_has_the_figures_of_the_lines_and_no_others() {
        let lines = replaced("", &result("kill", 1000)).unwrap();
        let good = written(&page(""), &lines).unwrap();
        assert!(
            good.contains(
                "| `kill` | 1,000 | 7 | 0 | 1,234 things | 1 to 3 | 2026-11-30 | 0123456789 | 1.5 |"
            ),
            "{good}"
        );
        assert!(good.contains("| K1 | before | `p` | 5 | – |"), "{good}");
        assert!(good.ends_with(&format!("{END}\n\nmore\n")), "{good}");
        assert_eq!(fault(&good, &lines), None);
        let drifted = good.replace("1,000", "10,000");
        assert!(
            fault(&drifted, &lines)
                .unwrap()
                .contains("are not those of")
        );
        assert!(fault("# R\n", &lines).unwrap().contains("has no place"));
        assert!(fault(&good, "x").unwrap().contains(RESULTS));
    }

    #[test]
    fn a_result_takes_the_place_of_the_one_before() {
        let lines = replaced("", &result("race", 1)).unwrap();
        let lines = replaced(&lines, &result("kill", 2)).unwrap();
        let lines = replaced(&lines, &result("race", 3)).unwrap();
        let found: Vec<Outcome> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let found: Vec<_> = found
            .iter()
            .map(|result| (result.campaign.as_str(), result.trials))
            .collect();
        assert_eq!(found, [("kill", 2), ("race", 3)]);
    }

    #[test]
    fn thousands_are_apart() {
        for (number, wanted) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1234567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), wanted);
        }
    }
}
