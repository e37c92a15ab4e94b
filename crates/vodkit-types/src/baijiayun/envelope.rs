//! The frame of every reply: `{ code, msg, data, ts }`.

use crate::frame::frame;

frame! {
    /// The frame of a reply, its `data` decoded in the same pass.
    ///
    /// HTTP says 200 for errors too: only [`code`](Self::code) tells success (`0`, on the upload host `1`) from failure.
    pub struct Envelope<T>, expecting "an object with `code`" {
        /// The vendor's code as text, whether it came as number or as text.
        "code" => pub code: String = code.required("code"),
        /// The vendor's message, empty on success.
        "msg" => pub msg: String = text.or_empty(),
        /// The vendor's clock in seconds since 1970. Missing from some replies.
        "ts" => pub ts: Option<i64> = seconds.optional(),
    }
}
