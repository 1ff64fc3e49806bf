//! Address of a state object: host, path, region.

use std::net::IpAddr;

use super::{UnsupportedSettings, settings::S3Settings, variables::AwsVariables};

/// Variables that set the endpoint, by precedence.
const ENDPOINTS: &[&str] = &["AWS_ENDPOINT_URL_S3", "AWS_S3_ENDPOINT", "AWS_ENDPOINT_URL"];

/// Address of a state object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ObjectUrl {
    /// True if the endpoint uses TLS.
    pub(super) tls: bool,
    /// Host, with its port unless that is the default of the scheme.
    pub(super) host: String,
    /// Path, percent-encoded.
    pub(super) path: String,
    /// Region of the signature.
    pub(super) region: String,
}

impl ObjectUrl {
    /// Returns the address of the state of a workspace.
    pub(super) fn for_workspace(
        settings: &S3Settings<'_>,
        variables: &AwsVariables<'_>,
        workspace: Option<&str>,
    ) -> Result<Self, UnsupportedSettings> {
        let bucket = settings.required("bucket")?;
        if !is_plain_bucket(bucket) {
            return Err(UnsupportedSettings(format!("`{bucket}` is no ordinary bucket")));
        }
        let key = object_key(settings, workspace)?;
        let region =
            settings.text("region").or_else(|| variables.first_set(&["AWS_REGION", "AWS_DEFAULT_REGION"]));
        let region =
            region.ok_or_else(|| UnsupportedSettings("its region is not known".to_owned()))?.to_owned();
        let endpoint = match settings.endpoint().or_else(|| variables.first_set(ENDPOINTS)) {
            Some(url) => Endpoint::parse(url)?,
            None => Endpoint::of_region(&region)?,
        };
        // A wildcard certificate covers one label: a bucket with dots goes into the path.
        let in_path =
            settings.path_style() || endpoint.is_address() || (endpoint.tls && bucket.contains('.'));
        let (host, path) = if in_path {
            (endpoint.host, format!("/{bucket}/{key}"))
        } else {
            (format!("{bucket}.{}", endpoint.host), format!("/{key}"))
        };
        Ok(Self { tls: endpoint.tls, host, path: percent_encoded(&path), region })
    }

    /// Returns the address of the object as a URL.
    pub(super) fn url(&self) -> String {
        format!("{}://{}{}", if self.tls { "https" } else { "http" }, self.host, self.path)
    }

    /// Returns true if the server runs on this machine.
    pub(super) fn is_loopback(&self) -> bool {
        let name = host_name(&self.host);
        name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }
}

/// Returns the object key of a workspace's state.
fn object_key(settings: &S3Settings<'_>, workspace: Option<&str>) -> Result<String, UnsupportedSettings> {
    let key = settings.required("key")?;
    let key = match workspace.filter(|name| *name != "default") {
        None => key.to_owned(),
        Some(name) => format!("{}/{name}/{key}", settings.text("workspace_key_prefix").unwrap_or("env:")),
    };
    // Engines normalise some of these keys and not others.
    if key.split('/').any(|part| ["", ".", ".."].contains(&part)) {
        return Err(UnsupportedSettings(format!("`{key}` is no plain key")));
    }
    Ok(key)
}

/// Returns true for the name of an ordinary bucket: access points and directory buckets have rules of their own.
fn is_plain_bucket(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    (3..=63).contains(&name.len())
        && name.bytes().all(letter)
        && !["--x-s3", "--op-s3", "--ol-s3", "-s3alias", ".mrap"].iter().any(|end| name.ends_with(end))
}

/// Scheme and host of an S3 server.
struct Endpoint {
    tls: bool,
    host: String,
}

