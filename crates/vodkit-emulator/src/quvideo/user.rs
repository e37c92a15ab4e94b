//! Users and their tokens.

use serde_json::{Value, json};

use super::Call;
use super::envelope::{Fault, UNAUTHORISED, UNPROCESSABLE};
use super::state::Login;
use crate::clock;
use crate::journal::Change;

/// `user/login`
pub(super) fn login(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (name, password) = (
        call.form.required("username")?,
        call.form.required("password")?,
    );
    let now_ms = call.now_ms;
    call.state(|state| {
        let sealed = state.seal(password);
        let user = state.users.iter().find(|(_, user)| {
            user.login
                .as_ref()
                .is_some_and(|login| login.name == name && login.sealed_password == sealed)
        });
        let id = user.map(|(id, _)| id.clone()).ok_or_else(|| {
            let problem = "user name and password do not belong together";
            Fault::new(UNAUTHORISED, problem).assumed("login")
        })?;
        Ok(json!({ "token": state.new_token(&id, now_ms) }))
    })
}

/// `user/register`
pub(super) fn register(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (name, password) = (
        call.form.required("username")?,
        call.form.required("password")?,
    );
    let now_ms = call.now_ms;
    let id = call.state(|state| {
        let taken = |have: &Login| have.name == name;
        if state
            .users
            .values()
            .any(|user| user.login.as_ref().is_some_and(taken))
        {
            let problem = format!("the user name {name} is taken");
            return Err(Fault::new(UNPROCESSABLE, problem).assumed("register-taken"));
        }
        let login = Login {
            name: name.to_owned(),
            sealed_password: state.seal(password),
        };
        Ok(state.new_user(Some(login), now_ms))
    })?;
    call.changed("user", id, Change::Created);
    Ok(json!({}))
}

/// `user/updateUser`: a user changes nobody but itself.
pub(super) fn update_user(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (id, nick_name) = (
        call.form.required("userId")?,
        call.form.required("nickname")?,
    );
    if id != call.user()? {
        let problem = format!("the token belongs to another user than {id}");
        return Err(Fault::unchanged(problem).assumed("update-another"));
    }
    call.state(|state| {
        let user = state
            .users
            .get_mut(id)
            .ok_or_else(|| Fault::unchanged(format!("user {id} does not exist")))?;
        nick_name.clone_into(&mut user.nick_name);
        Ok::<_, Fault>(())
    })?;
    call.changed("user", id, Change::Changed);
    Ok(json!({}))
}

/// `user/randomUser`
pub(super) fn random_user(call: &mut Call<'_>) -> Result<Value, Fault> {
    let now_ms = call.now_ms;
    let base = call.base;
    let (id, data) = call.state(|state| {
        let id = state.new_user(None, now_ms);
        let token = state.new_token(&id, now_ms);
        let user = &state.users[&id];
        let data = json!({
            "id": user.row.to_string(),
            "userId": id,
            "token": token,
            "nickName": user.nick_name,
            "avatarUrl": avatar_url(base, &id),
            "gmtCreate": clock::date_time_text(user.created_ms),
            "gmtModified": "",
        });
        (id, data)
    });
    call.changed("user", id, Change::Created);
    Ok(data)
}

/// Address of the picture of a user.
pub(super) fn avatar_url(base: &str, user: &str) -> String {
    format!("{base}/quvideo/avatar/{user}.jpg")
}
