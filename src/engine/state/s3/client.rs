//! Client for signed HEAD requests to S3.

use std::{collections::HashMap, sync::Mutex};

use jiff::Timestamp;
use ureq::{Agent, Error, http::HeaderMap};

use super::{HeadRequest, agent, signature::signed_headers};
use crate::{
    engine::{RemoteVersion, RemoteVersionAnswer},
    mutex::lock,
};

/// HTTP client for S3 HEAD requests. Certificates are loaded and connections opened on first use.
#[derive(Default)]
pub(in crate::engine) struct Client {
    /// Agents by TLS (or plain HTTP), and by the file of certificates that are trusted instead of the system's.
    agents: Mutex<HashMap<(bool, Option<String>), Agent>>,
    /// Results of first requests by host: `None` after a response, else the error.
    first_results: Mutex<HashMap<String, Option<String>>>,
}

impl Client {
    /// Requests the version of a state. A host whose first request failed is not tried again: thousands of states would wait
    /// for the timeout one after the other.
    pub(in crate::engine) fn ask(&self, request: &HeadRequest, now: Timestamp) -> RemoteVersionAnswer {
        let object = &request.object;
        let unknown = |why: String| RemoteVersionAnswer::Unknown(Some(format!("{}: {why}", object.host)));
        if let Some(why) = lock(&self.first_results).get(&object.host).cloned().flatten() {
            return unknown(why);
        }
        let agent = match self.agent(request) {
            Ok(agent) => agent,
            Err(error) => return unknown(format!("no certificates to trust could be read: {error}")),
        };
        let Some(headers) = signed_headers("HEAD", object, &request.keys, now, &[]) else {
            return unknown("the question could not be signed".to_owned());
        };
        let request = headers
            .into_iter()
            .fold(agent.head(object.url()), |request, (name, value)| request.header(name, value));
        let answer = request.call();
        if answer.is_ok() {
            lock(&self.first_results).insert(object.host.clone(), None);
        }
        match answer {
            Err(error) => {
                let why = error_text(&error);
                lock(&self.first_results).entry(object.host.clone()).or_insert_with(|| Some(why.clone()));
                unknown(why)
            }
            Ok(answer) => match answer.status().as_u16() {
                200 => version_in_headers(object.url(), answer.headers())
                    .map_or(RemoteVersionAnswer::Unknown(None), RemoteVersionAnswer::Known),
                // There is no state yet.
                404 => RemoteVersionAnswer::Unknown(None),
                status => unknown(format!("it answers with status {status}")),
            },
        }
    }

    fn agent(&self, request: &HeadRequest) -> std::io::Result<Agent> {
        let mut agents = lock(&self.agents);
        let key = (request.object.tls, request.trusted.clone());
        if let Some(agent) = agents.get(&key) {
            return Ok(agent.clone());
        }
        let trusted = request.trusted.as_deref().map(Into::into);
        let agent = if request.object.tls { agent::secure(trusted)? } else { agent::plain_http_agent() };
        agents.insert(key, agent.clone());
        Ok(agent)
    }
}

/// Returns the version of a state from response headers; `None` if the entity tag is missing or weak.
fn version_in_headers(state_url: String, headers: &HeaderMap) -> Option<RemoteVersion> {
    let text = |name: &str| headers.get(name)?.to_str().ok().filter(|text| !text.is_empty());
    let tag = text("etag").filter(|tag| !tag.starts_with("W/"))?;
    let version = text("x-amz-version-id").map(|version| format!(" {version}")).unwrap_or_default();
    Some(RemoteVersion { state_url, entity_tag: format!("{tag}{version}") })
}

/// Describes an error without any content of the request.
fn error_text(error: &Error) -> String {
    match error {
        Error::Timeout(_) => "there is no answer in time".to_owned(),
        Error::HostNotFound => "the host is not known".to_owned(),
        Error::ConnectionFailed => "no connection can be made".to_owned(),
        Error::Tls(_) | Error::Rustls(_) => format!("no connection that could be trusted: {error}"),
        Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(tls) => format!("no connection that could be trusted: {tls}"),
            None => error.kind().to_string(),
        },
        _ => "the question could not be asked".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader, Write},
        net::TcpListener,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
    };

    use super::*;
    use crate::engine::state::s3::{keys::AccessKeys, object_url::ObjectUrl};

    /// Starts a server that gives each connection one of these responses; returns a request for it, and a counter of
    /// connections.
    fn server(answers: &'static [&'static str]) -> (HeadRequest, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        thread::spawn(move || {
            for (stream, answer) in listener.incoming().zip(answers) {
                counted.fetch_add(1, Ordering::Relaxed);
                let mut stream = stream.unwrap();
                // A close with unread bytes would discard the response.
                BufReader::new(&stream)
                    .lines()
                    .take_while(|line| line.as_ref().is_ok_and(|l| !l.is_empty()))
                    .for_each(drop);
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        let object = ObjectUrl { tls: false, host, path: "/b/k".into(), region: "r".into() };
        let keys = AccessKeys { key_id: "i".into(), secret: "s".into(), session_token: None };
        (HeadRequest { object, keys, trusted: None }, count)
    }

    const ANSWER: &str = "HTTP/1.1 200 OK\r\nETag: \"t\"\r\nConnection: close\r\n\r\n";

    #[test]
    fn only_a_server_that_has_answered_is_asked_again() {
        let (request, connections) = server(&["", ANSWER]);
        let client = Client::default();
        let first = client.ask(&request, Timestamp::UNIX_EPOCH);
        assert!(
            matches!(&first, RemoteVersionAnswer::Unknown(Some(why)) if why.starts_with("127.0.0.1:")),
            "{first:?}"
        );
        assert_eq!(client.ask(&request, Timestamp::UNIX_EPOCH), first);
        assert_eq!(connections.load(Ordering::Relaxed), 1);

        let (request, connections) = server(&[ANSWER, "", ANSWER]);
        let known = client.ask(&request, Timestamp::UNIX_EPOCH);
        assert_eq!(
            known,
            RemoteVersionAnswer::Known(RemoteVersion {
                state_url: request.object.url(),
                entity_tag: "\"t\"".to_owned()
            })
        );
        assert!(matches!(client.ask(&request, Timestamp::UNIX_EPOCH), RemoteVersionAnswer::Unknown(Some(_))));
        assert_eq!(client.ask(&request, Timestamp::UNIX_EPOCH), known);
        assert_eq!(connections.load(Ordering::Relaxed), 3);
    }
}