impl Endpoint {
    /// Parses a configured endpoint; one without a scheme uses TLS.
    fn parse(url: &str) -> Result<Self, UnsupportedSettings> {
        // The message does not quote the endpoint, which may hold credentials.
        let unusable = || UnsupportedSettings("its endpoint is no plain address".to_owned());
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
        let host = rest.strip_suffix('/').unwrap_or(rest).to_ascii_lowercase();
        let usual = match scheme {
            "https" => ":443",
            "http" => ":80",
            _ => return Err(unusable()),
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
        if host.is_empty() || !host.bytes().all(plain) {
            return Err(unusable());
        }
        let host = host.strip_suffix(usual).unwrap_or(&host).to_owned();
        Ok(Self { tls: scheme == "https", host })
    }

    /// Returns the endpoint of an AWS region whose partition is known by its name.
    fn of_region(region: &str) -> Result<Self, UnsupportedSettings> {
        let ordinary = ["af-", "ap-", "ca-", "eu-", "il-", "me-", "mx-", "sa-", "us-"];
        let plain = region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let suffix = if !plain || region.contains("-iso") {
            None
        } else if region.starts_with("cn-") {
            Some("amazonaws.com.cn")
        } else {
            ordinary.iter().any(|start| region.starts_with(start)).then_some("amazonaws.com")
        };
        let unknown = || UnsupportedSettings(format!("the servers of region `{region}` are not known"));
        let suffix = suffix.ok_or_else(unknown)?;
        Ok(Self { tls: true, host: format!("s3.{region}.{suffix}") })
    }

    /// Returns true if the host is an IP address, so that no bucket name can precede it.
    fn is_address(&self) -> bool {
        host_name(&self.host).parse::<IpAddr>().is_ok()
    }
}

/// Returns a host without its port and without brackets.
fn host_name(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Encodes all bytes of a path except unreserved characters and slashes: once, as S3 requires it for the signature.
fn percent_encoded(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, ffi::OsString};

    use serde_json::{Value, json};

    use super::*;

    fn object_url(more: &Value, workspace: Option<&str>, env: &[(&str, &str)]) -> Result<ObjectUrl, String> {
        let mut config = json!({ "bucket": "states", "key": "a b/k", "region": "eu-west-1" });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let env: BTreeMap<OsString, OsString> = env.iter().map(|(n, v)| (n.into(), v.into())).collect();
        let settings = S3Settings::from_config(config.as_object().unwrap()).unwrap();
        ObjectUrl::for_workspace(&settings, &AwsVariables::from_env(&env).unwrap(), workspace)
            .map_err(|error| error.to_string())
    }

    fn url(more: &Value, workspace: Option<&str>) -> String {
        object_url(more, workspace, &[]).unwrap().url()
    }

    #[test]
    fn a_workspace_lies_under_the_prefix_and_the_default_one_at_the_key() {
        let (aws, none) = ("https://states.s3.eu-west-1.amazonaws.com", json!({}));
        assert_eq!(url(&none, None), format!("{aws}/a%20b/k"));
        assert_eq!(url(&none, Some("default")), format!("{aws}/a%20b/k"));
        assert_eq!(url(&none, Some("dev")), format!("{aws}/env%3A/dev/a%20b/k"));
        assert_eq!(url(&json!({ "workspace_key_prefix": "w" }), Some("dev")), format!("{aws}/w/dev/a%20b/k"));
        let twice = object_url(&json!({ "key": "a//k" }), None, &[]);
        assert_eq!(twice.unwrap_err(), "`a//k` is no plain key");
    }

    #[test]
    fn the_bucket_is_in_the_host_name_unless_settings_or_an_ip_forbid_it() {
        let at = |url: &str| json!({ "endpoints": { "s3": url }, "key": "k" });
        assert_eq!(url(&at("http://127.0.0.1:5000/"), None), "http://127.0.0.1:5000/states/k");
        assert_eq!(url(&at("http://[::1]:5000"), None), "http://[::1]:5000/states/k");
        assert_eq!(url(&at("minio.example:443"), None), "https://states.minio.example/k");
        let mut styled = at("https://Minio.example:9000");
        styled["use_path_style"] = json!(true);
        assert_eq!(url(&styled, None), "https://minio.example:9000/states/k");
        let dots = json!({ "bucket": "a.b", "key": "k" });
        assert_eq!(url(&dots, None), "https://s3.eu-west-1.amazonaws.com/a.b/k");
        for odd in ["ftp://x", "http://u:p@h", "https://h/path", "https://"] {
            assert_eq!(
                object_url(&at(odd), None, &[]).unwrap_err(),
                "its endpoint is no plain address",
                "{odd}"
            );
        }
    }

    #[test]
    fn region_and_endpoint_come_from_the_settings_before_the_environment() {
        let env =
            [("AWS_REGION", "us-east-1"), ("AWS_DEFAULT_REGION", "x"), ("AWS_ENDPOINT_URL", "http://e")];
        let found = object_url(&json!({ "region": null }), None, &env).unwrap();
        assert_eq!((found.host.as_str(), found.region.as_str()), ("states.e", "us-east-1"));
        let found = object_url(&json!({ "endpoint": "http://own" }), None, &env).unwrap();
        assert_eq!((found.host.as_str(), found.region.as_str()), ("states.own", "eu-west-1"));
        assert_eq!(object_url(&json!({ "region": "" }), None, &[]).unwrap_err(), "its region is not known");
        for odd in ["us-iso-east-1", "moon-1", "eu-west-1.evil.example"] {
            let refused = object_url(&json!({ "region": odd }), None, &[]).unwrap_err();
            assert_eq!(refused, format!("the servers of region `{odd}` are not known"));
        }
        assert!(url(&json!({ "region": "cn-north-1" }), None).contains(".s3.cn-north-1.amazonaws.com.cn/"));
    }

    #[test]
    fn a_bucket_that_is_none_is_not_asked() {
        for name in ["arn:aws:s3:x", "x--use1-az4--x-s3", "Upper", "ab", "a/b"] {
            let refused = object_url(&json!({ "bucket": name }), None, &[]).unwrap_err();
            assert_eq!(refused, format!("`{name}` is no ordinary bucket"));
        }
    }

    #[test]
    fn loopback_servers_are_recognised() {
        let at =
            |url: &str| object_url(&json!({ "endpoint": url, "use_path_style": true }), None, &[]).unwrap();
        for near in ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost"] {
            assert!(at(near).is_loopback(), "{near}");
        }
        assert!(!at("http://127.0.0.1.example").is_loopback());
    }
}
