//! S3 bucket with scripted answers that records each request: for tests that count requests, or expect none.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
};

/// Certificate of the authority that signed the servers' certificates.
pub(crate) const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tls/authority.pem");

/// HTTP server on a free port of the loopback address, until the test's process ends.
pub(crate) struct Bucket {
    scheme: &'static str,
    address: SocketAddr,
    known: Arc<Known>,
}

#[derive(Default)]
struct Known {
    now: Mutex<Now>,
    changed: Condvar,
}

#[derive(Default)]
struct Now {
    connections: usize,
    requests: Vec<String>,
    /// Status line and headers of answers by path; other paths are answered with 404.
    answers: HashMap<String, String>,
    /// Number of requests that must have arrived before the first is answered.
    held_until: usize,
}

impl Bucket {
    /// Starts an empty bucket.
    #[track_caller]
    pub(crate) fn start() -> Self {
        Self::start_with("http", serve)
    }

    /// Starts an empty bucket over TLS.
    #[cfg(feature = "s3")]
    #[track_caller]
    pub(crate) fn start_secure() -> Self {
        use rustls::{
            ServerConfig, ServerConnection, StreamOwned,
            pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        };
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tls");
        let chain = CertificateDer::from_pem_file(format!("{folder}/server.pem")).expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(format!("{folder}/server.key")).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.expect("versions").with_no_client_auth().with_single_cert(vec![chain], key);
        let config = Arc::new(config.expect("they belong together"));
        Self::start_with("https", move |stream, known| {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            serve(StreamOwned::new(connection, stream), known);
        })
    }

    #[track_caller]
    fn start_with(scheme: &'static str, serve: impl Fn(TcpStream, &Known) + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let known = Arc::new(Known::default());
        let shared = Arc::clone(&known);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                shared.now().connections += 1;
                let (serve, shared) = (serve.clone(), Arc::clone(&shared));
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { scheme, address, known }
    }

    /// Returns the URL of the server.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Stores an object with this `ETag`.
    pub(crate) fn put(&self, path: &str, tag: &str) {
        self.answer(path, &format!("200 OK\r\nETag: \"{tag}\""));
    }

    /// Sets the status line and headers for a path.
    pub(crate) fn answer(&self, path: &str, head: &str) {
        self.known.now().answers.insert(path.to_owned(), head.to_owned());
    }

    /// Holds all answers until so many requests have arrived.
    pub(crate) fn hold_until(&self, requests: usize) {
        self.known.now().held_until = requests;
    }

    /// Returns the requests since the last call, sorted: `HEAD /states/app`.
    pub(crate) fn requests(&self) -> Vec<String> {
        let mut requests = std::mem::take(&mut self.known.now().requests);
        requests.sort();
        requests
    }

    /// Returns the number of connections.
    pub(crate) fn connections(&self) -> usize {
        self.known.now().connections
    }
}

impl Known {
    fn now(&self) -> std::sync::MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers requests until the client closes the connection.
fn serve(stream: impl Read + Write, known: &Known) {
    let mut stream = BufReader::new(stream);
    let line = |stream: &mut BufReader<_>| {
        let mut line = String::new();
        let read = stream.read_line(&mut line).unwrap_or_default();
        (read > 0).then(|| line.trim_end().to_owned())
    };
    while let Some(request) = line(&mut stream) {
        // The header ends with an empty line, and no body follows.
        let header: Vec<String> =
            std::iter::from_fn(|| line(&mut stream)).take_while(|line| !line.is_empty()).collect();
        let signed = header.iter().any(|line| line.to_ascii_lowercase().starts_with("authorization: aws4-"));
        let mut words = request.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut now = known.now();
        let unsigned = if signed { "" } else { " unsigned" };
        now.requests.push(format!("{method} {path}{unsigned}"));
        known.changed.notify_all();
        let waiting = |now: &mut Now| now.requests.len() < now.held_until;
        let now = known.changed.wait_while(now, waiting).unwrap_or_else(PoisonError::into_inner);
        let head = now.answers.get(path).map_or("404 Not Found", String::as_str);
        let answer = format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n");
        drop(now);
        if stream.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
