//! What goes wrong on the way to the storage, and what is done about it.

use vodkit_request::testing::Reply;
use vodkit_request::transport::TransportErrorKind::{
    Connect, Interrupted, InvalidRequest, LocalFile, Timeout,
};
use vodkit_request::types::FileInput;
use vodkit_request::{ErrorKind, RetryPolicy};

use crate::script::{
    BOTH, ID, NEW_ID, NEW_SECRET, NEW_TOKEN, SECRET, TOKEN, VIDEO, film, header, refused, stored,
};

/// An hour after the scripted transport's clock.
const LATER: &str = "Tue, 14 Nov 2023 23:13:20 GMT";
const NOW: &str = "Tue, 14 Nov 2023 22:13:20 GMT";

#[test]
fn a_file_that_cannot_be_sent_creates_no_video() {
    for vendor in BOTH {
        for (file, words) in [
            (FileInput::path("/tmp/none.mp4"), "no such file"),
            (FileInput::bytes("a.mp4", *b""), "`a.mp4`: it is empty"),
        ] {
            let told = vendor.upload_offline(file);
            assert_eq!(
                (told.error().kind(), told.error().created()),
                (ErrorKind::LocalFile, None)
            );
            assert!(told.error().to_string().contains(words), "{}", told.error());
            assert!(told.sent.is_empty());
        }
    }
}

#[test]
fn a_lost_connection_is_tried_again_with_a_new_date() {
    for vendor in BOTH {
        for kind in [Interrupted, Timeout, Connect] {
            // What the server asks for is longer than the random wait.
            let busy = refused(503, "ServiceUnavailable").header("retry-after", "3");
            let told = vendor.upload(&[Reply::fails(kind), busy, stored()]);
            assert!(told.result.is_ok(), "{:?}", told.result);
            let puts = told.puts();
            let dates: Vec<&str> = puts.iter().map(|put| header(put, "date")).collect();
            assert_eq!(dates, [NOW, NOW, "Tue, 14 Nov 2023 22:13:23 GMT"]);
            assert_ne!(
                header(puts[1], "authorization"),
                header(puts[2], "authorization")
            );
            assert_eq!(puts[0].uri(), puts[2].uri());
            assert_eq!(
                told.log
                    .iter()
                    .filter(|line| *line == "sleep 3000 ms")
                    .count(),
                1
            );
        }
        let told = vendor.upload(&[const { Interrupted }; 3].map(Reply::fails));
        let error = told.error();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Interrupted, 3)
        );
        assert!(error.to_string().contains("(after 3 attempts)"), "{error}");
        assert!(!error.maybe_sent(), "sending it again would do no harm");
        let told = vendor.upload_with(&[Reply::fails(Interrupted)], film(), RetryPolicy::NEVER);
        assert_eq!(told.puts().len(), 1);
    }
}

#[test]
fn what_is_wrong_here_is_not_tried_again() {
    for vendor in BOTH {
        for (kind, wanted) in [
            (LocalFile, ErrorKind::LocalFile),
            (InvalidRequest, ErrorKind::InvalidInput),
        ] {
            let told = vendor.upload(&[Reply::fails(kind)]);
            assert_eq!((told.error().kind(), told.puts().len()), (wanted, 1));
        }
    }
}

#[test]
fn expired_keys_are_renewed_once_for_the_same_place() {
    for vendor in BOTH {
        for code in [
            "SecurityTokenExpired",
            "InvalidAccessKeyId",
            "InvalidSecurityToken",
        ] {
            let told = vendor.upload(&[refused(403, code), vendor.renewal(), stored()]);
            assert!(told.result.is_ok(), "{:?}", told.result);
            assert_eq!(told.sent.len(), 4);
            for (request, path) in [0, 2].into_iter().zip(vendor.asks()) {
                assert_eq!(told.sent[request].uri().path(), path);
            }
            let puts = told.puts();
            assert_eq!(puts[0].uri(), puts[1].uri());
            assert_eq!(header(puts[1], "x-oss-security-token"), NEW_TOKEN);
            assert!(header(puts[1], "authorization").starts_with(&format!("OSS {NEW_ID}:")));
            assert_eq!(
                header(puts[0], "x-oss-callback"),
                header(puts[1], "x-oss-callback")
            );

            let told = vendor.upload(&[refused(403, code), vendor.renewal(), refused(403, code)]);
            let error = told.error();
            assert_eq!(
                (error.kind(), error.code()),
                (ErrorKind::Credential, Some(code))
            );
            assert_eq!((error.created(), told.puts().len()), (Some(VIDEO), 2));
        }
        let told = vendor.upload_with(
            &[refused(403, "SecurityTokenExpired")],
            film(),
            RetryPolicy::NEVER,
        );
        assert_eq!(
            (told.error().kind(), told.sent.len()),
            (ErrorKind::Credential, 2)
        );
    }
}

