//! Where an upload is killed: the states of the list that every vendor is held to, and the points at which they are met.

/// The states by their numbers, in words and by the points at which they are met. What a vendor has no point for does not exist there. In capitals stands
/// what has another name with each vendor.
pub(crate) const STATES: [(&str, &str, &str); 17] = [
    ("K1", "before the call that creates", "`before-send:CREATE`"),
    (
        "K2",
        "it is done, its reply on the way",
        "the emulator holds the reply back",
    ),
    (
        "K3",
        "reply here, not written down",
        "`before-keep:created`",
    ),
    ("K4", "half of the record written", "`torn-keep:created`"),
    (
        "K5",
        "written, before the first byte",
        "`after-keep:created`",
    ),
    ("K6", "inside a part", "the emulator stops reading"),
    (
        "K7",
        "a part is stored, its reply on the way",
        "the emulator holds the reply back",
    ),
    (
        "K8",
        "reply here, the part not written down",
        "`before-keep:part`",
    ),
    (
        "K9",
        "between parts, three lanes at work",
        "`after-keep:part`",
    ),
    (
        "K10",
        "keys or address are renewed",
        "`before-send:RENEW`, `after-send:RENEW`, the emulator holds the reply back",
    ),
    (
        "K11",
        "before the request that completes",
        "`before-complete`",
    ),
    (
        "K12",
        "completed, its reply on the way",
        "the emulator holds the reply back, `after-complete`",
    ),
    (
        "K13",
        "all done, the journal not closed",
        "`before-keep:finished`, `removing-journal:1`",
    ),
    (
        "K14",
        "the vendor is told of the file",
        "`before-send:TELL`, `after-send:TELL`, the emulator holds the reply back",
    ),
    ("K15", "waiting for the transcoding", "`waiting`"),
    (
        "K16",
        "the journal is being removed",
        "`removing-journal:2`",
    ),
    (
        "K17",
        "`gc` gives the upload up",
        "`giving-up:1` to `:3`, `before-send:TAKE-BACK`, `after-send:TAKE-BACK`, the emulator holds the reply back",
    ),
];

/// The points that every upload passes, as `vodkit` names them. Each is tried at its first passing, its second, and so on until the command ends
/// before it comes.
pub(crate) const POINTS: [&str; 9] = [
    "before-send",
    "after-send",
    "before-keep",
    "torn-keep",
    "after-keep",
    "before-complete",
    "after-complete",
    "removing-journal",
    "waiting",
];

/// A moment at which the command dies.
#[derive(Clone, Debug)]
pub(crate) enum At {
    /// It passes this point.
    Point(String),
    /// The vendor has done the n-th request of this operation, and holds the reply back.
    Replying(&'static str, u64),
    /// A part of the body of the n-th request of this operation has arrived.
    Inside(&'static str, u64),
}

/// What goes on when it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scene {
    Uploading,
    /// The keys of the storage, or the address, end in the middle of the upload.
    Expiring,
    /// `gc` gives up an upload that was killed.
    GivingUp,
}

/// A point of one state.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) state: &'static str,
    pub(crate) scene: Scene,
    pub(crate) at: At,
}

/// How the vendor's requests are called by the emulator.
struct Names {
    /// What creates: the video, or where that comes last the upload in parts; by the emulator's name and by that of the kill point.
    creates: (&'static str, &'static str),
    /// The record that it is created.
    created: &'static str,
    part: &'static str,
    /// The request that completes, and which one of its name it is in a file of four parts.
    completes: (&'static str, u64),
    /// Other keys, or another address; and which one of its name it is.
    renews: (&'static str, u64),
    /// The call that tells the vendor of the file.
    tells: Option<&'static str>,
    waits: bool,
    /// What `gc` takes back.
    takes_back: &'static str,
}

/// Parts of the file that the states are tried with.
const PARTS: u64 = 4;

fn names(vendor: &str) -> Names {
    match vendor {
        "baijiayun" => Names {
            creates: ("video/getUploadUrl", "video/getUploadUrl"),
            created: "created",
            part: "upload",
            completes: ("upload", PARTS),
            renews: ("video/getResumeUploadUrl", 1),
            tells: None,
            waits: true,
            takes_back: "video/delete",
        },
        "polyv" => Names {
            creates: ("uploadvideo/init", "uploadvideo/init"),
            created: "created",
            part: "UploadPart",
            completes: ("CompleteMultipartUpload", 1),
            renews: ("uploadvideo/token", 1),
            tells: None,
            waits: true,
            takes_back: "AbortMultipartUpload",
        },
        "quvideo" => Names {
            creates: ("vod/getVideoUploadAuth", "vod/getVideoUploadAuth"),
            created: "created",
            part: "UploadPart",
            completes: ("CompleteMultipartUpload", 1),
            renews: ("vod/refreshVideoUploadAuth", 1),
            tells: Some("vod/videoPublish"),
            waits: true,
            takes_back: "AbortMultipartUpload",
        },
        _ => Names {
            creates: ("CreateMultipartUpload", "InitiateMultipartUpload"),
            created: "opened",
            part: "UploadPart",
            completes: ("CompleteMultipartUpload", 1),
            // The first login is the one that the upload begins with.
            renews: ("api/v1/login", 2),
            tells: Some("POST api/v1/medias"),
            waits: false,
            takes_back: "AbortMultipartUpload",
        },
    }
}

/// The request whose arrival lets keys or address expire.
pub(crate) fn part_request(vendor: &str) -> &'static str {
    names(vendor).part
}

/// The call that gives other keys or another address, and which one of its name is the first to do so.
pub(crate) fn renewal(vendor: &str) -> (&'static str, u64) {
    names(vendor).renews
}

/// The calls of an upload in parts, in the emulator's names.
pub(crate) fn requests(vendor: &str) -> Vec<&'static str> {
    let names = names(vendor);
    let mut all = vec![names.creates.0, names.part, names.completes.0];
    if !matches!(vendor, "baijiayun" | "mediacloud") {
        all.push("InitiateMultipartUpload");
    }
    all.extend(names.tells);
    all.dedup();
    all
}

