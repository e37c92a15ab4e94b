//! What the tables say of a request: where each parameter goes, by which rule it is signed, and to which host it is sent.

use super::Check;
use crate::names::is_snake;
use crate::spec::{Auth, Method, Operation, Param, Place, Type};

/// The names in braces of a path; `None` when a brace has no partner.
fn placeholders(path: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}')?;
        if before.contains('}') || name.is_empty() || name.contains('{') {
            return None;
        }
        names.push(name);
        rest = tail;
    }
    (!rest.contains('}')).then_some(names)
}

impl Check<'_> {
    /// Form and JSON do not travel together, and a GET has no body for JSON.
    pub(super) fn places(&mut self, at: &str, operation: &Operation) {
        let of = |place: Place| operation.params.iter().filter(move |p| p.place == place);
        if of(Place::Json).next().is_none() {
            return;
        }
        if operation.method == Method::Get {
            self.error(at, "params: a GET has no body for in = \"json\"");
        }
        if let Some(param) = of(Place::Form).next() {
            self.error(
                at,
                format_args!(
                    "params: `{}` is part of a form, others of a JSON body: one request has one of them",
                    param.name
                ),
            );
        }
    }

    pub(super) fn path(&mut self, at: &str, operation: &Operation) {
        let targets: Vec<_> = operation.params.iter().filter(|p| p.is_target()).collect();
        let names = placeholders(&operation.path);
        if let Some([name]) = names.as_deref()
            && operation.path.len() == name.len() + 2
        {
            if targets.len() != 1 || targets[0].name != *name {
                self.error(
                    at,
                    format_args!("path: `{name}` must be the one parameter with in = \"target\""),
                );
            }
            if operation.auth != Auth::None {
                self.error(at, "auth: an address that is a parameter cannot be signed");
            }
            return;
        }
        if !targets.is_empty() {
            self.error(
                at,
                format_args!("path: does not use the target `{}`", targets[0].name),
            );
        }
        let Some(names) = names
            .filter(|_| operation.path.starts_with('/') && !operation.path.contains(['?', ' ']))
        else {
            return self.error(
                at,
                "path: must start with / and have no query, blank or lonely brace",
            );
        };
        let common = match operation.auth {
            Auth::Signed => self.spec.vendor.common_of(operation.signing.as_deref()),
            Auth::Token | Auth::None => Vec::new(),
        };
        for name in &names {
            let found = operation
                .params
                .iter()
                .chain(common.iter().copied())
                .find(|param| param.name == *name);
            match found {
                None => self.error(at, format_args!("path: `{name}` is no parameter")),
                Some(param) if !param.required || param.is_file() => self.error(
                    at,
                    format_args!("path: `{name}` must be required and no file"),
                ),
                Some(_) => {}
            }
        }
        for param in operation.params.iter().filter(|p| p.place == Place::Path) {
            if operation.auth == Auth::Signed {
                self.error(
                    at,
                    format_args!(
                        "params: `{}`: what is signed is sent: in = \"path\" is not for signed calls",
                        param.name
                    ),
                );
            }
            if !names.contains(&param.name.as_str()) {
                self.error(
                    at,
                    format_args!("path: does not use the param `{}`", param.name),
                );
            }
        }
    }

    /// Rule of signing and host.
    pub(super) fn rules(&mut self, at: &str, operation: &Operation) {
        let vendor = &self.spec.vendor;
        if let Some(rule) = &operation.signing {
            if operation.auth != Auth::Signed {
                self.error(at, "signing: only for auth = \"signed\"");
            }
            if !is_snake(rule) {
                self.error(at, "signing: write it like_this");
            }
        }
        if let Some(host) = &operation.host
            && !vendor.host.iter().any(|known| known.name == *host)
        {
            self.error(
                at,
                format_args!("host: there is no [[host]] `{host}` in vendor.toml"),
            );
        }
    }

    /// The parameters that the request layer adds by itself.
    pub(super) fn common(&mut self, at: &str) {
        let vendor = &self.spec.vendor;
        let names: Vec<_> = vendor
            .common
            .iter()
            .map(|param| match &param.signing {
                Some(rule) => format!("{} of {rule}", param.name),
                None => param.name.clone(),
            })
            .collect();
        self.unique(at, "common", names.iter().map(String::as_str));
        for (param, name) in vendor.common.iter().zip(&names) {
            let at = format!("{at}: [[common]] `{name}`");
            self.param(&at, param);
            if !param.is_text() {
                self.error(&at, "in: a common parameter is text in the form or query");
            }
            let used = |rule: &String| {
                let mut operations = self.spec.operations.iter();
                operations.any(|operation| operation.signing.as_ref() == Some(rule))
            };
            if param.signing.as_ref().is_some_and(|rule| !used(rule)) {
                self.error(&at, "signing: no operation is signed by this rule");
            }
        }
    }

    pub(super) fn param(&mut self, at: &str, param: &Param) {
        self.text(at, "doc", &param.doc);
        if param.name.is_empty()
            || !param
                .name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
        {
            self.error(
                at,
                "name: only ASCII letters, digits, _, - and . are possible",
            );
        }
        self.rust_name(at, param.rust());
        let mut number = false;
        match &param.kind {
            Type::Uint | Type::Int => number = true,
            Type::Text
            | Type::Secret
            | Type::Date
            | Type::DateTime
            | Type::Url
            | Type::Bool
            | Type::Float
            | Type::File => {}
            Type::Csv(inner) => self.csv(at, inner),
            Type::Object => self.json_only(at, param),
            Type::List(inner) if matches!(**inner, Type::Text | Type::Uint) => {
                self.json_only(at, param);
            }
            Type::List(inner) => self.error(
                at,
                format_args!("type: `list<{inner}>` is not possible: only string or uint"),
            ),
            Type::Named(name) if self.spec.find_enum(name).is_some() => {}
            Type::Named(name) => self.error(at, format_args!("type: there is no enum `{name}`")),
            other => self.error(at, format_args!("type: `{other}` is for replies only")),
        }
        if !number && (param.min.is_some() || param.max.is_some()) {
            self.error(at, "min, max: only for uint and int");
        }
        if matches!((param.min, param.max), (Some(min), Some(max)) if min > max) {
            self.error(at, "min, max: no number is allowed");
        }
        if param.max_chars.is_some() && !matches!(param.kind, Type::Text | Type::Url | Type::Secret)
        {
            self.error(at, "max_chars: only for texts");
        }
        if param.is_target() && !(param.kind == Type::Secret && param.required) {
            self.error(at, "in: a target is of type secret and required");
        }
        if param.is_file() && param.place != Place::Form {
            self.error(at, "in: a file is part of a form");
        }
        if param.place == Place::Path && !param.required {
            self.error(at, "in: what fills the path is required");
        }
    }

    fn json_only(&mut self, at: &str, param: &Param) {
        if param.place != Place::Json {
            self.error(
                at,
                format_args!("type: `{}` needs in = \"json\"", param.kind),
            );
        }
    }

    pub(super) fn csv(&mut self, at: &str, inner: &Type) {
        match inner {
            Type::Uint | Type::Int | Type::Text => {}
            Type::Named(name) if self.spec.find_enum(name).is_some() => {}
            other => self.error(
                at,
                format_args!(
                    "type: `csv<{other}>` is not possible: only uint, int, string or an enum"
                ),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::placeholders;
    use crate::spec::fixture::{self, BARE_CALLS as CALLS, BARE_VENDOR as VENDOR};
    use crate::spec_check::check;

    fn errors(vendor: &str, calls: &str) -> String {
        fixture::parse(vendor, calls)
            .map_or_else(|errors| errors, |spec| check(&spec))
            .join("\n")
    }

    #[track_caller]
    fn refuses(from: &str, to: &str, message: &str) {
        let both = [VENDOR, CALLS].map(|text| text.matches(from).count());
        assert_eq!(both[0] + both[1], 1, "`{from}` must be in the fixture once");
        let errors = errors(&VENDOR.replace(from, to), &CALLS.replace(from, to));
        assert!(errors.contains(message), "wanted: {message}\ngot: {errors}");
    }

    #[test]
    fn the_fixture_is_in_order() {
        assert_eq!(errors(VENDOR, CALLS), "");
    }

    #[test]
    fn placeholders_are_found() {
        assert_eq!(placeholders("/a/{b}/c{d}"), Some(vec!["b", "d"]));
        assert_eq!(placeholders("/a"), Some(vec![]));
        for broken in ["/{a", "/a}", "/{}", "/{a{b}}", "/}a{"] {
            assert_eq!(placeholders(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_path_names_parameters_and_uses_all_of_its_own() {
        refuses(
            "path = \"/clips/{clip_id}\"",
            "path = \"/clips/{id}\"",
            "[[operation]] `clip/get`: path: `id` is no parameter",
        );
        refuses(
            "path = \"/clips/{clip_id}\"",
            "path = \"/clips\"",
            "path: does not use the param `clip_id`",
        );
        refuses(
            "path = \"/clips/{clip_id}\"",
            "path = \"/clips/{clip_id\"",
            "path: must start with / and have no query, blank or lonely brace",
        );
        refuses(
            "required = true, in = \"path\"",
            "in = \"path\"",
            "params `clip_id`: in: what fills the path is required",
        );
        // A common parameter fills a path of signed calls only.
        refuses(
            "auth = \"signed\" # count",
            "auth = \"none\"",
            "`clip/count`: path: `userid` is no parameter",
        );
    }

    #[test]
    fn what_is_signed_stands_not_in_the_path_alone() {
        refuses(
            "auth = \"token\" # get",
            "auth = \"signed\"",
            "`clip/get`: params: `clip_id`: what is signed is sent",
        );
    }

    #[test]
    fn json_is_the_whole_body_and_not_that_of_a_get() {
        refuses(
            "method = \"POST\" # put",
            "method = \"GET\"",
            "`clip/put`: params: a GET has no body for in = \"json\"",
        );
        refuses(
            "type = \"string\", in = \"json\", doc = \"Its name.\"",
            "type = \"string\", doc = \"Its name.\"",
            "`clip/put`: params: `name` is part of a form",
        );
        refuses(
            "type = \"list<uint>\", in = \"json\"",
            "type = \"list<int>\", in = \"json\"",
            "params `ids`: type: `list<int>` is not possible",
        );
        refuses(
            "type = \"object\", in = \"json\"",
            "type = \"object\", required = true, in = \"path\"",
            "params `settings`: type: `object` needs in = \"json\"",
        );
    }

    #[test]
    fn rules_and_hosts_must_exist_and_fit() {
        refuses(
            "signing = \"fixed\" # count",
            "signing = \"Fixed\"",
            "`clip/count`: signing: write it like_this",
        );
        refuses(
            "auth = \"token\" # get",
            "auth = \"token\"\nsigning = \"fixed\"",
            "`clip/get`: signing: only for auth = \"signed\"",
        );
        refuses(
            "host = \"play\"",
            "host = \"player\"",
            "`clip/count`: host: there is no [[host]] `player`",
        );
        refuses(
            "url = \"https://play.example.test\"",
            "url = \"https://play.example.test/\"",
            "[[host]] `play`: url: must be scheme and host",
        );
        refuses(
            "signing = \"fixed\" # ts",
            "signing = \"other\"",
            "[[common]] `ts of other`: signing: no operation is signed by this rule",
        );
        refuses(
            "signing = \"fixed\" # ts",
            "in = \"json\"",
            "[[common]] `ts`: in: a common parameter is text",
        );
        refuses(
            "name = \"mark\",",
            "name = \"mark\", signing = \"fixed\",",
            "params `mark`: signing: belongs to common parameters",
        );
        refuses(
            "signing = \"fixed\" # count",
            "",
            "params `mark`: signed: only a file or a target can stay outside the signature, unless",
        );
    }

    #[test]
    fn codes_are_told_apart_by_their_message() {
        refuses("message = \"sign\"", "message = \"\"", "`message` is empty");
        refuses("message = \"sign\"", "", "code `400` is there twice");
    }

    #[test]
    fn aliases_are_names_of_one_field() {
        refuses(
            "aliases = [\"clipId\"]",
            "aliases = [\"tags\"]",
            "[[struct]] `Clip`: field `tags` is there twice",
        );
        refuses(
            "aliases = [\"clipId\"]",
            "aliases = [\"\"]",
            "fields `clip_id`: `aliases` is empty",
        );
    }

    #[test]
    fn layers_stand_on_each_other() {
        refuses(
            "layers = [\"types\"]",
            "layers = [\"facade\"]",
            "layers: `types` is below all others",
        );
        refuses(
            "layers = [\"types\"]",
            "layers = [\"types\", \"facade\"]",
            "layers: `facade` stands on `request`",
        );
    }

    #[test]
    fn the_request_layer_can_send_all_of_it() {
        let errors = errors(&VENDOR.replace("layers = [\"types\"]", ""), CALLS);
        assert_eq!(errors, "");
        assert!(check(&fixture::spec()).is_empty());
    }
}
