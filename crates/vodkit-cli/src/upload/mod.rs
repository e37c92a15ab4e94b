//! `vodkit upload`: files become videos.
//!
//! What differs between the vendors is in a module of each one's name, behind the traits of [`uploader`]. [`row`] finds out what is to be uploaded,
//! [`one`] uploads a file and survives its process, [`batch`] does so with many; [`single`] and [`report`] tell of it.

mod baijiayun;
mod batch;
mod claims;
mod manifest;
mod mediacloud;
mod note;
mod one;
mod polyv;
mod quvideo;
mod report;
mod row;
mod single;
pub(crate) mod state;
mod uploader;
mod wait;

use std::sync::Arc;

use vodkit_request::transport::Pace;

pub(crate) use self::one::{left_behind, left_in_short, not_opened};
use self::report::Report;
use self::single::Single;
use self::state::State;
use self::uploader::Way;
use crate::account;
use crate::address;
use crate::args::{Global, StorageArgs, UploadArgs};
use crate::catalogue::Vendor;
use crate::failure::Failure;
use crate::output::Output;
use crate::watch::{self, Watched};

pub(crate) fn run(args: &UploadArgs, global: Global) -> Result<(), Failure> {
    let output = Output::new(global.output);
    let vendor = Vendor::find(&args.vendor)?;
    address::check(vendor, &args.target, global)?;
    let way = way(vendor, args)?;
    let way = &*way;
    let plan = row::plan(args, |row| way.check(row))?;
    if args.target.dry_run {
        if !plan.single {
            return batch::rehearse(&plan, output);
        }
        return way.rehearse(
            &plan.rows[0],
            Watched::new(global.verbose)?,
            &args.target,
            output,
        );
    }
    let uploader = way.connect(watch::transport(global.verbose)?, &args.target)?;
    let state = State::find(args.state_dir.as_deref())?;
    state.prepare()?;

    let single = plan
        .single
        .then(|| Arc::new(Single::new(vendor, plan.rows[0].clone(), global)));
    let report = Arc::new(Report::new(plan.rows, output, single.is_none()));
    let work = one::Work {
        vendor,
        account: account::identity(vendor, &args.target),
        args,
        state,
        pace: args.rate.map(Pace::bytes_per_second),
        way,
        uploader,
        listener: match &single {
            Some(single) => Arc::clone(single) as _,
            None => Arc::clone(&report) as _,
        },
    };
    if args.resume && !report.rows().iter().any(|row| work.is_begun(row)) {
        return Err(nothing_to_resume(&work, report.rows()));
    }
    let Some(single) = single else {
        report.left_out(&plan.left_out);
        return batch::run(&work, &report);
    };
    let sent = work.upload(0, &report.rows()[0]);
    single.sent();
    sent.map_err(|failed| failed.failure)?
        .tell(vendor, way.meanwhile(), output)
}

/// How the vendor takes files, for who gives uploads up and begins none.
pub(crate) fn bare_way(vendor: Vendor, storage: &StorageArgs) -> Result<Box<dyn Way>, Failure> {
    Ok(match vendor {
        Vendor::Baijiayun => Box::new(baijiayun::Baijiayun::default()),
        Vendor::Polyv => Box::new(polyv::Polyv),
        Vendor::QuVideo => Box::new(quvideo::QuVideo::default()),
        Vendor::MediaCloud => Box::new(mediacloud::MediaCloud::to_give_up(storage)?),
    })
}

/// How the vendor takes files, with what the command line says of it.
fn way(vendor: Vendor, args: &UploadArgs) -> Result<Box<dyn Way>, Failure> {
    let only = |option: &str, whose: Vendor| {
        Err(Failure::usage(format!(
            "{option} is for uploads to {} alone",
            whose.name()
        )))
    };
    if !args.definition.is_empty() && vendor != Vendor::Baijiayun {
        return only("--definition", Vendor::Baijiayun);
    }
    if args.cover_url.is_some() && vendor != Vendor::QuVideo {
        return only("--cover-url", Vendor::QuVideo);
    }
    let of_storage = args.bucket.is_some()
        || args.key.is_some()
        || args.storage.storage_endpoint.is_some()
        || args.storage.region.is_some();
    if of_storage && vendor != Vendor::MediaCloud {
        let options = "--bucket, --key, --storage-endpoint and --region";
        return Err(Failure::usage(format!(
            "{options} are for uploads to mediacloud alone"
        )));
    }
    Ok(match vendor {
        Vendor::Baijiayun => Box::new(baijiayun::Baijiayun::new(args)?),
        Vendor::Polyv => Box::new(polyv::Polyv),
        Vendor::QuVideo => Box::new(quvideo::QuVideo::new(args)?),
        Vendor::MediaCloud => Box::new(mediacloud::MediaCloud::new(args)?),
    })
}

fn nothing_to_resume(work: &one::Work<'_>, rows: &[row::Row]) -> Failure {
    let what = match rows {
        [only] => format!("`{}`", only.shown()),
        several => format!("any of the {} files", several.len()),
    };
    Failure::usage(format!("there is nothing to resume of {what}")).hint(format!(
        "Without --resume it is uploaded from the start; what can be resumed is in `{}`",
        work.state.dir().display()
    ))
}
