//! The operation tables: what the vendor documents about each call, as data.
//!
//! The tables are generated from `docs/spec`. They are used to check parameters before a request is sent, by the command line to
//! know every call by its vendor name, and by the emulator to know what a request must carry.

/// One documented call of a vendor.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// Folder name of the vendor: `baijiayun`.
    pub vendor: &'static str,
    /// The vendor's own name of the call, the tail of its path: `video/getInfo`.
    pub name: &'static str,
    /// Name of the method in the facade: `get_info`.
    pub rust_method: &'static str,
    /// One sentence on what the call does.
    pub doc: &'static str,
    /// Section of the vendor's page: `API-6`.
    pub section: &'static str,
    /// Heading under which the reference lists it.
    pub group: &'static str,
    /// The HTTP method vodkit sends.
    pub method: &'static str,
    /// All HTTP methods that the page allows.
    pub methods: &'static [&'static str],
    /// Path below the base URL, or `{name}` alone when the address itself is a parameter. Elsewhere in a path `{name}` stands for the
    /// parameter of that name.
    pub path: &'static str,
    /// What shows the vendor whose call it is.
    pub auth: Auth,
    /// Name of the rule that signs it, where that is not the vendor's usual one.
    pub signing: Option<&'static str>,
    /// Name of the host it goes to, where that is not the account's base URL.
    pub host: Option<&'static str>,
    /// Whether the call may be repeated when its reply was lost.
    pub idempotent: bool,
    /// Vendor codes that mean success.
    pub success: &'static [&'static str],
    /// How its parameters travel when it has a body.
    pub body: Body,
    /// The business parameters, sorted by wire name (byte order), which is the signing order.
    pub params: &'static [Param],
}

/// How the parameters of a call travel when it has a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Body {
    /// As a form, with a file as multipart. A GET has them in its query.
    Form,
    /// As one JSON object.
    Json,
}

impl Operation {
    /// Makes an operation that is in no table, for calls that the vendor does not document: code `0` is its success, parameters travel as a
    /// form. It counts as a write, so it is not repeated when its reply is lost.
    ///
    /// The parameters of such a call are not checked.
    ///
    /// ```
    /// use vodkit_types::{Auth, Operation};
    ///
    /// static LIST_MEDIA: Operation =
    ///     Operation::undocumented("mediacloud", "GET api/v1/medias", "GET", "/api/v1/medias", Auth::Token)
    ///         .succeeding_with(&["200"])
    ///         .repeatable();
    /// assert!(LIST_MEDIA.idempotent);
    /// ```
    #[must_use]
    pub const fn undocumented(
        vendor: &'static str,
        name: &'static str,
        method: &'static str,
        path: &'static str,
        auth: Auth,
    ) -> Self {
        Self {
            vendor,
            name,
            rust_method: "",
            doc: "",
            section: "",
            group: "",
            method,
            methods: &[],
            path,
            auth,
            signing: None,
            host: None,
            idempotent: false,
            success: &["0"],
            body: Body::Form,
            params: &[],
        }
    }

    /// The same operation with these codes as success.
    #[must_use]
    pub const fn succeeding_with(mut self, codes: &'static [&'static str]) -> Self {
        self.success = codes;
        self
    }

    /// The same operation, its parameters sent as one JSON object.
    #[must_use]
    pub const fn with_json_body(mut self) -> Self {
        self.body = Body::Json;
        self
    }

    /// The same operation, sent again when its reply was lost: for calls that change nothing.
    #[must_use]
    pub const fn repeatable(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// The same operation on another of the vendor's hosts, by the name that the vendor's `HOSTS` has for it.
    #[must_use]
    pub const fn on_host(mut self, name: &'static str) -> Self {
        self.host = Some(name);
        self
    }

    /// Whether common parameters and a signature are added.
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        matches!(self.auth, Auth::Signed)
    }

    /// Whether it cannot be sent without the account's key or token.
    #[must_use]
    pub const fn needs_credential(&self) -> bool {
        !matches!(self.auth, Auth::None)
    }

    /// The documented parameter of this wire name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&'static Param> {
        self.params.iter().find(|p| p.name == name)
    }
}

/// What shows the vendor whose call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Auth {
    /// Nothing: anybody may send it.
    None,
    /// The common parameters and a signature over all of them.
    Signed,
    /// The token of a login, put where the vendor wants it.
    Token,
}

/// A host of the vendor's that some calls go to, besides the account's base URL.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Host {
    /// Name by which [`Operation::host`] tells it.
    pub name: &'static str,
    /// Scheme and host, without a slash at the end.
    pub base_url: &'static str,
    /// What it serves.
    pub doc: &'static str,
}

