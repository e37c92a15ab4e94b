//! The coverage table and the errata of all vendors.

use std::collections::BTreeSet;

use super::page::{Page, anchor};
use super::reference::{TYPES_ONLY, handle, handle_title};
use super::text::{escape, stopped};
use crate::spec::{Erratum, Layer, Operation, Spec};

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

/// The sections of a vendor's page that the tables know, with what covers them.
fn sections(spec: &Spec) -> Vec<((String, u64), Vec<String>)> {
    let mut rows: Vec<_> = spec
        .operations
        .iter()
        .map(|operation| {
            let reference = format!("reference/{}.md", spec.vendor.vendor);
            let drifted = operation.drifted.len();
            (
                natural(&operation.section),
                vec![
                    escape(&operation.section),
                    link(&reference, operation),
                    handle(spec, operation),
                    if drifted > 0 {
                        format!("sample, {drifted} drifted")
                    } else {
                        "sample".into()
                    },
                    operation.errata.len().to_string(),
                ],
            )
        })
        .collect();
    for entry in spec.structs.iter().filter(|entry| entry.payload) {
        let source = entry.source.as_deref().unwrap_or_default();
        let reference = format!(
            "[`{}`](reference/{}.md#{})",
            entry.name,
            spec.vendor.vendor,
            anchor(&entry.name)
        );
        rows.push((
            natural(source),
            vec![
                escape(source),
                reference,
                "received".into(),
                String::new(),
                String::new(),
            ],
        ));
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
            let has = |layer| if spec.vendor.has(layer) { "yes" } else { "no" };
            let mut row = vec![spec.vendor.title.clone()];
            row.extend([Layer::Types, Layer::Request, Layer::Facade].map(|l| has(l).to_owned()));
            row
        })
        .collect();
    page.table(
        &[
            "vendor",
            "wire types",
            "signing and sending",
            "client methods",
        ],
        &rows,
    );
}

pub(crate) fn coverage(specs: &[Spec]) -> String {
    let mut page = Page::default();
    page.heading(1, "Coverage");
    page.paragraph("The sections of each vendor's page, and the call that covers each.");
    layers(specs, &mut page);
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
        page.table(
            &[
                "section",
                "call",
                handle_title(spec),
                "tested with",
                "errata",
            ],
            &rows,
        );
    }
    page.finish()
}

/// The heading of a call in the errata.
pub(crate) fn errata_heading(spec: &Spec, operation: &Operation) -> String {
    format!(
        "{} {} ({})",
        spec.vendor.rust, operation.name, operation.section
    )
}

pub(crate) fn errata(specs: &[Spec]) -> String {
    let mut page = Page::default();
    page.heading(1, "Errata of the vendors' pages");
    page.paragraph(
        "Where a vendor's page contradicts itself or the wire, or leaves out what a program must know, and what vodkit does about it. Evidence is named where there is any beyond the page itself.",
    );
    for spec in specs {
        page.heading(2, &spec.vendor.title);
        let own: usize = spec
            .operations
            .iter()
            .map(|operation| operation.errata.len())
            .sum();
        let calls = spec
            .operations
            .iter()
            .filter(|operation| !operation.errata.is_empty())
            .count();
        page.paragraph(format!(
            "{} entries: {} general ones, {own} in {calls} of {} calls.",
            spec.errata.len() + own,
            spec.errata.len(),
            spec.operations.len(),
        ));
        page.heading(3, &format!("{} in general", spec.vendor.rust));
        errata_table(&spec.errata, &mut page);
        let mut operations: Vec<_> = spec
            .operations
            .iter()
            .filter(|o| !o.errata.is_empty())
            .collect();
        operations.sort_by_key(|operation| natural(&operation.section));
        for operation in operations {
            page.heading(3, &errata_heading(spec, operation));
            errata_table(&operation.errata, &mut page);
        }
    }
    page.finish()
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
    use crate::spec::fixture::{bare, spec};

    #[test]
    fn coverage_says_which_layers_there_are() {
        let text = coverage(&[spec(), bare()]);
        contains(
            &text,
            "| Acme (样品) | yes | yes | yes |\n| Bare (样品) | yes | no | no |\n",
        );
        contains(&text, "## Bare (样品)\n\nWire types only: ");
        contains(
            &text,
            "4 sections, 4 calls, 0 messages from the vendor. Left out: the calls about sounds.",
        );
        contains(&text, "| section | call | struct | tested with | errata |");
        assert_eq!(text.matches("Wire types only").count(), 1);
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
            "| API-2 | [`clip/list`](reference/acme.md#cliplist) | `list_clips` | sample, 1 drifted | 1 |",
        );
    }

    #[test]
    fn errata_are_counted_and_listed() {
        let text = errata(&[spec()]);
        contains(&text, "3 entries: 2 general ones, 1 in 1 of 4 calls.");
        contains(
            &text,
            "| E0.1 | no time zone. | dates are passed on as they are. | made up. |",
        );
        contains(&text, "### Acme clip/list (API-2)\n");
        contains(&reference(&spec()), "(../errata.md#acme-cliplist-api-2)");
    }

    #[test]
    fn sections_are_in_natural_order() {
        assert!(natural("API-9") < natural("API-10"));
        assert!(natural("API-40") < natural("Callback-1"));
        assert_eq!(natural("Third-party auth").1, 0);
    }
}
