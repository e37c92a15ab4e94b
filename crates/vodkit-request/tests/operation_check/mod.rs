//! What every call is checked for.

#![expect(
    clippy::unwrap_used,
    reason = "a failure here is a failure of the test that calls"
)]
#![allow(dead_code, reason = "no vendor's calls use all of it")]

mod account;

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde_json::{Map, Value};
use vodkit_request::testing::{sealed_params, sealed_request};
use vodkit_request::{Endpoint, Paged};
use vodkit_types::{Auth, Body, Lenient, Operation, Place, Secret, Wire};

use account::Account;

/// One call, and what the table says of its parameters.
pub(crate) struct Check<E> {
    name: &'static str,
    call: E,
    /// What the call without optional parameters sends besides what the vendor's rules add: texts, or the members of a JSON body.
    sent: BTreeMap<String, Value>,
    /// The required parameters, as JSON.
    required: Map<String, Value>,
    optional: Map<String, Value>,
    /// Those of the optional ones that are sent.
    sent_optional: BTreeMap<String, Value>,
}

impl<E> Check<E>
where
    E: Endpoint<Vendor: Account> + Wire + PartialEq + Debug + 'static,
{
    /// A call that is signed by the vendor's usual rule, made with its required parameters.
    #[track_caller]
    pub(crate) fn signed(name: &'static str, route: &str, call: E) -> Self {
        Self::of(name, route, Auth::Signed, None, call)
    }

    /// A call that is signed by another rule.
    #[track_caller]
    pub(crate) fn signed_by(rule: &str, name: &'static str, route: &str, call: E) -> Self {
        Self::of(name, route, Auth::Signed, Some(rule), call)
    }

    /// A call that carries a token.
    #[track_caller]
    pub(crate) fn token(name: &'static str, route: &str, call: E) -> Self {
        Self::of(name, route, Auth::Token, None, call)
    }

    /// A call that anybody may send.
    #[track_caller]
    pub(crate) fn unsigned(name: &'static str, route: &str, call: E) -> Self {
        Self::of(name, route, Auth::None, None, call)
    }

    #[track_caller]
    fn of(name: &'static str, route: &str, auth: Auth, rule: Option<&str>, call: E) -> Self {
        let operation = call.operation();
        assert_eq!(operation.name, name);
        assert_eq!(format!("{} {}", operation.method, operation.path), route);
        assert_eq!((operation.auth, operation.signing), (auth, rule));
        Self {
            name,
            call,
            sent: BTreeMap::new(),
            required: Map::new(),
            optional: Map::new(),
            sent_optional: BTreeMap::new(),
        }
    }

    /// A required parameter of the form or query.
    #[track_caller]
    pub(crate) fn required(&mut self, name: &str, text: &str) {
        self.required_value(name, text.into());
    }

    /// A required parameter that fills its place in the path.
    #[track_caller]
    pub(crate) fn required_path(&mut self, name: &str, text: &str) {
        self.required_value(name, text.into());
    }

    /// A required member of the JSON body.
    #[track_caller]
    pub(crate) fn required_json(&mut self, name: &str, json: &str) {
        self.required_value(name, serde_json::from_str(json).unwrap());
    }

    #[track_caller]
    fn required_value(&mut self, name: &str, value: Value) {
        assert!(self.call.operation().param(name).unwrap().required);
        self.sent.insert(name.into(), value.clone());
        self.required.insert(name.into(), value);
    }

    /// A required file: no parameter of the form.
    #[track_caller]
    pub(crate) fn required_file(&mut self, name: &str, path: &str) {
        let (field, file) = self.call.file().unwrap();
        assert_eq!((field, file.name.as_str()), (name, path));
        self.required.insert(name.into(), path.into());
    }

    /// A required parameter that is the address of the call.
    #[track_caller]
    pub(crate) fn required_target(&mut self, name: &str, address: &str) {
        assert_eq!(self.call.target().map(Secret::expose), Some(address));
        self.required.insert(name.into(), address.into());
    }

    /// An optional parameter of the form or query, and its setter.
    #[track_caller]
    pub(crate) fn optional(&mut self, name: &str, text: &str, set: impl Fn(E) -> E) {
        self.optional_value(name, text.into(), set);
    }

    /// An optional member of the JSON body, and its setter.
    #[track_caller]
    pub(crate) fn optional_json(&mut self, name: &str, json: &str, set: impl Fn(E) -> E) {
        self.optional_value(name, serde_json::from_str(json).unwrap(), set);
    }

    #[track_caller]
    fn optional_value(&mut self, name: &str, value: Value, set: impl Fn(E) -> E) {
        assert!(!self.call.operation().param(name).unwrap().required);
        let mut found = own(&set(self.call.clone()));
        let without = own(&self.call);
        assert_eq!(
            found.remove(name).as_ref(),
            Some(&value),
            "the setter of `{name}` sends something else"
        );
        assert_eq!(
            found, without,
            "the setter of `{name}` changes other parameters"
        );
        self.sent_optional.insert(name.into(), value.clone());
        self.optional.insert(name.into(), value);
    }

    /// A list that comes in pages: how pages are asked for, and what the sample `data` says of them. The first page is the one that a call
    /// without optional parameters asks for.
    #[track_caller]
    pub(crate) fn pages(
        &self,
        page: &str,
        page_size: u64,
        data: &str,
        total: Option<u64>,
        size: Option<u64>,
        items: usize,
    ) where
        E: Paged,
    {
        let asked = self.sent.get(page).map(|page| page.as_str().unwrap());
        assert_eq!(self.call.page().to_string(), asked.unwrap_or("1"));
        assert_eq!(self.call.page_size(), page_size);
        let next = self.call.with_page(7);
        assert_eq!(next.page(), 7);
        let (mut sent, mut first) = (own(&next), own(&self.call));
        assert_eq!(sent.remove(page), Some("7".into()));
        // Where the page is required, the call has one already.
        first.remove(page);
        assert_eq!(sent, first);

        let decode = || serde_json::from_str::<Lenient<E::Output>>(data).unwrap().0;
        assert_eq!(E::total(&decode()), total);
        assert_eq!(E::reported_page_size(&decode()), size);
        assert_eq!(E::items(decode()).len(), items);
    }

    /// All parameters are known: checks what concerns them together.
    #[track_caller]
    pub(crate) fn finish(self) {
        let decode = |params: &Map<String, Value>| {
            serde_json::from_value::<Lenient<E>>(params.clone().into()).map(|Lenient(call)| call)
        };
        assert_eq!(own(&self.call), self.sent);
        assert_eq!(decode(&self.required).unwrap(), self.call);

        for name in self.required.keys() {
            let mut params = self.required.clone();
            params.remove(name);
            // A list that is absent is read as an empty one, which is then refused.
            let (error, wanted) = match decode(&params) {
                Err(error) => (error.to_string(), format!("missing field `{name}`")),
                Ok(call) => {
                    let vendor = E::Vendor::account();
                    let error = sealed_request(&vendor, &call).expect_err(name).to_string();
                    (error, format!("parameter `{name}`: must not be empty"))
                }
            };
            assert!(error.contains(&wanted), "{error}");
        }

        let mut all = self.required.clone();
        all.extend(self.optional.clone());
        let mut sent = self.sent.clone();
        sent.extend(self.sent_optional.clone());
        let call = decode(&all).unwrap();
        assert_eq!(own(&call), sent);

        let documented: Vec<_> = self
            .call
            .operation()
            .params
            .iter()
            .map(|param| param.name)
            .collect();
        let mut tested: Vec<_> = all.keys().map(String::as_str).collect();
        tested.sort_unstable();
        assert_eq!(documented, tested);

        let dynamic = <E::Vendor as Account>::any(self.name, all.into())
            .unwrap()
            .unwrap();
        assert_eq!(dynamic.operation(), self.call.operation());
        assert_eq!(own(&dynamic), sent);
    }
}

