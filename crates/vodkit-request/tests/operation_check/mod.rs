//! What every call is checked for.

#![expect(
    clippy::unwrap_used,
    reason = "a failure here is a failure of the test that calls"
)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde_json::{Map, Value};
use vodkit_request::baijiayun::{Baijiayun, any_endpoint};
use vodkit_request::testing::sealed_params;
use vodkit_request::{Endpoint, Paged};
use vodkit_types::{Lenient, Secret, Wire};

const PARTNER_ID: u64 = 12_345_678;

/// One call, and what the table says of its parameters.
pub(crate) struct Check<E> {
    name: &'static str,
    signed: bool,
    call: E,
    /// What the call without optional parameters sends besides common parameters.
    sent: BTreeMap<String, String>,
    /// The required parameters, as JSON.
    required: Map<String, Value>,
    optional: Map<String, Value>,
}

impl<E: Endpoint<Vendor = Baijiayun> + Wire + PartialEq + Debug + 'static> Check<E> {
    /// A signed call, made with its required parameters.
    #[track_caller]
    pub(crate) fn signed(name: &'static str, route: &str, call: E) -> Self {
        Self::of(name, route, true, call)
    }

    /// An unsigned call, made with its required parameters.
    #[track_caller]
    pub(crate) fn unsigned(name: &'static str, route: &str, call: E) -> Self {
        Self::of(name, route, false, call)
    }

    #[track_caller]
    fn of(name: &'static str, route: &str, signed: bool, call: E) -> Self {
        let operation = call.operation();
        assert_eq!(operation.name, name);
        assert_eq!(format!("{} {}", operation.method, operation.path), route);
        assert_eq!(operation.is_signed(), signed);
        Self {
            name,
            signed,
            call,
            sent: BTreeMap::new(),
            required: Map::new(),
            optional: Map::new(),
        }
    }

    /// A required parameter.
    #[track_caller]
    pub(crate) fn required(&mut self, name: &str, text: &str) {
        assert!(self.call.operation().param(name).unwrap().required);
        self.sent.insert(name.into(), text.into());
        self.required.insert(name.into(), text.into());
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

    /// An optional parameter and its setter.
    #[track_caller]
    pub(crate) fn optional(&mut self, name: &str, text: &str, set: impl Fn(E) -> E) {
        assert!(!self.call.operation().param(name).unwrap().required);
        let mut found = self.own_params(&set(self.call.clone()));
        let without = self.own_params(&self.call);
        assert_eq!(
            found.remove(name).as_deref(),
            Some(text),
            "the setter of `{name}` sends something else"
        );
        assert_eq!(
            found, without,
            "the setter of `{name}` changes other parameters"
        );
        self.optional.insert(name.into(), text.into());
    }

    /// A list that comes in pages: how pages are asked for, and what the sample `data` says of them.
    #[track_caller]
    pub(crate) fn pages(
        &self,
        page: &str,
        default_size: u64,
        data: &str,
        total: Option<u64>,
        size: Option<u64>,
        items: usize,
    ) where
        E: Paged,
    {
        assert_eq!(self.call.page(), 1);
        assert_eq!(self.call.page_size(), default_size);
        let next = self.call.with_page(7);
        assert_eq!(next.page(), 7);
        let mut sent = self.own_params(&next);
        assert_eq!(sent.remove(page).as_deref(), Some("7"));
        assert_eq!(sent, self.own_params(&self.call));

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
        assert_eq!(self.own_params(&self.call), self.sent);
        assert_eq!(decode(&self.required).unwrap(), self.call);

        for name in self.required.keys() {
            let mut params = self.required.clone();
            params.remove(name);
            let error = decode(&params).expect_err(name).to_string();
            assert!(
                error.contains(&format!("missing field `{name}`")),
                "{error}"
            );
        }

        let mut all = self.required.clone();
        all.extend(self.optional.clone());
        let mut sent = self.sent.clone();
        sent.extend(
            self.optional
                .iter()
                .filter_map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned()))),
        );
        let call = decode(&all).unwrap();
        assert_eq!(self.own_params(&call), sent);

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

        let dynamic = any_endpoint(self.name, all.into()).unwrap().unwrap();
        assert_eq!(dynamic.operation(), self.call.operation());
    }

    /// What the sealed call carries besides common parameters, which are checked and taken away.
    #[track_caller]
    fn own_params(&self, call: &E) -> BTreeMap<String, String> {
        let base = "https://demo.example.test/".parse().unwrap();
        let vendor = Baijiayun::new(PARTNER_ID, Secret::from("test-key-0123456789"), base);
        let sealed = sealed_params(&vendor, call).unwrap();
        let mut params: BTreeMap<_, _> = sealed.iter().cloned().collect();
        assert_eq!(
            params.len(),
            sealed.len(),
            "a parameter is sent twice: {sealed:?}"
        );
        if self.signed {
            assert_eq!(params.remove("partner_id"), Some(PARTNER_ID.to_string()));
            assert_eq!(params.remove("timestamp").as_deref(), Some("1700000000"));
            assert_eq!(params.remove("sign").map(|sign| sign.len()), Some(32));
        }
        params
    }
}
