//! What each call must carry, before its handler looks at it: the operation table of the vendor's page.

use http::StatusCode;
use vodkit_types::operation::{Operation, ParamKind};
use vodkit_types::quvideo::operations::ALL;

use super::envelope::Fault;
use crate::form::Form;

pub(super) fn operation(name: &str) -> Option<&'static Operation> {
    ALL.iter().copied().find(|operation| operation.name == name)
}

/// Parameters that the framework turns into numbers before the server's own code sees them.
fn is_bound(name: &str) -> bool {
    matches!(name, "pageIndex" | "pageSize" | "fileSize")
}

/// Refuses a call that lacks a required parameter or carries a malformed one, naming it.
pub(super) fn check(name: &str, form: &Form) -> Result<(), Fault> {
    // The music's pages are read as text, under one name that the lists of videos bind as a number.
    let bound = |param: &str| is_bound(param) && !name.starts_with("music/");
    for param in operation(name).map_or(&[][..], |operation| operation.params) {
        let Some(text) = form.text(param.name) else {
            match param.required {
                true if bound(param.name) => {
                    let problem = format!(
                        "Optional int parameter '{}' is present but cannot be translated into a null value",
                        param.name
                    );
                    return Err(Fault::framework(StatusCode::INTERNAL_SERVER_ERROR, problem));
                }
                true => return Err(Fault::parameter(param.name, "is missing").assumed("missing")),
                false => continue,
            }
        };
        let readable = match param.kind {
            ParamKind::Int => text.parse::<i64>().is_ok(),
            ParamKind::Float => text.parse::<f64>().is_ok_and(f64::is_finite),
            _ => true,
        };
        if readable {
            continue;
        }
        if bound(param.name) {
            let problem = format!("Failed to convert parameter '{}' to a number", param.name);
            return Err(Fault::framework(StatusCode::BAD_REQUEST, problem));
        }
        return Err(Fault::parameter(param.name, "is not a number").assumed("malformed"));
    }
    Ok(())
}

/// A remark about parameters that the page does not list for this call; the server does not look at them.
pub(super) fn unknown_parameters(name: &str, form: &Form) -> Option<String> {
    let operation = operation(name)?;
    // The first is on every call of the vendor's apps, the second a cursor that the lists of videos know.
    let known = |have: &str| {
        matches!(have, "PACKAGE_NAME")
            || (have == "token" && operation.needs_credential())
            || (have == "id" && name.ends_with("VideoList"))
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
    use super::super::envelope::Frame;
    use super::*;

    #[test]
    fn every_call_of_the_table_has_a_handler() {
        for operation in ALL {
            assert_eq!(operation.path, format!("/{}", operation.name));
            assert!(
                ROUTES.iter().any(|route| route.name == operation.name),
                "{} has no handler",
                operation.name
            );
        }
        assert_eq!((ALL.len(), ROUTES.len()), (26, 26));
    }

    #[test]
    fn numbers_of_the_framework_fail_in_the_framework() {
        let frame = |name, body: &str| check(name, &Form::urlencoded(body)).unwrap_err().frame;
        let list = "vod/getPersonalVideoList";
        assert_eq!(
            frame(list, "pageSize=1"),
            Frame::Framework(StatusCode::INTERNAL_SERVER_ERROR)
        );
        assert_eq!(
            frame(list, "pageIndex=one&pageSize=1"),
            Frame::Framework(StatusCode::BAD_REQUEST)
        );
        let handler = Frame::Handler {
            result: false,
            code: "500",
        };
        assert_eq!(frame("music/getRecommendMusic", "pageNo=1"), handler);
        assert_eq!(frame("vod/videoPublish", "size=big"), handler);
    }

    #[test]
    fn unlisted_parameters_are_remarked_on() {
        let remark = |name, body: &str| unknown_parameters(name, &Form::urlencoded(body));
        assert_eq!(remark("vod/getSts", "token=a&PACKAGE_NAME=b"), None);
        assert!(
            remark("demo/getSts", "token=a")
                .unwrap()
                .ends_with(": token")
        );
        assert!(remark("resource/getMv", "id=1").unwrap().ends_with(": id"));
    }
}