/// One documented parameter of a call.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Param {
    /// Wire name.
    pub name: &'static str,
    /// What its text must look like.
    pub kind: ParamKind,
    /// Where in the request it goes.
    pub place: Place,
    /// Whether a signature covers it. A file or an address never is.
    pub signed: bool,
    /// Whether the vendor refuses the call without it.
    pub required: bool,
    /// Smallest allowed number.
    pub min: Option<i64>,
    /// Largest allowed number.
    pub max: Option<i64>,
    /// Longest allowed text, in characters.
    pub max_chars: Option<u32>,
    /// What the vendor assumes when it is not sent.
    pub default: Option<&'static str>,
    /// Meaning and unit.
    pub doc: &'static str,
}

/// Where in a request a parameter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// Into the body of a POST, the query of a GET.
    Form,
    /// Into the JSON object that is the body, as a member.
    Json,
    /// Into the path, in the place of its name in braces.
    Path,
    /// It is the address that the call goes to.
    Target,
}

/// What the text of a parameter must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParamKind {
    /// Any text.
    Text,
    /// Text that is never shown.
    Secret,
    /// A decimal integer.
    Int,
    /// `yyyy-mm-dd`.
    Date,
    /// `yyyy-mm-dd hh:mm:ss`.
    DateTime,
    /// An `http` or `https` address.
    Url,
    /// `true` or `false`.
    Bool,
    /// A decimal number, with or without a fraction.
    Float,
    /// One of the listed values. Others are refused before anything is sent; a value that the vendor added since goes out as an undocumented
    /// parameter of the same name.
    OneOf(&'static [&'static str]),
    /// A comma-separated list, each element one of the listed values (any text when none is listed).
    List(&'static [&'static str]),
    /// The content of a file; never signed.
    File,
    /// Any JSON object.
    Object,
    /// A JSON list of texts.
    TextList,
    /// A JSON list of unsigned integers.
    IntList,
}

/// A vendor error code and how to deal with it.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FaultCode {
    /// The code, as text: vendors send it as number or text.
    pub code: &'static str,
    /// How the message of the reply begins, where the code alone does not tell what is wrong.
    pub message: Option<&'static str>,
    /// What can be done about it by a program.
    pub class: FaultClass,
    /// What it means.
    pub meaning: &'static str,
    /// What a person can do about it.
    pub hint: &'static str,
}

impl FaultCode {
    /// The entry of a table for a failed reply: the one with the longest beginning of its message, else the one for its code alone.
    #[must_use]
    pub fn of<'t>(table: &'t [Self], code: &str, message: &str) -> Option<&'t Self> {
        table
            .iter()
            .filter(|entry| entry.code == code)
            .filter(|entry| entry.message.is_none_or(|start| message.starts_with(start)))
            .max_by_key(|entry| entry.message.map(str::len))
    }
}

/// What a program can do about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultClass {
    /// The same request would fail again.
    Permanent,
    /// The same request may succeed later.
    Transient,
    /// Too many requests: wait, then repeat.
    Throttled,
    /// Key, signature, token or clock is wrong.
    Credential,
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn entry(code: &'static str, message: Option<&'static str>) -> FaultCode {
        FaultCode {
            code,
            message,
            class: FaultClass::Permanent,
            meaning: "",
            hint: "",
        }
    }

    #[test]
    fn the_longest_message_wins_over_the_bare_code() {
        let table = [
            entry("400", None),
            entry("400", Some("sign")),
            entry("400", Some("sign can not")),
            entry("500", Some("down")),
        ];
        let message = |code, message| FaultCode::of(&table, code, message).map(|e| e.message);
        assert_eq!(
            message("400", "sign can not be empty."),
            Some(Some("sign can not"))
        );
        assert_eq!(message("400", "sign?"), Some(Some("sign")));
        assert_eq!(message("400", "no sign"), Some(None));
        assert_eq!(message("500", "up"), None);
        assert_eq!(message("401", "sign"), None);
    }

    #[test]
    fn a_token_is_a_credential_and_no_signature() {
        let call = |auth| Operation::undocumented("acme", "a", "GET", "/a", auth);
        assert!(call(Auth::Signed).is_signed() && call(Auth::Signed).needs_credential());
        assert!(!call(Auth::Token).is_signed() && call(Auth::Token).needs_credential());
        assert!(!call(Auth::None).is_signed() && !call(Auth::None).needs_credential());
    }
}
