//! The frame of every reply: `{ result, requestId, message, code, data }`.

use crate::frame::frame;

frame! {
    /// The frame of a reply, its `data` decoded in the same pass.
    ///
    /// `result` and `code` may contradict each other, and each may be absent: the server answers with a code and a message alone when
    /// nobody is logged in, without a code to a new guest, and with neither where its framework fails (the members of that are in
    /// [`extra`](Self::extra)). [`succeeded`](Self::succeeded) weighs them.
    pub struct Envelope<T>, expecting "an object" {
        /// Whether it worked, in the eyes of the frame; it comes as text.
        "result" => pub result: Option<bool> = truth.optional(),
        /// The server's code as text, whether it came as text or as number.
        "code" => pub code: Option<String> = code.optional(),
        /// The server's message; on failure it may be the text of an internal error.
        "message" => pub message: String = text.or_empty(),
        /// Id of the request.
        "requestId" => pub request_id: Option<String> = text.optional(),
    }
}

impl<T> Envelope<T> {
    /// Whether the result is true and the code, where there is one, is among those that mean success, as
    /// [`Operation::success`](crate::Operation::success) lists them.
    #[must_use]
    pub fn succeeded(&self, success: &[&str]) -> bool {
        let code_agrees = self
            .code
            .as_deref()
            .is_none_or(|code| success.contains(&code));
        self.result == Some(true) && code_agrees
    }
}

#[cfg(test)]
mod tests {
    use super::Envelope;
    use crate::frame::Ignored;
    use crate::quvideo::VideoList;
    use crate::wire::NoData;

    #[track_caller]
    fn succeeds(text: &str) -> bool {
        let reply: Envelope<Ignored> = serde_json::from_str(text).unwrap();
        reply.succeeded(&["200"])
    }

    #[test]
    fn success_needs_the_result_and_no_other_code() {
        assert!(succeeds(
            r#"{"result":"true","requestId":"r","message":"","code":"200","data":{"total":34,"videoList":[]}}"#
        ));
        assert!(succeeds(
            r#"{"result":"true","requestId":"r","message":null,"data":{"id":"37"}}"#
        ));
        assert!(succeeds(
            r#"{"result":true,"requestId":"r","message":"","code":200,"data":null}"#
        ));
        assert!(!succeeds(
            r#"{"result":"true","requestId":"r","message":"denied","code":"403","data":null}"#
        ));
        assert!(!succeeds(
            r#"{"result":"false","requestId":"","message":"","code":"200","data":null}"#
        ));
        assert!(!succeeds(r#"{"code":"200","data":{}}"#));
    }

    #[test]
    fn data_and_members_are_read() {
        let reply: Envelope<VideoList> = serde_json::from_str(
            r#"{"result":"true","code":"200","requestId":"r-1","message":"","data":{"total":"34","videoList":[]},"took":3}"#,
        )
        .unwrap();
        assert_eq!(reply.result, Some(true));
        assert_eq!(reply.code.as_deref(), Some("200"));
        assert_eq!(reply.request_id.as_deref(), Some("r-1"));
        assert_eq!(reply.data.unwrap().total, 34);
        assert_eq!(reply.extra.get("took").unwrap(), 3);
    }

    #[test]
    fn not_logged_in_is_a_code_and_a_message() {
        let reply: Envelope<VideoList> =
            serde_json::from_str(r#"{"code":"403","message":"login first"}"#).unwrap();
        assert!(!reply.succeeded(&["200"]));
        assert_eq!(reply.code.as_deref(), Some("403"));
        assert_eq!(reply.message, "login first");
        assert_eq!((reply.result, reply.data), (None, None));
    }

    #[test]
    fn a_failure_of_the_framework_is_no_success_and_is_kept() {
        let reply: Envelope<Ignored> = serde_json::from_str(
            r#"{"timestamp":1,"status":404,"error":"Not Found","message":"no path"}"#,
        )
        .unwrap();
        assert!(!reply.succeeded(&["200"]));
        assert_eq!(reply.extra.get("status").unwrap(), 404);
    }

    #[test]
    fn nothing_comes_as_an_empty_object_or_null() {
        for data in ["{}", "null", "\"\"", "[]"] {
            let text = format!(r#"{{"result":"true","data":{data}}}"#);
            let reply: Envelope<NoData> = serde_json::from_str(&text).unwrap();
            assert!(
                reply.data.is_none_or(|data| data.unexpected().is_none()),
                "{text}"
            );
        }
    }
}