/// What the sealed call carries besides what the vendor's rules add, which is checked and taken away.
#[track_caller]
fn own<E: Endpoint<Vendor: Account>>(call: &E) -> BTreeMap<String, Value> {
    let vendor = E::Vendor::account();
    let operation = call.operation();
    let request = sealed_request(&vendor, call).unwrap();
    assert_eq!(request.method(), operation.method);
    let mut sent: BTreeMap<String, Value> = match (operation.body, request.body().as_bytes()) {
        (Body::Json, Some(json)) => {
            assert_eq!(request.headers()["content-type"], "application/json");
            assert_eq!(request.uri().query(), None);
            serde_json::from_slice(json).unwrap()
        }
        _ => {
            let sealed = sealed_params(&vendor, call).unwrap();
            let params: BTreeMap<_, Value> = sealed
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().into()))
                .collect();
            assert_eq!(
                params.len(),
                sealed.len(),
                "a parameter is sent twice: {sealed:?}"
            );
            params
        }
    };
    match call.target() {
        Some(address) => assert_eq!(request.uri().to_string(), address.expose()),
        None => read_path(operation, request.uri().path(), &mut sent),
    }
    E::Vendor::take_rules(operation, &request, &mut sent);
    sent
}

/// Reads what stands in the places of the path. What the table puts there is sent nowhere else; anything else is sent there as well.
#[track_caller]
fn read_path(operation: &Operation, path: &str, sent: &mut BTreeMap<String, Value>) {
    let (wanted, found): (Vec<_>, Vec<_>) = (
        operation.path.split('/').collect(),
        path.split('/').collect(),
    );
    assert_eq!(wanted.len(), found.len(), "{path}");
    for (wanted, found) in wanted.iter().zip(found) {
        let name = wanted
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        let Some(name) = name else {
            assert_eq!(*wanted, found);
            continue;
        };
        // A plus sign in a path is no blank.
        let form = format!("value={}", found.replace('+', "%2B"));
        let text = url::form_urlencoded::parse(form.as_bytes())
            .next()
            .unwrap()
            .1;
        let text = Value::from(text.into_owned());
        let beside = sent.insert(name.to_owned(), text.clone());
        let path_alone = operation
            .param(name)
            .is_some_and(|param| param.place == Place::Path);
        assert_eq!(beside, (!path_alone).then_some(text), "{path}: `{name}`");
    }
}
