//! The command line itself: what can be asked for, in clap's words.

mod upload;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use self::upload::{GcArgs, StorageArgs, UploadArgs};
use crate::catalogue::Vendor;
use crate::endpoints;
use crate::failure::{self, Failure};
use crate::output::Format;
use crate::suggest::nearest_of;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const ENVIRONMENT: &str = "\
Environment:
  VODKIT_BAIJIAYUN_PARTNER_ID         number of the account
  VODKIT_BAIJIAYUN_PARTNER_KEY        key that signs the calls
  VODKIT_BAIJIAYUN_SECRET_KEY         key that fetches the partner key, for who has only this one
  VODKIT_BAIJIAYUN_DOMAIN             private domain: the part before .at.baijiayun.com
  VODKIT_BAIJIAYUN_BASE_URL           another address of the API, such as an emulator's
  VODKIT_POLYV_USER_ID                id of the account (userid)
  VODKIT_POLYV_SECRET_KEY             key that signs the calls (secretkey)
  VODKIT_POLYV_BASE_URL               one address in the place of the vendor's hosts
  VODKIT_QUVIDEO_BASE_URL             address of the AppServer
  VODKIT_QUVIDEO_TOKEN                token of a user
  VODKIT_QUVIDEO_CALLBACK_KEY         key of the callbacks, as it was set in the console
  VODKIT_QUVIDEO_CALLBACK_URL         address of the callbacks, as it was set there
  VODKIT_MEDIACLOUD_BASE_URL          address of the API
  VODKIT_MEDIACLOUD_USERNAME          name that one logs in with
  VODKIT_MEDIACLOUD_PASSWORD          password that one logs in with
  VODKIT_MEDIACLOUD_BUCKET            bucket of its object storage
  VODKIT_MEDIACLOUD_STORAGE_ENDPOINT  address of that storage
  VODKIT_MEDIACLOUD_REGION            region of that storage
  VODKIT_STATE_DIR                    where it is kept how far uploads are

Results and errors are for people on a terminal, and JSON elsewhere.
`vodkit help exit-codes` lists the exit codes.";

/// China's video-on-demand platforms from the command line.
#[derive(Debug, Parser)]
#[command(name = "vodkit", version, after_help = ENVIRONMENT, styles = STYLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Global {
    /// How to print results: json or table [default: table on a terminal, json elsewhere]
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true,
        display_order = 900
    )]
    pub(crate) output: Option<Format>,
    /// Tell of each request on standard error
    #[arg(short, long, global = true, display_order = 901)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// See it work without an account: upload, transcode, list and play a clip
    Demo(DemoArgs),
    /// List the calls that vodkit knows
    Endpoints(EndpointsArgs),
    /// Make one API call, by the vendor's own names
    Call(CallArgs),
    /// Compute a signature, and explain it
    Sign(SignArgs),
    /// Upload video files, and go on with what was interrupted
    Upload(Box<UploadArgs>),
    /// List uploads that were begun and not finished, or give them up
    Gc(GcArgs),
    /// Run a local emulator of the platform until Ctrl-C
    Emulator(EmulatorArgs),
    /// Receive the vendors' callbacks: verify, print, answer, forward
    Listen(ListenArgs),
    /// Send a signed sample callback to a service under development
    Trigger(TriggerArgs),
    /// Print the exit codes and what they mean
    #[command(name = "exit-codes", after_help = crate::exit::table())]
    ExitCodes,
    /// Print a completion script: `source <(vodkit completions bash)`
    Completions {
        /// For which shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Video file to use instead of the built-in clip of 5 seconds
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  vodkit endpoints baijiayun
  vodkit endpoints video/getInfo
  vodkit endpoints --vendor baijiayun --output json")]
pub(crate) struct EndpointsArgs {
    /// A vendor, a call, or a vendor and one of its calls; one call is shown with its parameters
    #[arg(value_name = "VENDOR or OPERATION", num_args = 0..=2)]
    pub(crate) names: Vec<String>,
    /// Only the calls of this vendor
    #[arg(long, value_name = "VENDOR")]
    pub(crate) vendor: Option<String>,
    /// Only this call
    #[arg(long, value_name = "OPERATION")]
    pub(crate) operation: Option<String>,
}

#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  vodkit call baijiayun video/getInfo video_id=240017
  vodkit call baijiayun getVideoList page_size=100 --output json
  vodkit call baijiayun video/getPlayerTokenBatch video_ids=240017,240018 expires_in=3600
  vodkit call baijiayun video/uploadSubtitle video_id=240017 name=en subtitle=@en.srt --dry-run
  vodkit call polyv get-playsafe
  vodkit call quvideo vod/getSts
  vodkit call mediacloud \"DELETE api/v1/class\" uids=a,b")]
