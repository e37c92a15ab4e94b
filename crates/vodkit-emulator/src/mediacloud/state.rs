//! Everything an instance remembers.

use super::Account;

#[derive(Debug)]
pub(crate) struct State {
    accounts: Vec<Account>,
}

impl State {
    pub(crate) fn new(accounts: &[Account]) -> Self {
        Self {
            accounts: accounts.to_vec(),
        }
    }

    pub(crate) fn accounts(&self) -> &[Account] {
        &self.accounts
    }
}
