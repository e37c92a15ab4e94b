//! The frame of every reply: `{ requestId, code, msg, status, data }`.

use crate::frame::frame;

frame! {
    /// The frame of a reply, its `data` decoded in the same pass.
    ///
    /// HTTP says 200 for every request that was processed: only [`code`](Self::code) tells success (`200`) from failure.
    pub struct Envelope<T>, expecting "an object with `code`" {
        /// The vendor's code as text, whether it came as number or as text; it means what the HTTP status of that number means.
        "code" => pub code: String = code.required("code"),
        /// The vendor's message: Chinese or English, for people only.
        "msg" => pub msg: String = text.or_empty(),
        /// Id of the request, to be told to the vendor.
        "requestId" => pub request_id: Option<String> = text.optional(),
        /// `error` on failure, absent on success.
        "status" => pub status: Option<String> = text.optional(),
    }
}

impl<T> Envelope<T> {
    /// Whether the code is one of those that mean success, as [`Operation::success`](crate::Operation::success) lists them.
    #[must_use]
    pub fn succeeded(&self, success: &[&str]) -> bool {
        success.contains(&self.code.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Envelope;
    use crate::frame::Ignored;
    use crate::mediacloud::{LoginTokens, operations};

    #[test]
    fn a_login_is_a_success_with_data() {
        let reply: Envelope<LoginTokens> = serde_json::from_str(
            r#"{"requestId":"r-1","code":200,"msg":"登陆成功","data":{"jwt":{"access_token":"test-access-token","expires_in":36000}}}"#,
        )
        .unwrap();
        assert!(reply.succeeded(operations::LOGIN.success));
        assert_eq!(reply.code, "200");
        assert_eq!(reply.request_id.as_deref(), Some("r-1"));
        assert_eq!(reply.status, None);
        let jwt = reply.data.unwrap().jwt;
        assert_eq!(jwt.access_token.expose(), "test-access-token");
        assert_eq!(jwt.expires_in, Some(36_000));
    }

    #[test]
    fn the_code_tells_a_failure_whatever_http_says() {
        let text = r#"{"requestId":"r-2","code":404,"msg":"record not found","status":"error","data":null}"#;
        let reply: Envelope<LoginTokens> = serde_json::from_str(text).unwrap();
        assert!(!reply.succeeded(&["200"]));
        assert_eq!(
            (reply.code.as_str(), reply.msg.as_str()),
            ("404", "record not found")
        );
        assert_eq!(reply.status.as_deref(), Some("error"));
        assert_eq!(reply.data, None);
    }

    #[test]
    fn a_new_category_is_a_bare_text() {
        let reply: Envelope<String> =
            serde_json::from_str(r#"{"code":"200","msg":null,"data":"c-1","trace":7}"#).unwrap();
        assert!(reply.succeeded(&["200"]));
        assert_eq!(reply.data.as_deref(), Some("c-1"));
        assert_eq!(reply.msg, "");
        assert_eq!(reply.extra.get("trace").unwrap(), 7);
    }

    #[test]
    fn without_a_code_it_is_no_frame() {
        let error = serde_json::from_str::<Envelope<Ignored>>(r#"{"msg":"bad gateway"}"#)
            .unwrap_err()
            .to_string();
        assert!(error.contains("missing field `code`"), "{error}");
        assert!(serde_json::from_str::<Envelope<Ignored>>("[]").is_err());
    }
}
