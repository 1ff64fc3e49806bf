//! Credentials of a request: from the settings, the environment or a profile, in the order of the engines.

use super::{
    UnsupportedSettings, keys::AccessKeys, profile::Profile, settings::S3Settings, variables::AwsVariables,
};

/// Returns the keys that an engine would use.
///
/// A profile is read even if the keys come from elsewhere: engines fail if it is missing, and it may hold other
/// settings.
pub(super) fn keys(
    settings: &S3Settings<'_>,
    variables: &AwsVariables<'_>,
) -> Result<AccessKeys, UnsupportedSettings> {
    let profile = Profile::read(settings.text("profile"), variables)?;
    let own = ["access_key", "secret_key", "token"].map(|name| settings.text(name));
    let environment = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
    let environment = environment.map(|name| variables.get(name));
    let halves = |keys: &[Option<&str>; 3]| keys[0].is_some() != keys[1].is_some();
    if own[0].is_none() && own.iter().any(Option::is_some) || halves(&own) {
        return Err(UnsupportedSettings("its backend has a half of a pair of keys".to_owned()));
    }
    if let Some(keys) = AccessKeys::from_parts(own) {
        return Ok(keys);
    }
    // A profile in the settings takes precedence over the environment, one in the environment does not.
    if settings.text("profile").is_none() {
        if halves(&environment) {
            return Err(UnsupportedSettings("the environment has a half of a pair of keys".to_owned()));
        }
        if let Some(keys) = AccessKeys::from_parts(environment) {
            return Ok(keys);
        }
    }
    profile.keys()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, ffi::OsString, fs};

    use serde_json::{Value, json};

    use super::*;

    const SHARED: &str = "[default]\naws_access_key_id = D\naws_secret_access_key = S\n\n[p]\naws_access_key_id=P\n\
                          aws_secret_access_key=S\naws_session_token = T\n";

    /// Returns the access key id for settings and variables, with these credentials and config files.
    fn id_with(config: &Value, env: &[(&str, &str)], (shared, file): (&str, &str)) -> Result<String, String> {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(".aws")).unwrap();
        fs::write(home.path().join(".aws/credentials"), shared).unwrap();
        fs::write(home.path().join(".aws/config"), file).unwrap();
        let mut env: BTreeMap<OsString, OsString> = env.iter().map(|(n, v)| (n.into(), v.into())).collect();
        env.insert("HOME".into(), home.path().into());
        let settings = S3Settings::from_config(config.as_object().unwrap()).unwrap();
        let keys = keys(&settings, &AwsVariables::from_env(&env).unwrap());
        let shown = |keys: AccessKeys| format!("{}{}", keys.key_id, keys.session_token.unwrap_or_default());
        keys.map(shown).map_err(|error| error.to_string())
    }

    fn id(config: &Value, env: &[(&str, &str)]) -> Result<String, String> {
        id_with(config, env, (SHARED, ""))
    }

    const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "E"), ("AWS_SECRET_ACCESS_KEY", "S")];

    #[test]
    fn settings_precede_a_profile_of_theirs_and_that_the_environment() {
        let own = json!({ "access_key": "A", "secret_key": "S", "token": "1" });
        assert_eq!(id(&own, &KEYS).unwrap(), "A1");
        assert_eq!(id(&json!({ "profile": "p" }), &KEYS).unwrap(), "PT");
        assert_eq!(id(&json!({}), &[KEYS[0], KEYS[1], ("AWS_PROFILE", "p")]).unwrap(), "E");
        assert_eq!(id(&json!({}), &[("AWS_PROFILE", "p")]).unwrap(), "PT");
        assert_eq!(id(&json!({}), &[]).unwrap(), "D");
    }

    #[test]
    fn a_half_of_a_pair_of_keys_is_no_identity() {
        assert!(id(&json!({ "access_key": "A" }), &KEYS).unwrap_err().contains("a half of a pair"));
        assert!(id(&json!({}), &KEYS[..1]).unwrap_err().contains("a half of a pair"));
    }

    #[test]
    fn a_profile_with_unknown_keys_prevents_the_request() {
        let missing = id(&json!({}), &[KEYS[0], KEYS[1], ("AWS_PROFILE", "gone")]).unwrap_err();
        assert_eq!(missing, "profile `gone` is in no file");
        let sso = "[profile p]\nsso_start_url = https://x\nregion = eu-west-1\n";
        let refused = id_with(&json!({ "profile": "p" }), &[], (SHARED, sso)).unwrap_err();
        assert_eq!(refused, "`sso_start_url` of profile `p` is not followed");
        // If the environment has keys, those of the profile are not used.
        assert_eq!(id_with(&json!({}), &KEYS, (SHARED, &sso.replace("profile p", "default"))).unwrap(), "E");
        for more in
            ["endpoint_url = http://x", "services = s", "ca_bundle = /x", "s3 =\n  addressing_style = path"]
        {
            let file = format!("[default]\n{more}\n");
            let refused = id_with(&json!({}), &KEYS, (SHARED, &file)).unwrap_err();
            assert!(refused.ends_with("of profile `default` is not followed"), "{refused}");
        }
        let indented = id_with(&json!({}), &KEYS, (SHARED, "[default]\n  role_arn = x\n")).unwrap_err();
        assert!(indented.ends_with("/.aws/config` cannot be read for sure"), "{indented}");
        let fine = "# mine\n[profile other]\nrole_arn = x\n[default]\nregion = x ; here\noutput = json\n";
        assert_eq!(id_with(&json!({}), &[], (SHARED, fine)).unwrap(), "D");
    }

    #[test]
    fn without_any_keys_nothing_is_asked() {
        assert_eq!(id_with(&json!({}), &[], ("", "")).unwrap_err(), "there are no plain keys for it");
        let odd = "[default]\naws_access_key_id = D\naws_secret_access_key = \"S\"\n";
        assert!(id_with(&json!({}), &[], (odd, "")).unwrap_err().contains("cannot be determined"));
    }
}