/// Every place of this vendor's, in a file of four parts.
pub(crate) fn places(vendor: &str) -> Vec<Place> {
    let names = names(vendor);
    let point = |text: String| At::Point(text);
    let (creates, called) = names.creates;
    let created = names.created;
    let (completes, last) = names.completes;
    let (renews, renewal) = names.renews;
    let mut all = vec![
        (
            "K1",
            Scene::Uploading,
            point(format!("before-send:{called}:1")),
        ),
        ("K2", Scene::Uploading, At::Replying(creates, 1)),
        (
            "K3",
            Scene::Uploading,
            point(format!("before-keep:{created}:1")),
        ),
        (
            "K4",
            Scene::Uploading,
            point(format!("torn-keep:{created}:1")),
        ),
        (
            "K5",
            Scene::Uploading,
            point(format!("after-keep:{created}:1")),
        ),
        ("K6", Scene::Uploading, At::Inside(names.part, 1)),
        ("K6", Scene::Uploading, At::Inside(names.part, 3)),
        ("K7", Scene::Uploading, At::Replying(names.part, 2)),
        (
            "K8",
            Scene::Uploading,
            point("before-keep:part:2".to_owned()),
        ),
        (
            "K9",
            Scene::Uploading,
            point("after-keep:part:1".to_owned()),
        ),
        (
            "K9",
            Scene::Uploading,
            point("after-keep:part:2".to_owned()),
        ),
        (
            "K10",
            Scene::Expiring,
            point(format!("before-send:{renews}:{renewal}")),
        ),
        ("K10", Scene::Expiring, At::Replying(renews, renewal)),
        (
            "K10",
            Scene::Expiring,
            point(format!("after-send:{renews}:{renewal}")),
        ),
        (
            "K11",
            Scene::Uploading,
            point("before-complete:1".to_owned()),
        ),
        ("K12", Scene::Uploading, At::Replying(completes, last)),
        (
            "K12",
            Scene::Uploading,
            point("after-complete:1".to_owned()),
        ),
        (
            "K13",
            Scene::Uploading,
            point("before-keep:finished:1".to_owned()),
        ),
        (
            "K13",
            Scene::Uploading,
            point("removing-journal:1".to_owned()),
        ),
        (
            "K16",
            Scene::Uploading,
            point("removing-journal:2".to_owned()),
        ),
        ("K17", Scene::GivingUp, point("giving-up:1".to_owned())),
        (
            "K17",
            Scene::GivingUp,
            point(format!("before-send:{}:1", names.takes_back)),
        ),
        ("K17", Scene::GivingUp, At::Replying(names.takes_back, 1)),
        (
            "K17",
            Scene::GivingUp,
            point(format!("after-send:{}:1", names.takes_back)),
        ),
        ("K17", Scene::GivingUp, point("giving-up:2".to_owned())),
        ("K17", Scene::GivingUp, point("giving-up:3".to_owned())),
    ];
    if let Some(tells) = names.tells {
        all.extend([
            (
                "K14",
                Scene::Uploading,
                point(format!("before-send:{tells}:1")),
            ),
            ("K14", Scene::Uploading, At::Replying(tells, 1)),
            (
                "K14",
                Scene::Uploading,
                point(format!("after-send:{tells}:1")),
            ),
        ]);
    }
    if names.waits {
        all.push(("K15", Scene::Uploading, point("waiting:1".to_owned())));
    }
    let place = |(state, scene, at)| Place { state, scene, at };
    all.into_iter().map(place).collect()
}
