//! The frame of every reply: `{ code, status, message, data }`.

use crate::frame::frame;

frame! {
    /// The frame of a reply, its `data` decoded in the same pass.
    ///
    /// HTTP says 200 for errors too, and `message` is no sign of success: only [`code`](Self::code) tells success (`200`) from failure.
    /// On failure `data` is an empty text, or, from the service of play credentials, an explanation: read it as
    /// [`serde_json::Value`] then.
    pub struct Envelope<T>, expecting "an object with `code`" {
        /// The vendor's code as text, whether it came as number or as text.
        "code" => pub code: String = code.required("code"),
        /// `success` or `error`.
        "status" => pub status: Option<String> = text.optional(),
        /// The vendor's message. The code is 400 for almost every failure, so the message is what tells them apart, see
        /// [`FaultCode::of`](crate::FaultCode::of).
        "message" => pub message: String = text.or_empty(),
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
    use serde_json::Value;

    use super::Envelope;
    use crate::frame::Ignored;
    use crate::operation::{FaultClass, FaultCode};
    use crate::polyv::{FAULT_CODES, Playsafe, Video};

    #[test]
    fn a_success_has_data() {
        let reply: Envelope<Playsafe> = serde_json::from_str(
            r#"{"code":200,"status":"success","message":"success","data":{"encrypt":"1","hlslevel":"open"}}"#,
        )
        .unwrap();
        assert!(reply.succeeded(&["200"]));
        assert_eq!(reply.status.as_deref(), Some("success"));
        assert!(reply.data.is_some());
    }

    #[test]
    fn on_failure_data_is_an_empty_text_in_the_place_of_anything() {
        let text = r#"{"code":400,"status":"error","message":"the sign is not right","data":""}"#;
        let reply: Envelope<Playsafe> = serde_json::from_str(text).unwrap();
        assert!(!reply.succeeded(&["200"]));
        assert_eq!(reply.data, None);
        let reply: Envelope<Vec<Video>> = serde_json::from_str(text).unwrap();
        assert_eq!((reply.code.as_str(), reply.data), ("400", None));
        let reply: Envelope<u64> = serde_json::from_str(text).unwrap();
        assert_eq!(reply.data, None);
    }

    #[test]
    fn the_message_tells_failures_of_one_code_apart() {
        let class = |message| FaultCode::of(FAULT_CODES, "400", message).map(|fault| fault.class);
        assert_eq!(
            class("the sign is not right."),
            Some(FaultClass::Credential)
        );
        assert_eq!(class("ptime is too old"), Some(FaultClass::Credential));
        assert_eq!(class("something new"), Some(FaultClass::Permanent));
    }

    #[test]
    fn an_explanation_in_data_is_kept() {
        let text =
            r#"{"code":400,"status":"error","message":"user_not_found","data":"no such user"}"#;
        assert!(serde_json::from_str::<Envelope<Playsafe>>(text).is_err());
        let reply: Envelope<Value> = serde_json::from_str(text).unwrap();
        assert_eq!(reply.data.unwrap(), "no such user");
    }

    #[test]
    fn without_a_code_it_is_no_frame() {
        assert!(serde_json::from_str::<Envelope<Ignored>>(r#"{"status":"success"}"#).is_err());
    }
}
