//! What the stories of the vendors have in common: a row of the last table, and waiting.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vodkit_request::BlockingTransport;

use crate::failure::Failure;

/// What came of a vendor's story, once every step has succeeded. `None`: the vendor has no such call.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) vendor: &'static str,
    /// What shows the vendor whose calls they are.
    pub(super) access: &'static str,
    /// What was made.
    pub(super) made: String,
    pub(super) processed: bool,
    pub(super) listed: Option<bool>,
    pub(super) bytes_equal: Option<bool>,
}

impl Row {
    pub(super) const HEAD: [&'static str; 6] = [
        "vendor",
        "access",
        "made",
        "processed",
        "listed",
        "bytes equal",
    ];

    pub(super) fn cells(&self) -> Vec<String> {
        let word = |what: Option<bool>| match what {
            Some(true) => "yes",
            Some(false) => "no",
            None => "-",
        };
        vec![
            self.vendor.to_owned(),
            self.access.to_owned(),
            self.made.clone(),
            word(Some(self.processed)).to_owned(),
            word(self.listed).to_owned(),
            word(self.bytes_equal).to_owned(),
        ]
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "vendor": self.vendor,
            "access": self.access,
            "made": self.made,
            "processed": self.processed,
            "listed": self.listed,
            "bytes_equal": self.bytes_equal,
        })
    }
}

/// Asks again and again until there is an answer.
pub(super) fn wait_for<T>(
    transport: &impl BlockingTransport,
    what: &str,
    mut ask: impl FnMut() -> Result<Option<T>, Failure>,
) -> Result<T, Failure> {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if began.elapsed() > super::DEADLINE {
            return Err(Failure::verification(format!("waited in vain for {what}")));
        }
        transport.sleep(Duration::from_millis(100));
    }
}
