//! One suite, both transports.

use std::process::Command;

use vodkit_tests::conformance::{AsyncHarness, BlockingHarness, framing};

macro_rules! conformance {
    ($($module:ident::{$($case:ident),* $(,)?});* $(;)?) => {
        mod blocking {
            $($(
                #[test]
                fn $case() {
                    vodkit_tests::conformance::$module::$case(&super::BlockingHarness::new());
                }
            )*)*
        }
        mod asynchronous {
            $($(
                #[test]
                fn $case() {
                    vodkit_tests::conformance::$module::$case(&super::AsyncHarness::new());
                }
            )*)*
        }
        mod threaded {
            $($(
                #[test]
                fn $case() {
                    vodkit_tests::conformance::$module::$case(&super::AsyncHarness::threaded());
                }
            )*)*
        }
    };
}

conformance! {
    framing::{
        get_has_no_body_headers,
        empty_post_has_length_zero,
        post_of_bytes_has_an_exact_length,
        segments_are_joined,
        delete_has_a_body,
        length_is_the_payloads,
        target_is_untouched,
        unusable_addresses_are_refused,
    };
    replies::{
        error_bodies_are_kept,
        payloads_can_be_sent_again,
        redirects_are_not_followed,
        bodies_are_not_interpreted,
        every_framing_of_a_reply_is_read,
        gzip_is_decompressed,
        broken_gzip_is_an_error,
        gzip_bombs_are_cut,
    };
    limits::{
        slow_reply_meets_the_total_limit,
        slow_upload_meets_the_total_limit,
        silence_meets_the_stall_limit,
        unread_upload_meets_the_stall_limit,
        steady_traffic_is_no_stall,
        single_bytes_make_a_reply,
        endless_reply_is_cut,
        endless_head_is_cut,
        size_limit_is_exact,
        connect_has_its_own_limit,
    };
    faults::{
        refused_port_is_connect,
        unknown_host_is_connect,
        failed_tls_is_connect,
        cut_replies_are_interrupted,
        reset_is_interrupted,
        garbage_is_other,
        early_answer_is_heard,
        early_answer_of_a_deaf_server_is_heard,
        early_answer_with_reset_is_heard_or_interrupted,
    };
    connections::{
        connection_is_kept,
        closed_idle_connection_is_replaced,
        request_on_a_dying_connection_is_not_repeated,
        announced_close_is_obeyed,
        proxy_is_used,
    };
    files::{
        progress_is_told,
        missing_file_is_local,
        short_file_is_local,
        shrinking_file_is_local,
        failed_body_ends_its_connection,
    };
    lanes::{
        lanes_run_beside_each_other,
        who_ends_first_is_told_first,
        a_wait_for_lanes_has_a_limit,
        an_idle_wait_is_a_sleep,
    };
    digests::{
        file_bytes_pass_the_tap,
        a_broken_sending_leaves_no_trace_in_the_tap,
        stretches_are_digested,
        a_pace_holds_bodies_back,
    };
    secrets::{canary_is_never_printed};
}

/// Both transports put the same requests on the wire: line, every header, body, and the use of connections.
#[test]
fn both_transports_send_the_same() {
    let blocking = framing::wire_log(&BlockingHarness::new());
    let asynchronous = framing::wire_log(&AsyncHarness::new());
    assert_eq!(blocking.len(), 8);
    for (blocking, asynchronous) in blocking.iter().zip(&asynchronous) {
        assert_eq!(blocking, asynchronous);
    }
    assert_eq!(blocking.len(), asynchronous.len());
}

/// ureq's blocking calls do not panic on a worker of an async runtime.
#[tokio::test]
async fn blocking_works_inside_a_runtime() {
    framing::delete_has_a_body(&BlockingHarness::new());
    let case =
        tokio::task::spawn_blocking(|| framing::target_is_untouched(&BlockingHarness::new()));
    case.await.unwrap();
}

/// Proxies of the environment are ignored. The environment belongs to the process, so the cases run in another one.
#[test]
fn environment_is_not_read() {
    let nowhere = "http://127.0.0.1:1";
    for case in [
        "blocking::error_bodies_are_kept",
        "asynchronous::error_bodies_are_kept",
    ] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", case]);
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command
                .env(name, nowhere)
                .env(name.to_ascii_lowercase(), nowhere);
        }
        let output = command
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .env_remove("REQUEST_METHOD")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success() && text.contains("1 passed"),
            "{text}"
        );
    }
}
