//! What the emulator does although MediaCloud's pages do not say so.

use crate::assumption::{Assumption, assume};

/// Every assumed behaviour, sorted by id.
pub const ASSUMPTIONS: &[Assumption] = &[
    assume(
        "batch",
        "Deleting several categories deletes none when one of the ids is unknown; an id that is given twice counts once.",
        "The page has no partial result for the call.",
    ),
    assume(
        "bearer",
        "A token is accepted after the word Bearer only, in any case of letters, one blank between them.",
        "One page writes Authorization: token, and calls that a placeholder; the sample of a call has the word.",
    ),
    assume(
        "category-in-use",
        "A category with media in it is deleted like any other, and its media are in no category afterwards.",
        "The page says that categories below a deleted one stay without a parent; media are treated alike.",
    ),
    assume(
        "check-order",
        "Checks run in the order method, token, body, parameters one by one, state.",
        "The page names no order; who is not let in learns nothing about the rest.",
    ),
    assume(
        "codes",
        "Refusals that are no missing record have 401 for the login and the token, 400 for body and parameters, on HTTP status 200.",
        "There is no list of codes, but the page says that the code is what the HTTP status would be, and that HTTP says 200.",
    ),
    assume(
        "content-type",
        "A body of another content type than application/json is refused with 400.",
        "The page sends this type and names no other.",
    ),
    assume(
        "empty-is-missing",
        "null, an empty text and an empty list count as not sent.",
        "The messages look like those of a server in Go, where a value that is absent reads as the empty one.",
    ),
    assume(
        "file-uri",
        "fileUri must be the bucket, a slash and a key that is not empty, or is refused with 400.",
        "The page gives this form, and not what happens to others.",
    ),
    assume(
        "media-shape",
        "A medium is shown with the members of its registration, uuid, className, status, createTime and updateTime, and no addresses.",
        "The page shows only the answer for an unknown one; which addresses a medium has is not known.",
    ),
    assume(
        "media-status",
        "A medium is processing until the transcode time has passed, and finished from then on; nothing fails.",
        "No page that can be read names a status; the emulator decodes no file.",
    ),
    assume(
        "object-exists",
        "A file of MOS (cloudProviderType 1) is registered if the emulator's storage has it, or refused with 404; files of other providers are taken at their word. Registered again, a file is another medium.",
        "No page says whether the storage is looked into; a client that registers before it has uploaded shall not go unnoticed.",
    ),
    assume(
        "register-reply",
        "The registration answers with the id of the new medium as a text.",
        "The part of the page with its answer cannot be read; the creation of a category answers like this.",
    ),
    assume(
        "snapshot-type",
        "The type of a snapshot may be the number or the text of the number.",
        "The page declares a string and lists the numbers 1 and 2 as its values.",
    ),
    assume(
        "storage-keys",
        "The keys for the storage are random, live as long as the access token, end with it when it is revoked, and carry their end in the exp claim of the session token.",
        "The page shows three masked texts under MinIO's names, and no lifetime; MinIO's session tokens have this claim.",
    ),
    assume(
        "strict-types",
        "A member of another JSON type than the page's is refused with 400: a number for a string, a string for an int.",
        "A server in Go that reads into typed structures refuses them too.",
    ),
    assume(
        "success-message",
        "The message of every success but the login's is 成功.",
        "The page shows the login's only, which is Chinese.",
    ),
    assume(
        "unknown-category",
        "An unknown category, or one of another account, is answered with 404, wherever it is named.",
        "The page shows this code for an unknown medium.",
    ),
    assume(
        "unknown-parameter",
        "Members that the page does not list are accepted, and mentioned in the log.",
        "The page breaks off before the end of its tables.",
    ),
    assume(
        "wrong-method",
        "A known path with another method is answered with code 404.",
        "The page has no code for it.",
    ),
];