pub(crate) struct CallArgs {
    /// Whose call it is: baijiayun, polyv, quvideo or mediacloud
    pub(crate) vendor: String,
    /// The vendor's path or its tail: video/getInfo, or "DELETE api/v1/class"
    pub(crate) operation: String,
    /// Parameters under the vendor's names; a file is @PATH, a list is 1,2 or JSON
    #[arg(value_name = "NAME=VALUE")]
    pub(crate) params: Vec<String>,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Send parameters that the vendor does not document
    #[arg(long)]
    pub(crate) allow_undocumented: bool,
    /// Make a call that is in no table: OPERATION is method and path, such as "GET /api/v1/class"; parameters go unchecked
    #[arg(long)]
    pub(crate) raw: bool,
}

/// Where calls go, and how.
#[derive(Clone, Debug, Args)]
pub(crate) struct TargetArgs {
    /// Another address of the API, such as an emulator's
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// Print the request instead of sending it, with secrets masked
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Longest time for each attempt of an API call [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
The secret comes from --secret, standard input (--secret-stdin), VODKIT_SECRET, or the vendor's variable \
(VODKIT_BAIJIAYUN_PARTNER_KEY, VODKIT_POLYV_SECRET_KEY), in this order.

Examples:
  vodkit sign baijiayun partner_id=12345678 timestamp=1700000000 video_id=240017 --explain
  pass show polyv | vodkit sign polyv --secret-stdin ptime=1700000000000 vid=v1")]
pub(crate) struct SignArgs {
    /// baijiayun, polyv (v2, SHA-1) or polyv-token (MD5 between two secrets)
    pub(crate) rule: String,
    /// Parameters to sign
    #[arg(value_name = "NAME=VALUE")]
    pub(crate) params: Vec<String>,
    /// The secret, or `-` for standard input. The list of processes shows it to others
    #[arg(long, value_name = "SECRET", allow_hyphen_values = true)]
    pub(crate) secret: Option<String>,
    /// Read the secret from standard input
    #[arg(long, conflicts_with = "secret")]
    pub(crate) secret_stdin: bool,
    /// Show each step and the signed text, with the secret masked
    #[arg(long)]
    pub(crate) explain: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
The base URL is the first line of standard output; each request is a line on standard error. Ctrl-C or SIGTERM ends it with exit code 0.

Environment, besides the ids, keys, names and passwords of `vodkit --help`, which are those of its accounts:
  VODKIT_BAIJIAYUN_CALLBACK_URL       whom Baijiayun calls
  VODKIT_BAIJIAYUN_AUTH_URL           whom it asks who may play
  VODKIT_BAIJIAYUN_AUTH_FORCED        1: play addresses without an access_key are denied
  VODKIT_POLYV_CALLBACK_URL           whom Polyv calls
  VODKIT_QUVIDEO_CALLBACK_URL         whom QuVideo calls
  VODKIT_QUVIDEO_CALLBACK_KEY         the key that signs it
  VODKIT_QUVIDEO_AUDIT_EVENT          by which name a review by machine is told
  VODKIT_EMULATOR_CALLBACKS_ANYWHERE  1: these may be on other machines
  VODKIT_EMULATOR_TIME_SCALE          100: transcodes 100 times faster")]
pub(crate) struct EmulatorArgs {
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8600")]
    pub(crate) listen: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
The base URL is the first line of standard output (a JSON object with the addresses, where the output is JSON); then comes a line for \
each callback. Below the base URL, /baijiayun, /baijiayun/auth, /polyv and /quvideo are received. Ctrl-C or SIGTERM ends it with exit code 0.

The keys come from VODKIT_BAIJIAYUN_PARTNER_KEY, VODKIT_POLYV_SECRET_KEY and VODKIT_QUVIDEO_CALLBACK_KEY; one of them is enough. \
QuVideo signs the address that was set in its console: VODKIT_QUVIDEO_CALLBACK_URL, where that is another one than is listened on here.

With --forward, a verified callback is sent on as it came (method, query, headers, body), and the service's answer is passed back: to the \
path of the URL if it has one, else to the path it came on.

Examples:
  vodkit listen
  vodkit listen --forward http://127.0.0.1:3000/hooks --output json")]
pub(crate) struct ListenArgs {
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8700")]
    pub(crate) listen: String,
    /// Service to send verified callbacks on to
    #[arg(long, value_name = "URL")]
    pub(crate) forward: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = crate::trigger::help())]
pub(crate) struct TriggerArgs {
    /// Whose callback it is: baijiayun, polyv or quvideo
    pub(crate) vendor: String,
    /// The event, by its name below
    pub(crate) event: String,
    /// Other values for the sample's fields, and further fields; JSON where the sample has JSON
    #[arg(value_name = "NAME=VALUE")]
    pub(crate) fields: Vec<String>,
    /// Address of the service
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    /// Send it as it is, then with a byte changed after signing: a good service refuses that
    #[arg(long)]
    pub(crate) tamper: bool,
    /// How old it says it is, where it has a time; negative for the future. More than 300 should be refused
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 0,
        allow_hyphen_values = true
    )]
    pub(crate) age: i32,
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse::<f64>()
        .ok()
        .filter(|seconds| *seconds > 0.0)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "must be a number of seconds above 0".to_owned())
}