#[test]
fn renewing_and_trying_again_add_up() {
    for vendor in BOTH {
        let told = vendor.upload(&[
            Reply::fails(Interrupted),
            refused(403, "SecurityTokenExpired"),
            vendor.renewal(),
            stored(),
        ]);
        assert!(told.result.is_ok());
        assert_eq!(told.puts().len(), 3);
    }
}

#[test]
fn the_clock_is_corrected_once() {
    for vendor in BOTH {
        let late = refused(403, "RequestTimeTooSkewed").header("date", LATER);
        let told = vendor.upload(&[late.clone(), stored()]);
        assert!(told.result.is_ok(), "{:?}", told.result);
        let puts = told.puts();
        assert_eq!(header(puts[0], "date"), NOW);
        assert_eq!(header(puts[1], "date"), LATER);
        assert_ne!(
            header(puts[0], "authorization"),
            header(puts[1], "authorization")
        );
        assert!(!told.log.iter().any(|line| line.starts_with("sleep")));

        // A clock that changes with each reply is no clock: it must not go on for ever.
        let later =
            refused(403, "RequestTimeTooSkewed").header("date", "Wed, 15 Nov 2023 12:00:00 GMT");
        let told = vendor.upload(&[late, later]);
        let error = told.error();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Credential, Some("RequestTimeTooSkewed"))
        );
        assert!(
            error.to_string().contains("Set this machine's clock"),
            "{error}"
        );
        assert_eq!(told.puts().len(), 2);

        // Nor does a program that wants each request sent once get two.
        let late = refused(403, "RequestTimeTooSkewed").header("date", LATER);
        let told = vendor.upload_with(&[late], film(), RetryPolicy::NEVER);
        assert_eq!(told.puts().len(), 1);

        // Without another time there is nothing to correct.
        for date in [None, Some(NOW), Some("Tue, 14 Nov 2023 22:13:40 GMT")] {
            let mut reply = refused(403, "RequestTimeTooSkewed");
            if let Some(date) = date {
                reply = reply.header("date", date);
            }
            assert_eq!(vendor.upload(&[reply]).puts().len(), 1, "{date:?}");
        }
    }
}

#[test]
fn what_the_vendors_clock_shows_dates_the_first_request() {
    for vendor in BOTH {
        let told = vendor.upload_after(vendor.grant().header("date", LATER), &[stored()]);
        assert!(told.result.is_ok());
        assert_eq!(header(told.puts()[0], "date"), LATER);
        // The storage's own clock counts more.
        let told = vendor.upload_after(
            vendor.grant().header("date", LATER),
            &[
                refused(403, "RequestTimeTooSkewed").header("date", NOW),
                stored(),
            ],
        );
        let dates: Vec<&str> = told.puts().iter().map(|put| header(put, "date")).collect();
        assert_eq!(dates, [LATER, NOW]);
    }
}

#[test]
fn other_refusals_are_told_and_not_repeated() {
    for vendor in BOTH {
        for (status, code, kind) in [
            (403, "AccessDenied", ErrorKind::Credential),
            (403, "SignatureDoesNotMatch", ErrorKind::Credential),
            (403, "InvalidObjectState", ErrorKind::Credential),
            (404, "NoSuchBucket", ErrorKind::Refused),
            (400, "InvalidArgument", ErrorKind::Refused),
            (411, "MissingContentLength", ErrorKind::Refused),
        ] {
            let told = vendor.upload(&[refused(status, code)]);
            let error = told.error();
            assert_eq!((error.kind(), error.code()), (kind, Some(code)));
            assert_eq!(error.message(), format!("words of {code}"));
            assert_eq!(error.request_id(), Some("0123456789ABCDEF01234567"));
            assert_eq!(error.status().unwrap(), status);
            assert_eq!(error.created(), Some(VIDEO));
            assert!(error.hint().is_some());
            assert_eq!(told.puts().len(), 1, "{code}");
        }
        // What did not come from the storage.
        for (status, kind) in [
            (403, ErrorKind::Credential),
            (404, ErrorKind::Refused),
            (302, ErrorKind::Refused),
        ] {
            let told = vendor.upload(&[Reply::status(status, "<html>proxy</html>")]);
            assert_eq!((told.error().kind(), told.error().code()), (kind, None));
            assert_eq!(told.puts().len(), 1);
        }
        let silent = vendor.upload(&[Reply::status(400, "<Error><Code>Odd</Code></Error>")]);
        assert_eq!(silent.error().message(), "the storage gave no message");
        assert_eq!(
            (silent.error().code(), silent.error().request_id()),
            (Some("Odd"), None)
        );
    }
}

