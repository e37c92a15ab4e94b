//! What the emulator does although Polyv's pages do not say so.

use crate::assumption::{Assumption, assume};

/// Every assumed behaviour, sorted by id.
pub const ASSUMPTIONS: &[Assumption] = &[
    assume(
        "account-figures",
        "An account has 1 TiB of storage and 10 TiB of traffic and a mail address at example.test. A file or list that is read from its beginning is a play, every byte that leaves is traffic, and both count at once and on every day, whatever date or realTime say.",
        "An emulated account has bought nothing; the limits are out of the way of tests and are not enforced.",
    ),
    assume(
        "batch",
        "In a list of videos the unknown ones are passed over; a list without a known one is refused. Counts in data are those of the known ones.",
        "Two calls answer with a number of changed rows, and no page has a partial failure.",
    ),
    assume(
        "builtin",
        "An account begins with the category 1, two players and one published video with two marks, a question and three answers.",
        "A newcomer should see something, and no call of the tables makes players or questions.",
    ),
    assume(
        "callback-events",
        "What is made of other videos has no upload event, and a video that keeps its source no events of a transcoding. The others are transcoded to flv and mp4, or pdx and m3u8 when encrypted, in each definition, all at the same time. Of a file that could not be made, status, format and df alone are told; a video of which none could be made stays at status 20, without a review.",
        "The pages name the events and the formats, not these cases; the emulator ends a transcoding at one moment.",
    ),
    assume(
        "callback-once",
        "A callback is sent once, whatever the answer; HTTP status 200 within 5 seconds counts as delivered in the journal.",
        "No page describes repetitions or what the vendor expects as an answer.",
    ),
    assume(
        "category-cycle",
        "A category cannot be moved below itself or below one of those under it.",
        "It could not be reached any more.",
    ),
    assume(
        "category-delete",
        "Categories below a deleted one go with it, and the videos of all of them go to the default category.",
        "The pages do not say what becomes of either; no video should be lost.",
    ),
    assume(
        "category-figures",
        "cata/size counts the categories below too, and all figures are up to date.",
        "The pages speak of a delay of ten minutes, which helps no test, and name no scope for the size.",
    ),
    assume(
        "category-filter",
        "cataid of a search stands for that category alone; catatree for the one it names and all below.",
        "The pages say neither; a place in the tree is the only one of the two that has a below.",
    ),
    assume(
        "category-profile",
        "The settings of a first-level category hold for new videos in it and below it, before those of the account; isSettings N, 0 or false takes them back.",
        "The pages name the settings and not their reach, and isSettings without its values.",
    ),
    assume(
        "category-root",
        "Category 1 is the root and the default category at once; cataJson lists it beside the first level, and it can be neither renamed, moved nor deleted. 0 is another name of it.",
        "parentid 1 is the root of the first level, and cataid 1 the default of an upload.",
    ),
    assume(
        "check-order",
        "Checks run in the order method, body, sign there, time, account, signature, parameters, state.",
        "It is the order of the error table of get-playsafe; the pages promise none.",
    ),
    assume(
        "clip-result",
        "clip answers with the id of the new video, whose size is the share of its seconds; start and end are seconds, as numbers or texts, and ranges lie inside the video.",
        "The pages call the result a text and show neither it nor a range.",
    ),
    assume(
        "concat-title",
        "A joined video without a title has that of its first part, and belongs to the default category.",
        "Both parameters are optional, without a default on the pages.",
    ),
    assume(
        "courseware",
        "Courseware is converted after the transcoding time, always successfully, to one page that shows the cover of the video.",
        "The emulator reads no documents; the pages tell the result by callback only.",
    ),
    assume(
        "cover-url",
        "uploadCoverImageUrl refuses https, fetches nothing and gives the videos another grey picture.",
        "The SDK's notes ask for http; the emulator leaves the machine alone.",
    ),
    assume(
        "delete-type",
        "Without deleteType a video goes to the recycle bin. Only deleting for good finds a video that is in there.",
        "The pages do not say; the harmless way was taken.",
    ),
    assume(
        "disposable-token",
        "A credential that can be used once is always a new one.",
        "The page says that equal calls share a credential, and that this kind ends with its first use.",
    ),
    assume(
        "edit-before-review",
        "Title, description, tags, address and password change only once the review has passed; before, the call succeeds without effect.",
        "The SDK's notes say that edits do not take effect before; they do not say how that looks.",
    ),
    assume(
        "empty-is-missing",
        "An empty value counts as not sent.",
        "Empty values drop out of the signed text, so nobody could vouch for them. The password of video-setting-save is the documented exception.",
    ),
    assume(
        "encrypted-addresses",
        "seed is 1 for an encrypted video, which has addresses of m3u8 files alone.",
        "The pages leave seed unexplained; an encrypted mp4 would play nowhere.",
    ),
    assume(
        "encryption-default",
        "A new account does not encrypt, with level open; a video that is not encrypted has the level open, whatever the account has.",
        "The page's sample shows one account's choice, not the beginning.",
    ),
    assume(
        "exam-log",
        "Answers stay in the log when the questions of their video are deleted.",
        "A log tells what happened.",
    ),
    assume(
        "file-kinds",
        "A watermark must begin as a PNG file does, and courseware must be named ppt, pptx or pdf. A watermark leaves no trace but the journal's.",
        "The pages name these kinds and no call that shows what was sent.",
    ),
    assume(
        "forbidden-early",
        "A video that is forbidden before it is published passes through its states and then is forbidden.",
        "The pages know the change between published and forbidden only.",
    ),
    assume(
        "http-status",
        "HTTP says 200 for refusals too.",
        "The vendor's SDK looks at the code alone, and no page names another status.",
    ),
    assume(
        "list-order",
        "Lists start with the newest video unless they say otherwise.",
        "The pages name no order.",
    ),
    assume(
        "marks",
        "desc and seconds of saveKeyFrame are comma-separated lists of equal length within the video; a mark at the same second is replaced, and buttons are shown nowhere. Deleting passes over seconds without a mark.",
        "deleteKeyFrameByTime takes such a list; no call shows a button.",
    ),
    assume(
        "message-words",
        "Refusals that the pages do not word have the code 400 (405 and 3001 for an upload) and words of the emulator's.",
        "The code is known for all refusals; the real words are not.",
    ),
    assume(
        "order-type",
        "orderType 1 to 4 is newest, oldest, most played and least played first; every video was uploaded by the account itself.",
        "The search has these four orders, and the pages do not tell the numbers apart.",
    ),
    assume(
        "page-size",
        "A page size outside of 1 to 1000 and a page below 1 are refused.",
        "The vendor's SDK checks it before it sends.",
    ),
    assume(
        "parameter-place",
        "A GET is read from its query only, a POST from its body only.",
        "The pages show parameters in these places, and not whether a mixture is accepted.",
    ),
    assume(
        "play-addresses",
        "The addresses of media files are the emulator's. All files of an uploaded video hold the uploaded bytes; those of the others a film of its length without pictures. A list of HLS has one piece.",
        "The emulator neither transcodes nor fetches.",
    ),
    assume(
        "preview-failure",
        "get-preview-duration calls itself a success in status and message when it fails, unless account, time or signature are wrong.",
        "The page shows this shape for one failure of the call itself.",
    ),
    assume(
        "ptime-form",
        "A time that is missing or has not 13 digits is illegal, seconds among them.",
        "The page says so of a wrong format and does not say what the format is.",
    ),
    assume(
        "published-numbers",
        "A published video has status 61, one that keeps its source 60.",
        "Both mean published, and the difference is not stated.",
    ),
    assume(
        "pull",
        "Nothing is fetched: a task ends after half of the transcoding time, each http or https address becomes a video of 20 to 200 MiB that depends on the address, others fail. Deleting a running task takes its videos along.",
        "The emulator leaves the machine alone, and needs a result that is the same each time.",
    ),
    assume(
        "qid",
        "qid of video-setting-page is the id of the first question, or empty.",
        "The page does not explain it.",
    ),
    assume(
        "rejected",
        "A video whose title at its making holds 审核不通过 is rejected by the review.",
        "Without such a sign no test could meet a rejected video.",
    ),
    assume(
        "renditions",
        "A video is transcoded to two definitions with 35 and 60 hundredths of its size, or to none when the source is kept; all are called 1280x720.",
        "The emulator decodes no video.",
    ),
    assume(
        "scan",
        "The scan by machine objects only when that was planned: one picture, the cover, with scene terrorism, label others, suggestion review and rate 61.5, told when the review ends and before its result, which it does not change.",
        "The pages list the words and say neither when the scan is done nor what it does to the review.",
    ),
    assume(
        "search-words",
        "keyword is looked for in titles without regard to case, a tag must be one of the tags.",
        "The pages do not say how the search compares.",
    ),
    assume(
        "snapshots",
        "A snapshot task waits for a quarter of the transcoding time and works for another; it succeeds unless that was planned otherwise, whatever the moments, and its pictures are grey and of one size. Its callback has the members of the page's sample, with status fail and no pictures when it failed.",
        "The emulator decodes no video; the pages show the states, the sample of a success, and no times.",
    ),
    assume(
        "stages",
        "A quarter of the transcoding time a video waits, half of it it is transcoded, the last quarter it is reviewed.",
        "The pages name the states, not their length.",
    ),
    assume(
        "token-words",
        "The token service refuses a wrong signature with 400, a wrong time with 403 and an unknown video with 400, in words of the emulator's.",
        "The page shows two failures, and the words of one of them.",
    ),
    assume(
        "unknown-parameter",
        "Parameters that the tables do not have are accepted when they are signed, and remarked on in the log.",
        "The vendor's SDK sends one such with every call.",
    ),
    assume(
        "upload-arrives",
        "The video of an upload is unknown to all other calls until its object is stored, with the callback of the ticket, under the key of dir and vid and with the size that init was told. Sent again, it replaces the first.",
        "The key comes from the vendor's own clients; they never send anything else.",
    ),
    assume(
        "upload-credential",
        "An upload credential is good for one hour and for the keys of the account, and leads to the emulator's own address.",
        "The pages show the fields, not their lifetime; nobody is led to the vendor's storage.",
    ),
    assume(
        "upload-fails",
        "An upload for which that was planned ends with invalidVideo or videoSyncedFail in place of upload, at once, and the storage's reply is that of a success. Its video never appears, and the same upload can be made once more.",
        "The pages name the two events and say neither what precedes them nor what becomes of the video.",
    ),
    assume(
        "userid-agrees",
        "Where path and parameters name different accounts, the account counts as not found.",
        "The pages never show two.",
    ),
    assume(
        "userid-optional",
        "What stands in the path need not be a parameter as well; where it is one, it is signed.",
        "Newer pages send userid in both places, the vendor's SDK in the path alone, and both work.",
    ),
    assume(
        "utc8",
        "Dates and times are China's, UTC+8.",
        "The pages name no zone.",
    ),
    assume(
        "wrong-method",
        "A method that the tables do not have for a path is refused with 400.",
        "The pages name methods and no refusal.",
    ),
];
