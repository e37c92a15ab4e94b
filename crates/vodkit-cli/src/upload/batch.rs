//! Many files: so many at once, each for itself.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use super::one::Work;
use super::report::Report;
use super::row::{Plan, Row};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::{Output, faint};

/// Files at once when nobody says how many.
const JOBS: usize = 4;

/// Uploads the rows. One that fails keeps none of the others from being uploaded, unless it says that the account is refused.
pub(super) fn run(work: &Work<'_>, report: &Arc<Report>) -> Result<(), Failure> {
    let rows = report.rows();
    let jobs = work.args.jobs.unwrap_or(JOBS).min(rows.len());
    let for_signal = Arc::clone(report);
    interrupt::before_exit(move || for_signal.interrupted());
    let next = AtomicUsize::new(0);
    let stopped = Mutex::new(None);
    let stop = || stopped.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while stop().is_none() {
                    let index = next.fetch_add(1, Ordering::SeqCst);
                    let Some(row) = rows.get(index) else {
                        break;
                    };
                    let result = work.upload(index, row);
                    if let Err(failed) = &result
                        && failed.failure.exit() == Exit::Credential
                    {
                        // All others would be refused as well, and an account that is tried too often may be locked.
                        let told = "the account was refused, so no more files were begun";
                        let mut failure = Failure::credential(told);
                        // People have read it above.
                        if report.is_for_programs() {
                            failure = failure.hint(failed.failure.line());
                        }
                        stop().get_or_insert(failure);
                    }
                    report.took(index, result);
                }
            });
        }
    });
    interrupt::writing(false);
    let stopped = stop().take();
    report.finish(stopped)
}

/// Prints what would be uploaded.
pub(super) fn rehearse(plan: &Plan, output: Output) -> Result<(), Failure> {
    let bytes = |row: &Row| std::fs::metadata(&row.file).map_or(0, |metadata| metadata.len());
    if output.is_json() {
        let rows: Vec<_> = plan
            .rows
            .iter()
            .map(|row| {
                json!({
                    "file": row.shown(),
                    "title": row.title,
                    "category": row.category,
                    "bytes": bytes(row),
                })
            })
            .collect();
        return output.json(&json!({ "dry_run": true, "rows": rows }));
    }
    let cells: Vec<_> = plan
        .rows
        .iter()
        .map(|row| {
            let (title, category) = (row.title.clone(), row.category.clone());
            vec![
                row.shown(),
                title.unwrap_or_default(),
                category.unwrap_or_default(),
                bytes(row).to_string(),
            ]
        })
        .collect();
    output.rows(&["file", "title", "category", "bytes"], &cells)?;
    output.text(&faint("(dry run: nothing was sent)"))
}
