//! The cover of a video, sent before it: `vod/getImageUploadAuth`, then one object to the storage.

use vodkit_types::quvideo::{GetImageUploadAuth, ImageType, ImageUploadAuth};
use vodkit_types::{FileInput, Secret};

use super::grant::target;
use crate::error::{Error, ErrorKind};
use crate::exec::Exec;
use crate::oss::Target;
use crate::quvideo::QuVideo;
use crate::session::Session;
use crate::upload::store::Store as _;
use crate::upload::{self, Action, At, Delivery, Next, Steps, Transfer, Upload};

/// An upload that gives the address of the cover.
pub(super) fn upload<'s>(
    session: &'s Session<QuVideo>,
    file: FileInput,
    pace: &Transfer,
) -> Upload<'s, CoverSteps<'s>> {
    let steps = CoverSteps {
        session,
        address: None,
    };
    let mut cover = upload::Upload::of(file, steps);
    // Whole, whatever its size: other keys are keys for another picture.
    let mut transfer = Transfer::new().part_size(Target::RULES.most);
    if let Some(pace) = &pace.pace {
        transfer = transfer.pace(pace.clone());
    }
    cover.delivery.settings.transfer = transfer;
    cover
}

/// The calls around a picture.
#[derive(Debug)]
pub(super) struct CoverSteps<'s> {
    session: &'s Session<QuVideo>,
    address: Option<Secret>,
}

impl<'s> CoverSteps<'s> {
    fn granted(&mut self, at: At<'_, Target>, granted: ImageUploadAuth) -> Next<'s, Self> {
        let now = at.now(self.session);
        let target = target(&granted.upload_address, &granted.upload_auth, now)?;
        self.address = granted.image_url;
        Ok(Action::Send(target))
    }
}

impl<'s> Steps<'s> for CoverSteps<'s> {
    type Vendor = QuVideo;
    type Store = Target;
    type Uploaded = Secret;

    fn session(&self) -> &'s Session<QuVideo> {
        self.session
    }

    /// No journal tells of a cover.
    fn account(&self) -> String {
        String::new()
    }

    fn ready(&mut self, at: At<'_, Target>) -> Next<'s, Self> {
        let mut call = GetImageUploadAuth::new(ImageType::Cover);
        call.image_ext = at
            .delivery
            .file()
            .name
            .rsplit_once('.')
            .map(|(_, extension)| extension.to_ascii_lowercase())
            .filter(|extension| !extension.is_empty());
        Ok(Action::run(Exec::new(self.session, call), Self::granted))
    }

    /// Other keys are for another picture, to which the whole file goes.
    fn renew(&mut self, at: At<'_, Target>) -> Next<'s, Self> {
        self.ready(at)
    }

    fn uploaded(&mut self, _delivery: &Delivery<Target>) -> Result<Secret, Error> {
        self.address.take().ok_or_else(|| {
            Error::new(
                ErrorKind::Decode,
                "the reply names no address of the cover (imageURL)",
            )
        })
    }
}
