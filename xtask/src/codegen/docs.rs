//! The coverage table and the errata of all vendors.

use std::collections::BTreeSet;

use super::page::{Page, anchor};
use super::reference::TYPES_ONLY;
use super::text::{escape, stopped};
use crate::names::snake;
use crate::spec::{Auth, Erratum, Layer, Operation, Spec};

/// `API-10` after `API-9`.
fn natural(section: &str) -> (String, u64) {
    let digits = section.len() - section.bytes().rev().take_while(u8::is_ascii_digit).count();
    (
        section[..digits].to_owned(),
        section[digits..].parse().unwrap_or(0),
    )
}

/// A link to the section of a call in the reference.
pub(crate) fn link(to: &str, operation: &Operation) -> String {
    format!("[`{}`]({to}#{})", operation.name, anchor(&operation.name))
}

/// What the cells of the coverage table say of a call.
fn call_row(spec: &Spec, operation: &Operation) -> Vec<String> {
    let vendor = &spec.vendor;
    let of = |has: bool, text: String| if has { text } else { "no".to_owned() };
    let yes = || "yes".to_owned();
    vec![
        escape(&operation.section),
        link(&format!("reference/{}.md", vendor.vendor), operation),
        match operation.drifted.len() {
            0 => "sample".into(),
            drifted => format!("sample, {drifted} drifted"),
        },
        of(
            vendor.has(Layer::Request),
            format!("{}, {}", operation.method.as_str(), proof(operation)),
        ),
        of(
            vendor.has(Layer::Facade),
            format!("`{}`", snake(&operation.rust)),
        ),
        of(vendor.emulated, yes()),
        of(vendor.has(Layer::Facade), yes()),
        of(vendor.story, yes()),
        match operation.errata.len() {
            0 => "0".into(),
            count => format!(
                "[{count}](errata.md#{})",
                anchor(&errata_heading(spec, operation))
            ),
        },
    ]
}

/// What a request proves its caller with.
fn proof(operation: &Operation) -> String {
    match (operation.auth, &operation.signing) {
        (Auth::Signed, None) => "signed".into(),
        (Auth::Signed, Some(rule)) => format!("signed (`{rule}`)"),
        (Auth::Token, _) => "token".into(),
        (Auth::None, _) => "open".into(),
    }
}

