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
    /// Path below the base URL, or `{name}` when the address itself is a parameter.
    pub path: &'static str,
    /// Whether common parameters and a signature are added.
    pub signed: bool,
    /// Whether the call may be repeated when its reply was lost.
    pub idempotent: bool,
    /// Vendor codes that mean success.
    pub success: &'static [&'static str],
    /// The business parameters, sorted by wire name (byte order), which is the signing order.
    pub params: &'static [Param],
}

impl Operation {
    /// Makes an operation that is in no table, for calls that the vendor does not document.
    ///
    /// The parameters of such a call are not checked.
    #[must_use]
    pub const fn undocumented(
        vendor: &'static str,
        name: &'static str,
        method: &'static str,
        path: &'static str,
        signed: bool,
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
            signed,
            idempotent: false,
            success: &["0"],
            params: &[],
        }
    }

    /// The documented parameter of this wire name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&'static Param> {
        self.params.iter().find(|p| p.name == name)
    }
}

/// One documented parameter of a call.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Param {
    /// Wire name.
    pub name: &'static str,
    /// What its text must look like.
    pub kind: ParamKind,
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
    /// One of the listed values. Others are refused before anything is sent; a value that the vendor added since goes out as an undocumented
    /// parameter of the same name.
    OneOf(&'static [&'static str]),
    /// A comma-separated list, each element one of the listed values (any text when none is listed).
    List(&'static [&'static str]),
    /// The content of a file; never signed.
    File,
    /// The address that the call goes to.
    Target,
}

/// A vendor error code and how to deal with it.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FaultCode {
    /// The code, as text: vendors send it as number or text.
    pub code: &'static str,
    /// What can be done about it by a program.
    pub class: FaultClass,
    /// What it means.
    pub meaning: &'static str,
    /// What a person can do about it.
    pub hint: &'static str,
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
