//! What the emulator does although no page of a vendor says so.

/// A behaviour that is assumed, not documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Assumption {
    /// Short name; the source of the vendor's side refers to it in comments, the log behind refusals.
    pub id: &'static str,
    /// What the emulator does.
    pub what: &'static str,
    /// Why this and not something else.
    pub why: &'static str,
}

pub(crate) const fn assume(id: &'static str, what: &'static str, why: &'static str) -> Assumption {
    Assumption { id, what, why }
}

/// Every assumed behaviour, by vendor (and for the object stores), sorted by id.
pub const ASSUMPTIONS: &[(&str, &[Assumption])] = &[
    ("baijiayun", crate::baijiayun::ASSUMPTIONS),
    ("polyv", crate::polyv::ASSUMPTIONS),
    ("quvideo", crate::quvideo::ASSUMPTIONS),
    ("mediacloud", crate::mediacloud::ASSUMPTIONS),
    ("oss", crate::oss::ASSUMPTIONS),
    ("s3", crate::s3::ASSUMPTIONS),
];
