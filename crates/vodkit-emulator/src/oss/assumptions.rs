//! What the emulator's object store does although OSS's pages do not say so.

use crate::assumption::{Assumption, assume};

/// Every assumed behaviour, sorted by id.
pub(crate) const ASSUMPTIONS: &[Assumption] = &[
    assume(
        "callback",
        "The store calls nobody over the network: an x-oss-callback reaches Polyv's side of the emulator, and any other address fails with 203 CallbackFailed. The reply of a call is {\"Status\":\"OK\"}.",
        "The pages describe header, status and code; what Polyv answers is not public.",
    ),
    assume(
        "empty-page",
        "A page of a list has from 1 to 1000 entries: max-parts and max-uploads of 0 and max-uploads above 1000 are refused with InvalidArgument, max-parts above 1000 counts as 1000.",
        "The pages name the most and not what happens outside of it; a page of nothing would have no end.",
    ),
    assume(
        "expose-headers",
        "Pages of every origin may read ETag, x-oss-hash-crc64ecma and x-oss-request-id.",
        "A bucket is set up so by its owner; without it no uploader in a browser could complete an upload in parts.",
    ),
    assume(
        "list-uploads",
        "ListMultipartUploads lists what the keys open: its prefix must lie inside of their scope, or it is refused with AccessDenied. A delimiter is refused with InvalidArgument.",
        "What the keys of a vendor may list is not documented; a client that cleans up knows what its own keys begin with.",
    ),
    assume(
        "multipart-etag",
        "The ETag of an object that was sent in parts is the MD5 of the hexadecimal ETags of its parts, a hyphen and their number.",
        "The pages show the form, say that it is not the MD5 of the content, and not how it is made.",
    ),
    assume(
        "operations",
        "Operations other than put, get, head and the six of multipart uploads are refused with MethodNotAllowed.",
        "Uploads to a vendor of videos need no others, and the keys that are handed out would not allow most of them.",
    ),
    assume(
        "own-host",
        "A signed path that begins with no bucket is a key of the bucket that the keys open under it, as on a host name that is the bucket's own.",
        "Every host name leads to the emulator, so the keys are what tells.",
    ),
    assume(
        "v4",
        "Signatures of version 4 are refused with InvalidArgument.",
        "The vendors' uploads are described with version 1; accepting another unchecked would hide mistakes.",
    ),
    assume(
        "x-oss-date",
        "With x-oss-date the line for the date may hold its value, that of Date, or nothing.",
        "Public signers differ in this, and all of them are in use.",
    ),
];
