//! What the emulator does although Baijiayun's page does not say so.

use crate::assumption::{Assumption, assume};

/// Every assumed behaviour, sorted by id.
pub const ASSUMPTIONS: &[Assumption] = &[
    assume(
        "account-info",
        "getAccountInfo reports a formal account in order, 10 TiB of storage and of monthly flow, no mobile number, valid 2020 to 2099.",
        "An emulated account has bought nothing; the limits are out of the way of tests and are not enforced.",
    ),
    assume(
        "audio",
        "With audio_with_view=1 one audio file (mp3) is made, listed as definition audio, whatever definitions were asked for.",
        "The page shows an audio entry with size and url among the play URLs, but not what getInfo lists for it.",
    ),
    assume(
        "batch",
        "A call with several video ids refuses all of them with 5002 when one is unknown, and changes nothing.",
        "The page has no partial result for such calls.",
    ),
    assume(
        "broken-post",
        "A multipart upload that breaks off leaves nothing stored.",
        "The page describes resuming for slices only.",
    ),
    assume(
        "callback-failure",
        "A callback is delivered when HTTP says 200 and the body is JSON with the code 0, as a number or text; anything else has failed: another status, a redirect, no answer within 5 seconds.",
        "The page asks for {\"code\":0} and does not say what the vendor makes of other answers, or how long it waits.",
    ),
    assume(
        "callback-fields",
        "Callbacks carry the fields of the page's table and partner_id, as text, and no others; links in them lead to the address where the emulator listens.",
        "The sample request has partner_id, the table has not; no request names a host at that time.",
    ),
    assume(
        "callback-repeat",
        "A repeated callback keeps its address, its key and its qid, and has a new timestamp and signature.",
        "The page says that qid marks a request, and not whether a repetition is another one.",
    ),
    assume(
        "callback-upload-once",
        "The callback for a complete upload, status 20, is sent once.",
        "The page promises repetitions for the end of a transcoding only.",
    ),
    assume(
        "callback-url-unset",
        "getTranscodeCallbackUrl answers with an empty url when none was set.",
        "The page shows only a set one.",
    ),
    assume(
        "callback-waits",
        "The 5 seconds before the second attempt and the 30 before the third count from the end of the failed one.",
        "The page does not say what they count from.",
    ),
    assume(
        "category-delete",
        "A category that has categories below it is not deleted.",
        "The page forbids deletion only while videos are in it; children without a parent would be unreachable.",
    ),
    assume(
        "category-depth",
        "A sixth level is refused with 1001.",
        "The page says five levels and no code.",
    ),
    assume(
        "category-descendants",
        "getCategoryVideo of a first-level category lists the videos of all levels below it; of any other level its own only.",
        "The page promises descendants for the first level only, in words from when there were two levels.",
    ),
    assume(
        "category-leaf",
        "In getCategoryList a category without children has no children key; in getCategoryInfo it has an empty list above level five.",
        "The list's sample shows leaves without the key; the other table says that only level five lacks it.",
    ),
    assume(
        "category-root",
        "getCategoryInfo without category_id, or with 0, describes the root: id 0, level 0, the first level as children.",
        "The parameter is optional with default 0, and the page does not say what that means.",
    ),
    assume(
        "check-order",
        "Checks run in the order method, body, account, time stamp's form, signature, time stamp's age, parameters, state.",
        "The page names no order; a sender with a wrong key learns nothing about the rest.",
    ),
    assume(
        "content-type",
        "A body of another content type than the two documented ones is refused with 1001.",
        "The page names form and multipart only.",
    ),
    assume(
        "createkey-refusal",
        "A wrong secret_key is answered with 2002.",
        "The vendor's table has no code for it; 2002 is about what an account may do.",
    ),
    assume(
        "createkey-unsigned",
        "createkey needs partner_id and secret_key; time stamp and signature are not looked at. An old key is invalid at once.",
        "The table requires a signature, the sample request has none, and public clients send none: who asks for the key has none.",
    ),
    assume(
        "cross-origin",
        "Every answer may be read by pages of any origin, and preflight requests are answered.",
        "The vendor's browser uploader posts across origins, so the upload host must allow it.",
    ),
    assume(
        "definition-words",
        "16, 1, 2, 4, 8 are std, high, super, 720p, 1080p in getInfo and low, high, superHD, 720p, 1080p in getUrl.",
        "The page has three vocabularies and no mapping; 720p is not among the words of getInfo.",
    ),
    assume(
        "duration",
        "The length comes from the movie header of MP4 files; of others it is estimated at 125 000 bytes a second.",
        "The emulator decodes no video.",
    ),
    assume(
        "empty-is-missing",
        "An empty value counts as not sent when parameters are checked, though it is signed.",
        "A required name that is empty helps nobody; public clients disagree on sending empty values at all.",
    ),
    assume(
        "empty-map",
        "A map without entries is sent as an empty list.",
        "The back end is taken for PHP, whose empty arrays become []; the page confirms it only for a list.",
    ),
    assume(
        "encrypt",
        "encrypt=1 adds encrypted files, which are served unencrypted; no permission is needed.",
        "The page requires a permission and says nothing about what is refused without.",
    ),
    assume(
        "list-filter",
        "create_time of getVideoList keeps videos that were created then or later.",
        "The page does not say in which direction it filters.",
    ),
    assume(
        "list-order",
        "Lists of videos start with the newest.",
        "The page names no order.",
    ),
    assume(
        "most-days",
        "Statistics over more than 366 days are refused with 1001.",
        "The page has no limit; the emulator needs one.",
    ),
    assume(
        "not-ready",
        "getUrl, removeDefinition and transcodeAgain of a video that is not transcoded are refused with code 1.",
        "The page has no code for it; 1 is the vendor's code for failures without their own.",
    ),
    assume(
        "origin-definition",
        "The source is always good enough: every definition that was asked for is made, the best of them is origin_definition.",
        "The emulator does not measure pictures.",
    ),
    assume(
        "page-size",
        "A page_size above the limit is refused with 1001.",
        "The page says that it must not be exceeded, not what happens then.",
    ),
    assume(
        "parameter-place",
        "A GET is read from its query only, a POST from its body only.",
        "The page says how parameters are sent, not whether a mixture is accepted.",
    ),
    assume(
        "partial-slice",
        "Bytes of a slice that arrived before its connection broke stay stored and count in upload_size; of one that a planned fault cuts, nothing stays unless the fault says so.",
        "It is the harder case for a client: the server may hold more than the client knows of.",
    ),
    assume(
        "pictures",
        "A transcoded video has one cover and five screenshots, grey and of one size.",
        "The emulator decodes no video.",
    ),
    assume(
        "play-length",
        "play_length is the share of bytes served, applied to the video's length.",
        "The real figure is reported by a player, which the emulator does not have.",
    ),
    assume(
        "play-record",
        "A request for a play URL's first byte begins a play; later ranges from the same address extend it. HEAD counts nothing.",
        "The page says one record per play and not what makes a play.",
    ),
    assume(
        "play-refusal",
        "Play URLs answer 403 when forged, expired or blocked, 404 when the video or file is gone.",
        "The page describes no answers of the play host.",
    ),
    assume(
        "playback",
        "A video is the playback of a room when it was planned so; its callbacks then have the room_id, and the session_id if one was given, and are otherwise those of a video. Nothing else differs, and version is not sent.",
        "The page says that the callback address is that of playback too, and no more; room_id and session_id are what public receivers read. No call makes a playback, and what version means is not known.",
    ),
    assume(
        "player-page",
        "The share addresses serve a page, or a script, with the browser's own player; flash answers 410.",
        "The vendor's player cannot be shipped.",
    ),
    assume(
        "product-type",
        "All plays belong to line 5, on-demand video; 0 and absence stand for all lines, 1 to 4 have no figures.",
        "The page prints 0 as a default outside its own list of lines.",
    ),
    assume(
        "publish-status",
        "publish_status is 1, and 2 when blocked, in getInfo and getCategoryVideo; 1 and 0 in getVideoList, 0 before transcoding too.",
        "The page gives three vocabularies; these fit setPublishStatus and the table of getVideoList.",
    ),
    assume(
        "raw-body",
        "An upload that is neither multipart nor has a Content-Range is refused.",
        "The page's only example is multipart.",
    ),
    assume(
        "record-order",
        "Play records come in the order of their beginning, flow rows with the greatest first.",
        "The page names no order.",
    ),
    assume(
        "refusal-code",
        "Conflicts with the state are refused with 1, impossible ranges of time with 1001, subtitles of another kind with 4001.",
        "The page says that they fail and not how.",
    ),
    assume(
        "renditions",
        "Each transcoded file has the source's bytes and size.",
        "The emulator decodes no video; a test can compare what it plays with what it uploaded.",
    ),
    assume(
        "repeated-name",
        "Of several values of one name the last counts.",
        "The back end is taken for PHP, which does so.",
    ),
    assume(
        "repeated-slice",
        "A slice that comes again after the upload is complete is accepted and changes nothing, if its total is right.",
        "A client whose last reply got lost must be able to repeat it.",
    ),
    assume(
        "share-token",
        "The share addresses carry a player token that does not expire.",
        "The page shows a token in them and no lifetime.",
    ),
    assume(
        "slices",
        "Slices are raw posts to the upload address with Content-Range bytes F-L/T, positions counted from one, both included; they may \
         overlap what is stored (the later bytes stay), must not leave a gap, must agree on T, and the one with L = T ends the upload.",
        "The page mentions slices only in passing; two public clients of the vendor agree on this form, and one of them resends stored bytes.",
    ),
    assume(
        "statistics-delay",
        "Plays and flow are in the statistics at once.",
        "The vendor counts once a day, which no test would wait for.",
    ),
    assume(
        "subtitle-default",
        "A new subtitle is not the default.",
        "The page has a call to make it so.",
    ),
    assume(
        "subtitle-path",
        "Subtitle addresses need no token and do not expire.",
        "The page's sample address has none.",
    ),
    assume(
        "third-party-auth",
        "The customer's server is asked about every request of a play URL or player page that carries access_key, also for later parts of a file, and has 5 seconds. A denial is 403 with a line of text, or a redirect to the failure address; the player page asks for the file with the same key.",
        "The page describes the question and the two kinds of denial, not which requests lead to it.",
    ),
    assume(
        "timestamp-tolerance",
        "A time stamp may differ from the server's clock by 300 s, else 1002.",
        "The vendor's own command line tool refuses 5 minutes; the server's limit and code are not published.",
    ),
    assume(
        "transcode-again",
        "A video whose source was deleted cannot be transcoded again (code 1); what is made comes on top of what there was.",
        "The page does not say; without a source there is nothing to transcode.",
    ),
    assume(
        "undecodable",
        "An empty file, one whose name ends in none of the documented endings, and one for which it was planned, are accepted and then fail with status 30.",
        "The page lists endings, not what happens to others; a test can have a failed transcoding this way.",
    ),
    assume(
        "unknown-parameter",
        "Parameters that the page does not list are accepted, must be signed like all others, and are remarked on in the log.",
        "The vendor adds parameters; a silent emulator would hide a slip of the pen.",
    ),
    assume(
        "unknown-thing",
        "An unknown category or subtitle is refused with 1001.",
        "The vendor has a code for unknown videos only.",
    ),
    assume(
        "upload-lifetime",
        "An upload address lives 24 hours; an upload that is not complete by then has status 32 until a fresh address is fetched.",
        "The page has the status and no time.",
    ),
    assume(
        "upload-refusal",
        "The upload address refuses with HTTP 200 and code 4001: wrong or expired token, gap, disagreement on length.",
        "Code 4001 is the vendor's for failed uploads; no page describes a refusal.",
    ),
    assume(
        "use-https",
        "use_https is accepted and the address stays http.",
        "The emulator has no certificate.",
    ),
    assume(
        "utc8",
        "Dates and times are China's, UTC+8.",
        "The page names no zone.",
    ),
    assume(
        "video-name",
        "A new video is named like its file without the ending.",
        "The page's samples show names without endings.",
    ),
    assume(
        "viewer",
        "uuid, user_name and user_number are taken from the play URL's query if added there, the client type from User-Agent, area is empty.",
        "The vendor's players send them in a way that is not documented.",
    ),
    assume(
        "wrong-method",
        "A documented path with another method is answered with HTTP 200 and code 404.",
        "404 is the vendor's code for paths that do not exist; nothing is said about methods. Calls without a documented method take both.",
    ),
];
