//! HTTP agents with persistent connections; over TLS they trust only the certificates that an engine would trust.

use std::{fs, io, sync::Arc, time::Duration};

use camino::Utf8Path;
use rustls_native_certs::CertificateResult;
use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig, TlsProvider},
};

use crate::engine::state::remote::MAX_CONCURRENT_REQUESTS;

/// Timeout of a connection attempt, and of a response.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Returns an agent for plain HTTP, for endpoints with `http://`.
pub(super) fn plain_http_agent() -> Agent {
    build_agent(TlsConfig::builder().build())
}

/// Returns an agent for TLS that trusts the certificates of a file, else those of the system.
pub(super) fn secure(trusted: Option<&Utf8Path>) -> io::Result<Agent> {
    let CertificateResult { certs, errors, .. } = match trusted {
        Some(file) => {
            fs::metadata(file)?;
            rustls_native_certs::load_certs_from_paths(Some(file.as_std_path()), None)
        }
        None => rustls_native_certs::load_native_certs(),
    };
    if certs.is_empty() {
        let why = errors.first().map_or_else(|| "there are none".to_owned(), ToString::to_string);
        return Err(io::Error::other(why));
    }
    let certs = certs.iter().map(|cert| Certificate::from_der(cert).to_owned());
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::Specific(Arc::new(certs.collect())));
    Ok(build_agent(tls.build()))
}

fn build_agent(tls: TlsConfig) -> Agent {
    Agent::config_builder()
        .tls_config(tls)
        .proxy(None)
        // No redirects: the credentials are for this server.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .user_agent(concat!("envctl/", env!("CARGO_PKG_VERSION")))
        .max_idle_connections(MAX_CONCURRENT_REQUESTS)
        .max_idle_connections_per_host(MAX_CONCURRENT_REQUESTS)
        .timeout_resolve(Some(TIMEOUT))
        .timeout_connect(Some(TIMEOUT))
        .timeout_global(Some(TIMEOUT * 2))
        .timeout_recv_response(Some(TIMEOUT))
        .build()
        .into()
}