/// Reads the command line. `Err` is the exit code when there is nothing more to do.
pub(crate) fn parse() -> Result<Cli, ExitCode> {
    Cli::try_parse().map_err(|mut error| {
        let format = wanted_format(std::env::args_os());
        let helps = matches!(
            error.kind(),
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
        );
        let suggestion = suggest_one(&mut error);
        let example = example(&error, std::env::args().skip(1));
        if helps || !failure::as_json(format) {
            // A closed pipe is all that can go wrong here.
            let _closed = error.print();
            if let Some(example) = example {
                let _closed = writeln!(io::stderr(), "\n{example}");
            }
            return ExitCode::from(if helps { 0 } else { 2 });
        }
        usage_failure(&error, suggestion.or(example)).report(format)
    })
}

/// clap's message in one line: the summary, then the tip.
fn usage_failure(error: &clap::Error, tip: Option<String>) -> Failure {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Failure::usage("no command is given").hint("`vodkit --help` lists the commands");
    }
    let text = error.render().to_string();
    let paragraph: Vec<&str> = text
        .lines()
        .take_while(|line| !line.is_empty())
        .map(str::trim)
        .collect();
    let summary = paragraph.join(" ");
    let failure = Failure::usage(summary.strip_prefix("error: ").unwrap_or(&summary));
    match tip {
        Some(hint) => failure.hint(hint),
        None => failure.hint(match command(std::env::args().skip(1)) {
            Some(command) => format!("`vodkit {command} --help` explains the options"),
            None => "`vodkit --help` explains the commands".to_owned(),
        }),
    }
}

/// The command that is given.
fn command(mut given: impl Iterator<Item = String>) -> Option<String> {
    let cli = Cli::command();
    given.find(|given| {
        cli.get_subcommands()
            .any(|command| command.get_name() == given)
    })
}

/// Leaves of several suggestions the nearest alone, and gives it as a hint.
fn suggest_one(error: &mut clap::Error) -> Option<String> {
    let pairs = [
        (
            ContextKind::InvalidSubcommand,
            ContextKind::SuggestedSubcommand,
        ),
        (ContextKind::InvalidArg, ContextKind::SuggestedArg),
        (ContextKind::InvalidValue, ContextKind::SuggestedValue),
    ];
    let (suggested, nearest) = pairs.into_iter().find_map(|(invalid, suggested)| {
        let nearest = match error.get(suggested)? {
            ContextValue::String(only) => only.clone(),
            ContextValue::Strings(several) => {
                let given = error.get(invalid).map(ToString::to_string);
                let several = several.iter().map(String::as_str);
                nearest_of(&given.unwrap_or_default(), several)?.to_owned()
            }
            _ => return None,
        };
        Some((suggested, nearest))
    })?;
    error.insert(suggested, ContextValue::String(nearest.clone()));
    Some(format!("did you mean `{nearest}`?"))
}

/// A command that works, for who left out what cannot be left out.
fn example(error: &clap::Error, given: impl Iterator<Item = String>) -> Option<String> {
    if error.kind() != ErrorKind::MissingRequiredArgument {
        return None;
    }
    let usage = error.get(ContextKind::Usage)?.to_string();
    let is = |command: &str| usage.contains(&format!("vodkit {command} "));
    if is("call") {
        let vendors = || Vendor::ALL.into_iter();
        let named = given
            .filter_map(|given| vendors().find(|vendor| vendor.name() == given))
            .next();
        let vendor = named.or_else(|| vendors().next())?;
        let example = endpoints::first_example(vendor)?;
        let lists = match named {
            Some(vendor) => format!("`vodkit endpoints {}`", vendor.name()),
            None => "`vodkit endpoints`".to_owned(),
        };
        return Some(format!("for example: {example}; {lists} lists the calls"));
    }
    let example = if is("upload") {
        "vodkit upload baijiayun lesson.mp4 --wait"
    } else if is("trigger") {
        "vodkit trigger baijiayun transcode-complete --to http://127.0.0.1:8700/baijiayun"
    } else if is("sign") {
        "vodkit sign baijiayun partner_id=12345678 timestamp=1700000000 --explain"
    } else {
        return None;
    };
    Some(format!("for example: {example}"))
}

