//! Signature (version 4) of a request without a body, in its headers.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>, whose example is the test.

use hmac::{Hmac, KeyInit, Mac};
use jiff::{Timestamp, tz::TimeZone};
use sha2::{Digest as _, Sha256};

use super::{keys::AccessKeys, object_url::ObjectUrl};
use crate::model::hex;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Returns the headers of a signed request; `more` are further headers of the request, by lower-case names.
pub(super) fn signed_headers(
    method: &str,
    object: &ObjectUrl,
    keys: &AccessKeys,
    now: Timestamp,
    more: &[(&'static str, String)],
) -> Option<Vec<(&'static str, String)>> {
    let now = now.to_zoned(TimeZone::UTC);
    let (time, day) = (now.strftime("%Y%m%dT%H%M%SZ").to_string(), now.strftime("%Y%m%d").to_string());
    let nothing = hex(&Sha256::digest(b""));
    let mut headers = more.to_vec();
    headers.push(("x-amz-content-sha256", nothing.clone()));
    headers.push(("x-amz-date", time.clone()));
    if let Some(token) = &keys.session_token {
        headers.push(("x-amz-security-token", token.clone()));
    }
    let mut canonical = headers.clone();
    canonical.push(("host", object.host.clone()));
    canonical.sort();
    let names: Vec<&str> = canonical.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let lines: String = canonical.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let request = format!("{method}\n{}\n\n{lines}\n{names}\n{nothing}", object.path);
    let scope = format!("{day}/{}/s3/aws4_request", object.region);
    let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hex(&Sha256::digest(request)));
    let parts = [day.as_str(), &object.region, "s3", "aws4_request", &to_sign];
    let secret = format!("AWS4{}", keys.secret).into_bytes();
    let signature = parts.iter().try_fold(secret, |key, part| hmac_of(&key, part))?;
    let credential = format!("{}/{scope}", keys.key_id);
    let signature = hex(&signature);
    let value = format!("{ALGORITHM} Credential={credential},SignedHeaders={names},Signature={signature}");
    headers.push(("authorization", value));
    Some(headers)
}

/// Computes the HMAC of a text.
fn hmac_of(key: &[u8], text: &str) -> Option<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text.as_bytes());
    Some(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_documentation_has_the_signature_that_it_names() {
        let object = ObjectUrl {
            tls: true,
            host: "examplebucket.s3.amazonaws.com".to_owned(),
            path: "/test.txt".to_owned(),
            region: "us-east-1".to_owned(),
        };
        let keys = AccessKeys {
            key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
        };
        let now = "2013-05-24T00:00:00Z".parse().unwrap();
        let headers =
            signed_headers("GET", &object, &keys, now, &[("range", "bytes=0-9".to_owned())]).unwrap();
        let (_, value) = headers.iter().find(|(name, _)| *name == "authorization").unwrap();
        assert_eq!(
            value,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }

    #[test]
    fn the_token_of_a_session_is_signed_too() {
        let object = ObjectUrl { tls: false, host: "h".into(), path: "/k".into(), region: "r".into() };
        let keys = AccessKeys { key_id: "i".into(), secret: "s".into(), session_token: Some("t".into()) };
        let headers = signed_headers("HEAD", &object, &keys, Timestamp::UNIX_EPOCH, &[]).unwrap();
        assert!(headers.contains(&("x-amz-security-token", "t".to_owned())));
        let (_, value) = headers.last().unwrap();
        assert!(value.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"));
    }
}
