//! Asks, and says what was answered.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use ureq::{Agent, Error, http::HeaderMap};

use super::{Question, agent, signature::signed};
use crate::engine::{Stamp, Stamped};

/// What asks: nothing is loaded and nobody is connected to before the first question.
#[derive(Default)]
pub(in crate::engine) struct Client {
    /// By whether it is over TLS, and the file of the certificates that are trusted instead of the system's.
    agents: Mutex<HashMap<(bool, Option<String>), Agent>>,
}

impl Client {
    /// The answer to a question.
    pub(in crate::engine) fn ask(&self, question: &Question, now: Timestamp) -> Stamped {
        let place = &question.place;
        let untold = |why: String| Stamped::Untold(Some(format!("{}: {why}", place.host)));
        let agent = match self.agent(question) {
            Ok(agent) => agent,
            Err(error) => return untold(format!("no certificates to trust could be read: {error}")),
        };
        let Some(headers) = signed(("HEAD", place), &question.keys, now, &[]) else {
            return untold("the question could not be signed".to_owned());
        };
        let request = headers
            .into_iter()
            .fold(agent.head(place.url()), |request, (name, value)| request.header(name, value));
        match request.call() {
            Err(error) => untold(what(&error)),
            Ok(answer) => match answer.status().as_u16() {
                200 => stamp(place.url(), answer.headers()).map_or(Stamped::Untold(None), Stamped::Known),
                // Nothing is there yet.
                404 => Stamped::Untold(None),
                status => untold(format!("it answers with status {status}")),
            },
        }
    }

    fn agent(&self, question: &Question) -> std::io::Result<Agent> {
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (question.place.tls, question.trusted.clone());
        if let Some(agent) = agents.get(&key) {
            return Ok(agent.clone());
        }
        let trusted = question.trusted.as_deref().map(Into::into);
        let agent = if question.place.tls { agent::secure(trusted)? } else { agent::plain() };
        agents.insert(key, agent.clone());
        Ok(agent)
    }
}

/// What a header says of a state; a weak tag says too little.
fn stamp(place: String, headers: &HeaderMap) -> Option<Stamp> {
    let text = |name: &str| headers.get(name)?.to_str().ok().filter(|text| !text.is_empty());
    let tag = text("etag").filter(|tag| !tag.starts_with("W/"))?;
    let version = text("x-amz-version-id").map(|version| format!(" {version}")).unwrap_or_default();
    Some(Stamp { place, tag: format!("{tag}{version}") })
}

/// What happened, without anything that was sent.
fn what(error: &Error) -> String {
    match error {
        Error::Timeout(_) => "there is no answer in time".to_owned(),
        Error::HostNotFound => "the host is not known".to_owned(),
        Error::ConnectionFailed => "nobody can be connected to".to_owned(),
        Error::Tls(_) | Error::Rustls(_) => format!("no connection that could be trusted: {error}"),
        Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(tls) => format!("no connection that could be trusted: {tls}"),
            None => error.kind().to_string(),
        },
        _ => "the question could not be asked".to_owned(),
    }
}