/// The sections of a vendor's page that the tables know, with what covers them.
fn sections(spec: &Spec) -> Vec<((String, u64), Vec<String>)> {
    let mut rows: Vec<_> = spec
        .operations
        .iter()
        .map(|operation| (natural(&operation.section), call_row(spec, operation)))
        .collect();
    for entry in spec.structs.iter().filter(|entry| entry.payload) {
        let source = entry.source.as_deref().unwrap_or_default();
        let reference = format!(
            "[`{}`](reference/{}.md#{})",
            entry.name,
            spec.vendor.vendor,
            anchor(&entry.name)
        );
        let mut row = vec![escape(source), reference, "received".into()];
        row.resize(COLUMNS.len(), String::new());
        rows.push((natural(source), row));
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    rows
}

/// Numbers that are left out of a numbered row of sections.
fn missing_sections(rows: &[((String, u64), Vec<String>)]) -> Vec<String> {
    let known: BTreeSet<_> = rows.iter().map(|(section, _)| section).collect();
    let mut missing = Vec::new();
    let prefixes: BTreeSet<_> = known
        .iter()
        .filter(|(_, number)| *number > 0)
        .map(|(prefix, _)| prefix)
        .collect();
    for prefix in prefixes {
        let last = known
            .iter()
            .filter(|(p, _)| p == prefix)
            .map(|(_, number)| *number)
            .max()
            .unwrap_or(0);
        missing.extend(
            (1..=last)
                .filter(|n| !known.contains(&(prefix.clone(), *n)))
                .map(|n| format!("{prefix}{n}")),
        );
    }
    missing
}

/// What no table has: the gaps between the numbers of sections, and what the vendor's table says of the rest.
fn left_out(spec: &Spec, mut missing: Vec<String>) -> String {
    missing.extend(spec.vendor.left_out.clone());
    if missing.is_empty() {
        "Nothing is left out.".to_owned()
    } else {
        stopped(&format!("Left out: {}", escape(&missing.join(", "))))
    }
}

/// What there is for each vendor.
fn layers(specs: &[Spec], page: &mut Page) {
    let rows: Vec<_> = specs
        .iter()
        .map(|spec| {
            let vendor = &spec.vendor;
            let calls = spec.operations.len().to_string();
            let has = [
                vendor.has(Layer::Types),
                vendor.has(Layer::Request),
                vendor.has(Layer::Facade),
                vendor.emulated,
                vendor.has(Layer::Facade),
                vendor.story,
            ];
            let mut row = vec![
                format!("[{}](#{})", vendor.title, anchor(&vendor.title)),
                calls,
            ];
            row.extend(has.map(|has| if has { "yes" } else { "no" }.to_owned()));
            row
        })
        .collect();
    let heads: Vec<_> = ["vendor", "calls"]
        .into_iter()
        .chain(COLUMNS[2..8].iter().copied())
        .collect();
    page.table(&heads, &rows);
}

const COLUMNS: [&str; 9] = [
    "section",
    "call",
    "types",
    "request",
    "facade",
    "emulator",
    "command line",
    "story",
    "errata",
];

const LEGEND: [&str; 6] = [
    "**types**: request and reply structs, decoded in a test from the page's sample and from as many variants of it in drifted types as the cell says.",
    "**request**: method that is sent and what proves the caller: a signature (in brackets the rule, where it is not the vendor's usual one), a token, or nothing.",
    "**facade**: the method of the vendor's client.",
    "**emulator**: `vodkit-emulator` answers the call by the vendor's rules; what it had to assume is [listed](emulator.md#assumed-behaviour).",
    "**command line**: `vodkit call` makes it, by the name in the column of calls.",
    "**story**: a test makes the call through the client, over both transports, against the emulator. *yes* is said of a vendor whose story lacks no call.",
];

pub(crate) fn coverage(specs: &[Spec]) -> String {
    let mut page = Page::default();
    page.heading(1, "Coverage");
    page.paragraph("The sections of each vendor's page, and what there is for each. None of it was compared with the vendors' servers.");
    layers(specs, &mut page);
    page.paragraph(bullets(LEGEND));
    for spec in specs {
        page.heading(2, &spec.vendor.title);
        if !spec.vendor.has(Layer::Request) {
            page.paragraph(TYPES_ONLY);
        }
        let rows = sections(spec);
        let missing = missing_sections(&rows);
        let covered: BTreeSet<_> = rows.iter().map(|(section, _)| section).collect();
        let payloads = spec.structs.iter().filter(|entry| entry.payload).count();
        page.paragraph(format!(
            "{} sections, {} calls, {payloads} messages from the vendor. {}",
            covered.len() + missing.len(),
            spec.operations.len(),
            left_out(spec, missing),
        ));
        let rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
        page.table(&COLUMNS, &rows);
    }
    page.finish()
}

fn bullets<const N: usize>(lines: [&str; N]) -> String {
    lines.map(|line| format!("- {line}")).join("\n")
}

/// The heading of a call in the errata.
pub(crate) fn errata_heading(spec: &Spec, operation: &Operation) -> String {
    format!(
        "{} {} ({})",
        spec.vendor.rust, operation.name, operation.section
    )
}

const HOW_TO_READ: [&str; 6] = [
    "*the page says* is what is printed, or missing, in our words. Where the page is right there is no row.",
    "*chosen* is what vodkit does about it, and our advice to a program without vodkit. Names in `CamelCase` are types of vodkit; what they hold is said beside them or in the reference.",
    "*evidence* is what speaks for the choice beyond the page itself: an SDK of the vendor's, a published test vector, what public clients do. *assumed* means that nothing does; an empty cell means that the page decides, or that no harm comes of a wrong choice.",
    "An id belongs to a vendor: \"Polyv E0.3\". It keeps its meaning once it is published.",
    "A call's heading has the vendor's name of the call and, in brackets, the section of its page.",
    "Pages change. What is read here may have been mended since.",
];

/// All errata of a vendor with the call each belongs to, the general ones first and the calls in the order of the page.
fn all_errata(spec: &Spec) -> Vec<(Option<&Operation>, &Erratum)> {
    let general = spec.errata.iter().map(|erratum| (None, erratum));
    let own = with_errata(spec)
        .into_iter()
        .flat_map(|operation| operation.errata.iter().map(move |e| (Some(operation), e)));
    general.chain(own).collect()
}

/// The calls that have errata, in the order of the page.
fn with_errata(spec: &Spec) -> Vec<&Operation> {
    let calls = spec.operations.iter();
    let mut calls: Vec<_> = calls.filter(|call| !call.errata.is_empty()).collect();
    calls.sort_by_key(|call| natural(&call.section));
    calls
}

fn costly_heading(spec: &Spec) -> String {
    format!("{}: those that cost a day", spec.vendor.rust)
}

fn general_heading(spec: &Spec) -> String {
    format!("{} in general", spec.vendor.rust)
}

fn calls_heading(spec: &Spec) -> String {
    format!("{} call by call", spec.vendor.rust)
}

pub(crate) fn errata(specs: &[Spec]) -> String {
    let mut page = Page::default();
    page.heading(1, "Errata of the vendors' pages");
    page.paragraph(
        "Where the public pages of China's video-on-demand platforms contradict themselves, their own samples or what is on the wire, or leave out what a program must know. For everybody who calls these services, with vodkit or without.",
    );
    page.paragraph(
        "**No server of a vendor was asked.** The entries come from reading the pages against themselves, against the vendors' SDKs and against public clients. One that you know to be wrong, or that is missing, is worth an issue: [contributing](../CONTRIBUTING.md).",
    );
    page.heading(2, "How to read it");
    page.paragraph(bullets(HOW_TO_READ));
    page.heading(2, "Contents");
    let rows: Vec<_> = specs.iter().map(contents_row).collect();
    page.table(
        &[
            "vendor",
            "start here",
            "all calls",
            "one call",
            "entries",
            "with evidence",
        ],
        &rows,
    );
    for spec in specs {
        vendor_errata(spec, &mut page);
    }
    page.finish()
}

fn contents_row(spec: &Spec) -> Vec<String> {
    let all = all_errata(spec);
    let to = |title: &str, heading: &str| format!("[{title}](#{})", anchor(heading));
    let costly = all.iter().filter(|(_, erratum)| erratum.costly).count();
    let evident = all.iter().filter(|(_, erratum)| erratum.is_evident());
    vec![
        to(&spec.vendor.title, &spec.vendor.title),
        match costly {
            0 => String::new(),
            count => to(&format!("{count} that cost a day"), &costly_heading(spec)),
        },
        to(
            &format!("{} general ones", spec.errata.len()),
            &general_heading(spec),
        ),
        to(
            &format!(
                "{} in {} of {} calls",
                all.len() - spec.errata.len(),
                with_errata(spec).len(),
                spec.operations.len()
            ),
            &calls_heading(spec),
        ),
        all.len().to_string(),
        evident.count().to_string(),
    ]
}

fn vendor_errata(spec: &Spec, page: &mut Page) {
    let vendor = &spec.vendor;
    page.heading(2, &vendor.title);
    page.paragraph(format!(
        "Faults of the page \"{}\"{}. All calls with their parameters: [reference](reference/{}.md).",
        escape(&vendor.page),
        match vendor.left_out {
            Some(_) => " and of pages beside it",
            None => "",
        },
        vendor.vendor,
    ));
    let all = all_errata(spec);
    let costly: Vec<_> = all.iter().filter(|(_, erratum)| erratum.costly).collect();
    if !costly.is_empty() {
        page.heading(3, &costly_heading(spec));
        let rows: Vec<_> = costly
            .into_iter()
            .map(|(operation, erratum)| {
                let (place, heading) = match operation {
                    Some(operation) => (
                        format!("`{}`", operation.name),
                        errata_heading(spec, operation),
                    ),
                    None => ("in general".into(), general_heading(spec)),
                };
                vec![
                    format!("[{}](#{})", escape(&erratum.id), anchor(&heading)),
                    place,
                    escape(&stopped(&erratum.says)),
                    escape(&stopped(&erratum.chosen)),
                ]
            })
            .collect();
        page.table(&["id", "where", "the page says", "chosen"], &rows);
    }
    page.heading(3, &general_heading(spec));
    errata_table(&spec.errata, page);
    page.heading(3, &calls_heading(spec));
    let calls = with_errata(spec);
    let rows: Vec<_> = calls
        .iter()
        .map(|operation| {
            vec![
                format!(
                    "[`{}`](#{})",
                    operation.name,
                    anchor(&errata_heading(spec, operation))
                ),
                escape(&operation.section),
                operation.errata.len().to_string(),
                escape(&operation.doc),
            ]
        })
        .collect();
    page.table(&["call", "section", "entries", "what it does"], &rows);
    for operation in calls {
        page.heading(4, &errata_heading(spec, operation));
        page.paragraph(format!(
            "`{} {}`, {}",
            operation.method.as_str(),
            operation.path,
            link(&format!("reference/{}.md", vendor.vendor), operation)
        ));
        errata_table(&operation.errata, page);
    }
}

fn errata_table(errata: &[Erratum], page: &mut Page) {
    let rows: Vec<_> = errata
        .iter()
        .map(|erratum| {
            let evidence = erratum.evidence.as_deref().map(stopped).unwrap_or_default();
            vec![
                escape(&erratum.id),
                escape(&stopped(&erratum.says)),
                escape(&stopped(&erratum.chosen)),
                escape(&evidence),
            ]
        })
        .collect();
    page.table(&["id", "the page says", "chosen", "evidence"], &rows);
}

#[cfg(test)]
mod emission {
    use super::*;
    use crate::codegen::reference::reference;
    use crate::codegen::testing::contains;
    use crate::spec::fixture::{CALLS, VENDOR, bare, parse, spec};

    #[test]
    fn coverage_says_which_layers_there_are() {
        let text = coverage(&[spec(), bare()]);
        contains(
            &text,
            "| [Acme (样品)](#acme-样品) | 4 | yes | yes | yes | no | yes | no |\n\
             | [Bare (样品)](#bare-样品) | 4 | yes | no | no | no | no | no |\n",
        );
        contains(&text, "## Bare (样品)\n\nWire types only: ");
        contains(
            &text,
            "4 sections, 4 calls, 0 messages from the vendor. Left out: the calls about sounds.",
        );
        assert_eq!(text.matches("Wire types only").count(), 1);
        let vendor = format!("emulated = true\nstory = true\n{VENDOR}");
        contains(
            &coverage(&[parse(&vendor, CALLS).unwrap()]),
            "| [Acme (样品)](#acme-样品) | 4 | yes | yes | yes | yes | yes | yes |\n",
        );
    }

    #[test]
    fn coverage_names_what_is_left_out() {
        let text = coverage(&[spec()]);
        contains(
            &text,
            "5 sections, 4 calls, 0 messages from the vendor. Left out: API-4.",
        );
        contains(
            &text,
            "| API-2 | [`clip/list`](reference/acme.md#cliplist) | sample, 1 drifted | POST, signed | `list_clips` | no | yes | no | [1](errata.md#acme-cliplist-api-2) |",
        );
        contains(
            &text,
            "| API-3 | [`clip/put`](reference/acme.md#clipput) | sample | POST, open | `put_clip` | no | yes | no | 0 |",
        );
    }

    #[test]
    fn errata_are_counted_and_listed() {
        let text = errata(&[spec()]);
        contains(
            &text,
            "| [Acme (样品)](#acme-样品) | [1 that cost a day](#acme-those-that-cost-a-day) | [2 general ones](#acme-in-general) | [1 in 1 of 4 calls](#acme-call-by-call) | 3 | 1 |",
        );
        contains(
            &text,
            "### Acme: those that cost a day\n\n| id | where | the page says | chosen |\n| --- | --- | --- | --- |\n\
             | [E0.1](#acme-in-general) | in general | no time zone. | dates are passed on as they are. |\n\n### Acme in general\n",
        );
        contains(
            &text,
            "| E0.1 | no time zone. | dates are passed on as they are. | made up. |",
        );
        contains(&text, "| [`clip/list`](#acme-cliplist-api-2) | API-2 | 1 |");
        contains(
            &text,
            "#### Acme clip/list (API-2)\n\n`POST /openapi/clip/list`, [`clip/list`](reference/acme.md#cliplist)\n",
        );
        contains(&reference(&spec()), "(../errata.md#acme-cliplist-api-2)");
    }

    #[test]
    fn what_is_assumed_is_no_evidence() {
        let vendor = VENDOR.replace("evidence = \"made up\"", "evidence = \"assumed: made up\"");
        let text = errata(&[parse(&vendor, CALLS).unwrap()]);
        contains(&text, "(#acme-call-by-call) | 3 | 0 |");
    }

    #[test]
    fn sections_are_in_natural_order() {
        assert!(natural("API-9") < natural("API-10"));
        assert!(natural("API-40") < natural("Callback-1"));
        assert_eq!(natural("Third-party auth").1, 0);
    }
}
