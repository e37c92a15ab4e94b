//! What each call must carry, before its handler looks at it: the operation table of the vendor's page.

use vodkit_types::baijiayun::operations::{ALL, COMMON};
use vodkit_types::operation::{Operation, ParamKind};

use super::envelope::Fault;
use crate::clock;
use crate::form::Form;

fn operation(name: &str) -> Option<&'static Operation> {
    ALL.iter().copied().find(|operation| operation.name == name)
}

/// Refuses a call that lacks a required parameter or carries a malformed one, naming it.
///
/// Which words and numbers a parameter may have is left to the handlers: they know what they can do.
pub(super) fn check(name: &str, form: &Form) -> Result<(), Fault> {
    for param in operation(name).map_or(&[][..], |operation| operation.params) {
        if param.kind == ParamKind::File {
            if param.required && form.file(param.name).is_none() {
                return Err(Fault::parameter(param.name, "the file part is missing"));
            }
            continue;
        }
        // assumed: empty-is-missing
        let Some(text) = form.text(param.name) else {
            if param.required {
                return Err(Fault::parameter(param.name, "is missing"));
            }
            continue;
        };
        match param.kind {
            ParamKind::Int => drop(form.number(param.name)?),
            ParamKind::Date if clock::parse_date(text).is_none() => {
                return Err(Fault::parameter(
                    param.name,
                    "is not a date like 2017-08-01",
                ));
            }
            ParamKind::DateTime if clock::parse_date_time(text).is_none() => {
                return Err(Fault::parameter(
                    param.name,
                    "is not a time like 2017-09-08 00:30:00",
                ));
            }
            ParamKind::Url if !(text.starts_with("http://") || text.starts_with("https://")) => {
                return Err(Fault::parameter(
                    param.name,
                    "must start with http:// or https://",
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A remark about parameters that the page does not list for this call; they are accepted. // assumed: unknown-parameter
pub(super) fn unknown_parameters(name: &str, form: &Form) -> Option<String> {
    let operation = operation(name)?;
    let known = |have: &str| {
        have == "sign"
            || COMMON.iter().any(|param| param.name == have)
            || operation.param(have).is_some()
    };
    let names: Vec<&str> = form
        .pairs()
        .map(|(have, _)| have)
        .filter(|have| !known(have))
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "parameters that the page does not list: {}",
            names.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::ROUTES;
    use super::*;

    #[test]
    fn every_call_of_the_table_has_a_handler_and_accepts_its_methods() {
        let mut calls = 0;
        for operation in ALL
            .iter()
            .filter(|operation| operation.path.starts_with("/openapi/"))
        {
            let route = ROUTES.iter().find(|route| route.name == operation.name);
            let route = route.unwrap_or_else(|| panic!("{} has no handler", operation.name));
            assert_eq!(operation.path, format!("/openapi/{}", route.name));
            for method in operation.methods {
                assert!(
                    route.methods.contains(method),
                    "{method} {}",
                    operation.name
                );
            }
            calls += 1;
        }
        // The page numbers 40, one of which is the upload itself; the two calls about the callback address come on top.
        assert_eq!((calls, ROUTES.len()), (41, 41));
    }

    #[test]
    fn shapes_are_checked_and_the_parameter_is_named() {
        let refused = |operation, body: &str| {
            check(operation, &Form::urlencoded(body))
                .unwrap_err()
                .message
        };
        assert_eq!(
            refused("video/getInfo", ""),
            "parameter video_id: is missing"
        );
        assert_eq!(
            refused("video/getInfo", "video_id="),
            "parameter video_id: is missing"
        );
        assert!(refused("video/getInfo", "video_id=x1").contains("video_id"));
        assert!(
            refused(
                "video_account/getUsedFlow",
                "start_date=2017-08-01&end_date=2017-8-3"
            )
            .contains("end_date")
        );
        assert!(
            refused("video/uploadSubtitle", "name=a&video_id=1&subtitle=text").contains("subtitle")
        );
        assert!(refused("video_account/setTranscodeCallbackUrl", "url=ftp://a").contains("url"));
        assert_eq!(
            check("video/getInfo", &Form::urlencoded("video_id=1")),
            Ok(())
        );
    }

    #[test]
    fn unlisted_parameters_are_remarked_on() {
        let form = Form::urlencoded("partner_id=1&timestamp=1&sign=x&video_id=1&vidoe_id=2");
        assert!(
            unknown_parameters("video/getInfo", &form)
                .unwrap()
                .ends_with(": vidoe_id")
        );
        assert_eq!(
            unknown_parameters("video/getInfo", &Form::urlencoded("video_id=1")),
            None
        );
    }
}