#[test]
fn a_failing_storage_is_tried_again_within_the_policy() {
    for vendor in BOTH {
        for (reply, kind) in [
            (refused(500, "InternalError"), ErrorKind::Unavailable),
            (refused(503, "ServiceUnavailable"), ErrorKind::Unavailable),
            (refused(400, "RequestTimeout"), ErrorKind::Unavailable),
            (refused(503, "SlowDown"), ErrorKind::Throttled),
            (refused(503, "QpsLimitExceeded"), ErrorKind::Throttled),
            (Reply::status(502, "<html>"), ErrorKind::Unavailable),
            (Reply::status(429, ""), ErrorKind::Throttled),
            // Stored, but the vendor has not taken note.
            (refused(203, "CallbackFailed"), ErrorKind::Unavailable),
            (Reply::status(203, ""), ErrorKind::Decode),
        ] {
            if kind == ErrorKind::Decode {
                assert_eq!(vendor.upload(&[reply]).error().kind(), kind);
                continue;
            }
            let told = vendor.upload(&[reply.clone(), reply.clone(), stored()]);
            assert!(told.result.is_ok(), "{:?}", told.result);
            assert_eq!(told.puts().len(), 3);
            assert_eq!(
                told.log
                    .iter()
                    .filter(|line| line.starts_with("sleep"))
                    .count(),
                2
            );
            let told = vendor.upload(&[reply.clone(), reply.clone(), reply]);
            assert_eq!((told.error().kind(), told.error().attempts()), (kind, 3));
        }
    }
}

#[test]
fn the_wait_that_a_failing_storage_asks_for_is_in_the_error() {
    for vendor in BOTH {
        let reply = refused(503, "ServiceUnavailable").header("retry-after", "3");
        let told = vendor.upload(&[reply.clone(), reply.clone(), reply]);
        let wait = std::time::Duration::from_secs(3);
        assert_eq!(told.error().retry_after(), Some(wait));
    }
}

#[test]
fn no_secret_is_in_an_error() {
    let keys = [ID, SECRET, TOKEN, NEW_ID, NEW_SECRET, NEW_TOKEN];
    let hex: String = TOKEN.bytes().map(|byte| format!("{byte:02X} ")).collect();
    for vendor in BOTH {
        let echo = format!(
            "<Error><Code>{ID}</Code><Message>{}</Message><RequestId>r</RequestId><StringToSign>x-oss-security-token:{TOKEN}</StringToSign>\
             <StringToSignBytes>{hex}</StringToSignBytes></Error>",
            keys.join(" ")
        );
        for script in [
            vec![Reply::status(403, echo.as_str())],
            vec![
                refused(403, "SecurityTokenExpired"),
                vendor.renewal(),
                Reply::status(400, echo.replace(ID, NEW_ID)),
            ],
            vec![
                refused(403, "SecurityTokenExpired"),
                Reply::status(500, ""),
                Reply::status(500, ""),
                Reply::status(500, ""),
            ],
        ] {
            let renewed = script.len() == 3;
            let told = vendor.upload(&script);
            let error = told.error();
            let body = error
                .body()
                .map(|body| String::from_utf8_lossy(body).into_owned());
            let shown = format!(
                "{error} {error:?} {:?} {:?} {body:?}",
                error.code(),
                error.request_id()
            );
            // The keys that were used; of others the flow knows nothing.
            let used = if renewed { &keys[3..] } else { &keys[..3] };
            for key in used {
                assert!(!shown.contains(key), "{shown}");
            }
            assert!(!shown.contains(&hex), "{shown}");
            assert_eq!(error.created(), Some(VIDEO));
        }
    }
}

#[test]
fn every_failure_after_the_grant_names_the_video() {
    for vendor in BOTH {
        for (reply, words) in [
            (refused(403, "AccessDenied"), "came with them. Video"),
            (
                Reply::fails(LocalFile),
                "scripted failure: LocalFile. Video",
            ),
        ] {
            let told = vendor.upload(&[reply]);
            let wanted = format!("{words} {VIDEO} exists but has no content");
            assert!(
                told.error().to_string().ends_with(&wanted),
                "{}",
                told.error()
            );
        }
        for reply in [
            Reply::fails(Interrupted),
            Reply::fails(Timeout),
            refused(500, "InternalError"),
        ] {
            let told = vendor.upload(&[reply.clone(), reply.clone(), reply]);
            let wanted = format!("Video {VIDEO} exists but may have no content");
            assert!(
                told.error().to_string().ends_with(&wanted),
                "{}",
                told.error()
            );
        }
        for reply in [
            Reply::fails(LocalFile),
            refused(403, "AccessDenied"),
            refused(404, "NoSuchBucket"),
            Reply::status(302, ""),
        ] {
            let told = vendor.upload(&[reply]);
            assert_eq!(told.error().created(), Some(VIDEO));
        }
        let altered = || stored().header("x-oss-hash-crc64ecma", "1");
        let told = vendor.upload(&[altered(), altered(), altered()]);
        let wanted = format!("Video {VIDEO} exists but may have wrong content");
        assert!(
            told.error().to_string().ends_with(&wanted),
            "{}",
            told.error()
        );
        let told = vendor.upload(&[refused(403, "SecurityTokenExpired"), Reply::status(404, "")]);
        assert_eq!(told.error().created(), Some(VIDEO));
        // Before it there is none.
        let told = vendor.upload_after(Reply::status(404, ""), &[]);
        assert_eq!(told.error().created(), None);
    }
}
