//! Variables that affect an engine's requests to S3: those that envctl applies, and those without effect on a HEAD request.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
};

use super::UnsupportedSettings;

/// Environment variables that envctl applies when it requests the version of a state object.
const SUPPORTED: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_CONFIG_FILE",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_S3_ENDPOINT",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
];

/// Variables that engines do not read, and those for other services or for other sources of credentials.
const WITHOUT_EFFECT: &[&str] = &[
    "AWS_ACCOUNT_ID",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_DEFAULT_OUTPUT",
    "AWS_DYNAMODB_ENDPOINT",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_V1_DISABLED",
    "AWS_EXECUTION_ENV",
    "AWS_IAM_ENDPOINT",
    "AWS_MAX_ATTEMPTS",
    "AWS_PAGER",
    "AWS_REQUEST_CHECKSUM_CALCULATION",
    "AWS_RESPONSE_CHECKSUM_VALIDATION",
    "AWS_RETRY_MODE",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SDK_LOAD_CONFIG",
    "AWS_SDK_UA_APP_ID",
    "AWS_SESSION_EXPIRATION",
    "AWS_STS_ENDPOINT",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_VAULT",
];

/// Prefix of the endpoints of single services: only that of S3 is applied.
const ENDPOINTS: &str = "AWS_ENDPOINT_URL_";

/// Variables that would send a request through a proxy.
const PROXIES: &[&str] = &["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"];

/// Environment variables of an engine's processes.
pub(super) struct AwsVariables<'a>(&'a BTreeMap<OsString, OsString>);

impl<'a> AwsVariables<'a> {
    /// Wraps the variables; refuses a variable of AWS that may matter and that envctl does not know.
    pub(super) fn from_env(env: &'a BTreeMap<OsString, OsString>) -> Result<Self, UnsupportedSettings> {
        let variables = Self(env);
        for (name, value) in env.iter().filter(|(_, value)| !value.is_empty()) {
            let name = name.to_string_lossy();
            let known = SUPPORTED.contains(&&*name) && value.to_str().is_some();
            let elsewhere = WITHOUT_EFFECT.contains(&&*name) || name.starts_with(ENDPOINTS);
            if name.starts_with("AWS_") && !known && (!elsewhere || SUPPORTED.contains(&&*name)) {
                return Err(unsupported_variable(&name));
            }
        }
        Ok(variables)
    }

    /// Returns the value of a variable; an empty one counts as unset, as it does for engines.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(OsStr::new(name))?.to_str().filter(|value| !value.is_empty())
    }

    /// Returns the value of the first of these variables that is set.
    pub(super) fn first_set(&self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.get(name))
    }

    /// Refuses variables that name a proxy, except for a server on this machine, which engines reach without a proxy.
    pub(super) fn refuse_proxy(&self, loopback: bool) -> Result<(), UnsupportedSettings> {
        let is_set = |name: &&&str| self.0.get(OsStr::new(**name)).is_some_and(|value| !value.is_empty());
        match PROXIES.iter().find(is_set).filter(|_| !loopback) {
            Some(proxy) => Err(unsupported_variable(proxy)),
            None => Ok(()),
        }
    }

    /// Returns the file of the certificates that are trusted instead of the system's; refuses a variable that names a
    /// folder of certificates.
    pub(super) fn trusted(&self) -> Result<Option<&'a str>, UnsupportedSettings> {
        match self.get("SSL_CERT_DIR") {
            Some(_) => Err(unsupported_variable("SSL_CERT_DIR")),
            None => Ok(self.get("SSL_CERT_FILE")),
        }
    }
}

fn unsupported_variable(variable: &str) -> UnsupportedSettings {
    UnsupportedSettings(format!("the variable `{variable}` is not followed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<OsString, OsString> {
        pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    fn refused(pairs: &[(&str, &str)]) -> Option<String> {
        AwsVariables::from_env(&env(pairs)).err().map(|error| error.to_string())
    }

    #[test]
    fn an_unknown_aws_variable_stops_the_request_unless_it_is_empty() {
        let fine = [
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_ENDPOINT_URL_DYNAMODB", "x"),
            ("AWS_ENDPOINT_URL_S3", "x"),
            ("AWS_CA_BUNDLE", ""),
            ("HTTPS_PROXY", "p"),
            ("TF_VAR_x", "1"),
        ];
        assert_eq!(refused(&fine), None);
        for name in [
            "AWS_ACCESS_KEY",
            "AWS_CA_BUNDLE",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
            "AWS_INVENTED_TOMORROW",
            "AWS_ROLE_ARN",
            "AWS_SSE_CUSTOMER_KEY",
            "AWS_USE_FIPS_ENDPOINT",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
        ] {
            assert_eq!(refused(&[(name, "x")]), Some(format!("the variable `{name}` is not followed")));
        }
    }

    #[test]
    fn a_proxy_stops_the_question_unless_the_server_is_on_this_machine() {
        let env = env(&[("https_proxy", "http://proxy:3128")]);
        let variables = AwsVariables::from_env(&env).unwrap();
        assert!(variables.refuse_proxy(true).is_ok());
        let refused = variables.refuse_proxy(false).unwrap_err().to_string();
        assert_eq!(refused, "the variable `https_proxy` is not followed");
    }
}