/// What `--output` asks for, on a command line that clap could not read.
pub(crate) fn wanted_format(args: impl Iterator<Item = OsString>) -> Option<Format> {
    let args: Vec<_> = args.collect();
    let json = args.iter().any(|arg| arg == "--output=json")
        || args
            .windows(2)
            .any(|pair| pair[0] == "--output" && pair[1] == "json");
    json.then_some(Format::Json)
}

/// The completion script of a shell.
pub(crate) fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "vodkit", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// One option with a longer help of its own, and clap spreads all of them over three lines each.
    #[test]
    fn help_has_a_line_for_each_option_and_those_of_all_commands_come_last() {
        let help = |command: &str, option: &str| {
            let told = Cli::try_parse_from(["vodkit", command, option]);
            told.unwrap_err().to_string()
        };
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            assert_eq!(help(name, "--help"), help(name, "-h"), "{name}");
        }
        let help = help("upload", "--help");
        let at = |option: &str| help.find(option).unwrap();
        let in_order = ["--title", "--timeout", "--output", "--verbose", "--help"];
        assert!(in_order.map(at).is_sorted(), "{help}");
    }

    #[test]
    fn seconds_are_positive_and_finite() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for bad in ["0", "-1", "inf", "nan", "1s", ""] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    fn refused(args: &[&str]) -> (clap::Error, Option<String>) {
        let all = ["vodkit"].iter().chain(args);
        let mut error = Cli::try_parse_from(all).unwrap_err();
        let suggestion = suggest_one(&mut error);
        (error, suggestion)
    }

    #[test]
    fn of_several_names_the_nearest_is_suggested() {
        for (given, meant) in [
            ("uplaod", "upload"),
            ("emuload", "upload"),
            ("emulater", "emulator"),
            ("endpoint", "endpoints"),
            ("completion", "completions"),
        ] {
            let (error, suggestion) = refused(&[given]);
            let wanted = format!("did you mean `{meant}`?");
            assert_eq!(suggestion.as_deref(), Some(wanted.as_str()), "{given}");
            let text = error.render().to_string();
            assert!(text.contains(&format!("exists: '{meant}'")), "{text}");
        }
        assert_eq!(refused(&["nothing-alike"]).1, None);
        assert_eq!(
            refused(&["demo", "--outptu", "json"]).1.as_deref(),
            Some("did you mean `--output`?")
        );
    }

    #[test]
    fn the_command_is_found_behind_options() {
        let command = |args: &[&str]| command(args.iter().map(|arg| (*arg).to_owned()));
        let given = command(&["--output", "json", "upload", "call"]);
        assert_eq!(given.as_deref(), Some("upload"));
        assert_eq!(command(&["--output"]), None);
    }

    #[test]
    fn who_leaves_something_out_gets_an_example() {
        let hint = |args: &[&str]| {
            let given = args.iter().map(|arg| (*arg).to_owned());
            example(&refused(args).0, given)
        };
        let call = hint(&["call"]).unwrap();
        assert!(
            call.starts_with("for example: vodkit call baijiayun "),
            "{call}"
        );
        assert!(
            call.ends_with("; `vodkit endpoints` lists the calls"),
            "{call}"
        );
        let call = hint(&["--output", "json", "call", "baijiayun"]).unwrap();
        assert!(
            call.ends_with("; `vodkit endpoints baijiayun` lists the calls"),
            "{call}"
        );
        for (args, wanted) in [
            (&["upload"][..], "vodkit upload baijiayun "),
            (&["upload", "baijiayun"], "vodkit upload baijiayun "),
            (&["sign"], "vodkit sign baijiayun "),
            (&["trigger", "polyv"], "vodkit trigger baijiayun "),
        ] {
            let hint = hint(args).unwrap();
            let example = hint.strip_prefix("for example: ").unwrap();
            assert!(example.starts_with(wanted), "{hint}");
            assert!(Cli::try_parse_from(example.split(' ')).is_ok(), "{example}");
        }
        assert_eq!(hint(&["completions", "nosuch"]), None);
    }
}
