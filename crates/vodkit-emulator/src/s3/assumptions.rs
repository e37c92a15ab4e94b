//! What the emulator's S3 store does although neither S3's pages nor MediaCloud's say so.

use crate::assumption::{Assumption, assume};

/// Every assumed behaviour, sorted by id.
pub(crate) const ASSUMPTIONS: &[Assumption] = &[
    assume(
        "buckets",
        "The buckets exist from the start, and the keys of every login open all of them for putting, reading, and uploads in parts.",
        "MediaCloud's pages name neither buckets nor what the keys may do with them.",
    ),
    assume(
        "chunks",
        "Bodies in signed chunks or with trailers (STREAMING-…) are refused with NotImplemented.",
        "S3 takes them, over HTTPS above all; an uploader that has a length needs none.",
    ),
    assume(
        "conditions",
        "Conditions on writes (If-Match, If-None-Match) and copies of objects are refused with NotImplemented.",
        "S3 has them, stores that speak S3 have them in part, and which of them MediaCloud's store has is not known.",
    ),
    assume(
        "expired",
        "Keys that have expired are refused with 400 ExpiredToken, a token of other keys with 400 InvalidToken, revoked keys with 403 InvalidAccessKeyId.",
        "AWS documents these; MinIO, whose names the keys of a login have, says 403 InvalidAccessKeyId or InvalidTokenId for some of them.",
    ),
    assume(
        "operations",
        "Operations other than put, get, head and those of multipart uploads, and lists with a delimiter, are refused with NotImplemented.",
        "Uploads of media need no others.",
    ),
    assume(
        "other-signatures",
        "Signatures of version 2 and version 4A are refused with InvalidRequest.",
        "Version 4 is what the keys of a login are made for.",
    ),
    assume(
        "region",
        "Every region is accepted, as long as the signature is made for the one that it names.",
        "No page names the region; a store of MinIO's without a configured one accepts any.",
    ),
];
