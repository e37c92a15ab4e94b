//! What the emulator does although QuVideo's pages do not say so.

use crate::assumption::{Assumption, assume};

/// Every assumed behaviour, sorted by id.
pub const ASSUMPTIONS: &[Assumption] = &[
    assume(
        "all-fonts",
        "getFont without fontId answers with a list of all fonts, with fontId with one object, with an unknown one with null.",
        "The page promises all fonts and shows a single object; the server as published finds none without an id.",
    ),
    assume(
        "callback-events",
        "StreamTranscodeComplete, TranscodeComplete, SnapshotComplete and the review's event are sent in this order when the transcoding time is over; for an empty file the first three fail with the code EmptyFile and there is no review. What was planned to fail has the code PlannedFailure.",
        "The service does these things side by side, and its codes for broken files are not in the pages.",
    ),
    assume(
        "cursor",
        "The lists of videos take a parameter id and then leave out that row and newer ones; total counts them all the same.",
        "The vendor's app sends it and the server's public source reads it; what it does to total is not known.",
    ),
    assume(
        "demo-videos",
        "The calls under /demo/ work on every video, and a video made there belongs to nobody until it is published.",
        "These calls have no user. The vendor wants them kept from the public for this reason.",
    ),
    assume(
        "extensions",
        "A file name without extension, or with one that is no video's or audio's, is refused with 500.",
        "The page leaves the list of extensions to another page; errors of the service behind the server become 500.",
    ),
    assume(
        "image-type",
        "An imageType other than default and cover, and an imageExt other than png, jpg, jpeg and gif, is refused with 500.",
        "The page lists the types and no code; errors of the service behind the server become 500.",
    ),
    assume(
        "keys-life",
        "Keys for one upload live 3600 seconds, those of getSts six hours.",
        "The page says 3000 seconds and its samples hold 3600; those of getSts are the server's own, of which a documented example lives six hours.",
    ),
    assume(
        "login",
        "A wrong user name or password is refused with 401; a password is compared as it came.",
        "No page lists codes of the calls for users; the server's source has this one.",
    ),
    assume(
        "malformed",
        "A number that cannot be read is refused with 500 in the usual frame, and with HTTP status 400 where the web framework binds it.",
        "The server reads most parameters as text and parses them itself; pageIndex, pageSize and fileSize are bound before.",
    ),
    assume(
        "media-addresses",
        "Files, pictures and materials of replies are served under /quvideo/ of the emulator.",
        "The vendor serves them from hosts of its own, which one listening address cannot have.",
    ),
    assume(
        "missing",
        "A required parameter that is missing or empty is refused with 500 in the usual frame, and with HTTP status 500 where it is a page of a list of videos.",
        "The server's source has no check of its own, so its inner calls fail.",
    ),
    assume(
        "music-life",
        "The address of a piece of music works for one hour.",
        "The page gives a moment in its sample, and no rule for it.",
    ),
    assume(
        "page",
        "A page or page size of 0 is refused with 500, and so is one above 50 for music; pages behind the last are empty.",
        "The page limits music to 50 and names no code; the server's database refuses a negative offset.",
    ),
    assume(
        "play-auth",
        "getVideoPlayAuth is refused with 500 before the transcoding is done; what it gives lives 100 seconds, and its keys open nothing.",
        "The calls that a player makes with them belong to the service behind the server, which is not emulated.",
    ),
    assume(
        "publish-required",
        "videoPublish without videoId or coverUrl is refused with 500.",
        "The page makes both optional; the server as published fails without coverUrl, and means to ask for videoId.",
    ),
    assume(
        "recommended",
        "A published video is recommended as soon as transcoding and review are done, which takes the transcoding time. The review passes unless it was planned otherwise; then it suggests block, with the label porn in the module video, and the video can still be played by who knows its address.",
        "The real list is chosen by the operator in a console; so videos can be tested in both lists.",
    ),
    assume(
        "refresh",
        "refreshVideoUploadAuth gives the same keys again while they have more than ten minutes left, then new ones.",
        "The page's samples show the same keys after a minute; when the service makes new ones is not known.",
    ),
    assume(
        "register-taken",
        "A user name that exists is refused with 422.",
        "No page says what happens; the server's source has this code for what is understood and cannot be done.",
    ),
    assume(
        "renditions",
        "The transcoded file holds the very bytes that were uploaded.",
        "Then tests can compare what they get with what they sent, and nothing has to be encoded.",
    ),
    assume(
        "sts-scope",
        "The keys of getSts open the whole bucket of the emulated server.",
        "They are those of the server's own role, whose rights its operator decides.",
    ),
    assume(
        "title",
        "A title of more than 128 characters is refused with 500.",
        "The page says 128 bytes, the service behind the server 128 characters; neither names a code.",
    ),
    assume(
        "token-life",
        "Tokens of login and randomUser live 30 days and are letters and digits; those of configured accounts do not expire.",
        "A captured token lived 30 days; the page calls tokens replaceable, so their form has no meaning.",
    ),
    assume(
        "undecodable",
        "An empty file fails to be transcoded; everything else succeeds.",
        "The emulator decodes nothing, and an empty file cannot be a video.",
    ),
    assume(
        "unknown-category",
        "The stickers or captions of a category that does not exist are an empty list.",
        "The server looks them up in its database, which finds none.",
    ),
    assume(
        "unknown-music",
        "getPlayPath of a piece that does not exist is refused with 500.",
        "The supplier of the music is asked by the server, whose failures become 500.",
    ),
    assume(
        "update-another",
        "updateUser of another user than that of the token is refused: result false with code 200.",
        "That pair is how the server's source refuses in this call; whether it compares the two is not known.",
    ),
    assume(
        "upload-again",
        "A file that is uploaded again replaces the first one, and is transcoded anew.",
        "Keys stay good after the first upload, and no page says what a second one does.",
    ),
    assume(
        "video-of-another",
        "Refreshing or publishing a video that another user made is refused as deleting it is: result true with code 403.",
        "The page knows no owner before publication; accounts of the emulator shall not see each other.",
    ),
    assume(
        "zone",
        "Times of creation are those of China, eight hours ahead of UTC.",
        "They are in the zone of the server, which the page does not state, and stand without one.",
    ),
];
