//! The cover of a video, sent before it: `vod/getImageUploadAuth`, then one object to the storage.

use vodkit_types::quvideo::{GetImageUploadAuth, ImageType, ImageUploadAuth};
use vodkit_types::{FileInput, Secret};

use super::grant::target;
use crate::error::{Error, ErrorKind};
use crate::exec::Exec;
use crate::flow::{Event, Flow, Step, pass_on, unexpected_event};
use crate::oss::Target;
use crate::quvideo::QuVideo;
use crate::session::Session;
use crate::transport::Tick;
use crate::upload::store::Store as _;
use crate::upload::{Delivery, Next, Transfer};

/// Gives the address of the cover.
#[derive(Debug)]
pub(super) struct Cover<'s> {
    session: &'s Session<QuVideo>,
    delivery: Delivery<Target>,
    address: Option<Secret>,
    stage: Stage<'s>,
}

#[derive(Debug)]
enum Stage<'s> {
    Begin,
    Preparing,
    Asking(Box<Exec<'s, GetImageUploadAuth>>),
    Delivering,
    Over,
}

impl<'s> Cover<'s> {
    pub(super) fn new(session: &'s Session<QuVideo>, file: FileInput, pace: &Transfer) -> Self {
        let mut delivery = Delivery::of(file);
        // Whole, whatever its size: other keys are keys for another picture.
        let mut transfer = Transfer::new().part_size(Target::RULES.most);
        if let Some(pace) = &pace.pace {
            transfer = transfer.pace(pace.clone());
        }
        delivery.set_transfer(transfer);
        Self {
            session,
            delivery,
            address: None,
            stage: Stage::Begin,
        }
    }

    fn prepared(&mut self, tick: Tick, next: Next) -> Result<Step<Secret>, Error> {
        match next.step() {
            Ok(step) => {
                self.stage = Stage::Preparing;
                Ok(step)
            }
            Err(_ready) => self.begin(tick),
        }
    }

    fn begin(&mut self, tick: Tick) -> Result<Step<Secret>, Error> {
        let mut call = GetImageUploadAuth::new(ImageType::Cover);
        call.image_ext = self
            .delivery
            .file()
            .name
            .rsplit_once('.')
            .map(|(_, extension)| extension.to_ascii_lowercase())
            .filter(|extension| !extension.is_empty());
        self.ask(Exec::new(self.session, call), tick, Event::Start)
    }

    fn ask(
        &mut self,
        mut exec: Exec<'s, GetImageUploadAuth>,
        tick: Tick,
        event: Event,
    ) -> Result<Step<Secret>, Error> {
        match pass_on(exec.advance(tick, event)?) {
            Ok(step) => {
                self.stage = Stage::Asking(Box::new(exec));
                Ok(step)
            }
            Err(granted) => self.asked(tick, granted),
        }
    }

    fn asked(&mut self, tick: Tick, granted: ImageUploadAuth) -> Result<Step<Secret>, Error> {
        let now = tick.now.offset(self.session.skew.offset());
        let target = target(&granted.upload_address, &granted.upload_auth, now)?;
        self.address = granted.image_url;
        // When keys were refused, other ones are for another picture, to which the whole file goes.
        let next = match self.delivery.granted() {
            Some(_) => self.delivery.renewed(tick, target, self.session)?,
            None => self.delivery.start(tick, target, self.session)?,
        };
        self.delivered(tick, next)
    }

    fn delivered(&mut self, tick: Tick, next: Next) -> Result<Step<Secret>, Error> {
        match next.step() {
            Ok(step) => {
                self.stage = Stage::Delivering;
                Ok(step)
            }
            Err(Next::Renew) => self.begin(tick),
            Err(_stored) => {
                let address = self.address.take().ok_or_else(|| {
                    Error::new(
                        ErrorKind::Decode,
                        "the reply names no address of the cover (imageURL)",
                    )
                })?;
                Ok(Step::Done(address))
            }
        }
    }
}

impl Flow for Cover<'_> {
    type Output = Secret;

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<Secret>, Error> {
        match (std::mem::replace(&mut self.stage, Stage::Over), event) {
            (Stage::Begin, Event::Start) => {
                let next = self.delivery.prepare("", "")?;
                self.prepared(tick, next)
            }
            (Stage::Preparing, event) => {
                let next = self.delivery.prepared(event, "", "")?;
                self.prepared(tick, next)
            }
            (Stage::Asking(exec), event) => self.ask(*exec, tick, event),
            (Stage::Delivering, event) => {
                let next = self.delivery.advance(tick, event, self.session)?;
                self.delivered(tick, next)
            }
            _ => Err(unexpected_event()),
        }
    }
}
