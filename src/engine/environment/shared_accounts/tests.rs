//! Tests of the choices in the shared files of cloud providers.

use std::fs;

use super::*;

struct Home(tempfile::TempDir);

impl Home {
    fn new(files: &[(&str, &str)]) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        for (file, text) in files {
            let path = home.0.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        home
    }

    fn chosen(&self, pairs: &[(&str, &str)], profiles: &[&str]) -> Vec<String> {
        let home = self.0.path().to_str().unwrap();
        let pairs = pairs.iter().copied().chain([("HOME", home)]);
        let env: EnvVars = pairs.map(|(name, value)| (name.into(), value.into())).collect();
        let chosen = shared_accounts(&env, home.into(), profiles);
        chosen.into_iter().map(|(name, value)| format!("{name} = {value}")).collect()
    }
}

#[test]
fn a_profile_of_aws_counts_with_what_it_leads_to_and_without_its_keys() {
    let config = "[default]\nregion = eu-west-1\noutput = json\n\
        [profile live]\nrole_arn=arn:aws:iam::1:role/x\nsource_profile = base\nsso_session = corp\nservices = local\n\
        [profile  base]\nregion = us-east-1\n[profile idle]\nregion = ap-south-1\n\
        [sso-session corp]\nsso_region = eu-west-1\n\
        [services local]\ns3 =\n  endpoint_url = http://127.0.0.1:1\n";
    let credentials = "[base]\naws_access_key_id = A\naws_secret_access_key = S\naws_session_token = T\n";
    let home = Home::new(&[(".aws/config", config), (".aws/credentials", credentials)]);
    assert_eq!(home.chosen(&[], &[]), ["AWS profile default: region = eu-west-1"]);
    assert_eq!(home.chosen(&[("AWS_REGION", "x")], &[]), [""; 0]);
    let live = [
        "AWS profile base: region = us-east-1",
        "AWS profile live: role_arn = arn:aws:iam::1:role/x",
        "AWS profile live: services = local",
        "AWS profile live: source_profile = base",
        "AWS profile live: sso_session = corp",
        "AWS services local: s3 = ",
        "AWS services local: s3.endpoint_url = http://127.0.0.1:1",
        "AWS sso-session corp: sso_region = eu-west-1",
    ];
    assert_eq!(home.chosen(&[("AWS_PROFILE", "live")], &[]), live);
    assert_eq!(home.chosen(&[("AWS_PROFILE", "base")], &["live"]), live);
    let elsewhere = Home::new(&[("c", "[default]\nregion = x\n")]);
    assert_eq!(elsewhere.chosen(&[("AWS_CONFIG_FILE", "c")], &[]), ["AWS profile default: region = x"]);
}

#[test]
fn credentials_of_google_count_by_whose_they_are() {
    let adc = r#"{ "type": "authorized_user", "client_secret": "s", "refresh_token": "r", "quota_project_id": "q" }"#;
    let home = Home::new(&[
        (".config/gcloud/application_default_credentials.json", adc),
        (".config/gcloud/active_config", "work\n"),
        (
            ".config/gcloud/configurations/config_work",
            "[core]\nproject = p\naccount = a@x\nverbosity = info\n",
        ),
        (".config/gcloud/configurations/config_default", "[core]\nproject = other\n"),
        (
            "key.json",
            r#"{ "type": "service_account", "client_email": "c@x", "private_key": "k", "private_key_id": "i" }"#,
        ),
    ]);
    assert_eq!(
        home.chosen(&[], &[]),
        [
            "Google credentials: quota_project_id = q",
            "Google credentials: type = authorized_user",
            "gcloud configuration: core.account = a@x",
            "gcloud configuration: core.project = p",
        ]
    );
    let env = [("GOOGLE_APPLICATION_CREDENTIALS", "key.json"), ("CLOUDSDK_ACTIVE_CONFIG_NAME", "default")];
    assert_eq!(
        home.chosen(&env, &[]),
        [
            "Google credentials: client_email = c@x",
            "Google credentials: type = service_account",
            "gcloud configuration: core.project = other",
        ]
    );
}

#[test]
fn the_subscription_of_the_azure_cli_counts_and_its_tokens_do_not() {
    let profile = "\u{feff}{ \"subscriptions\": [ { \"id\": \"1\", \"tenantId\": \"t\", \"isDefault\": true, \"name\": \"n\", \
        \"user\": { \"name\": \"u\", \"type\": \"user\" } }, { \"id\": \"2\", \"isDefault\": false } ] }";
    let home = Home::new(&[
        (".azure/azureProfile.json", profile),
        (".azure/clouds.config", "[AzureCloud]\nsubscription = 1\n"),
        (".azure/config", "[cloud]\nname = AzureCloud\n"),
        (".azure/msal_token_cache.json", "{}"),
    ]);
    assert_eq!(
        home.chosen(&[], &[]),
        [
            "Azure CLI profile: id = 1",
            "Azure CLI profile: tenantId = t",
            "Azure CLI profile: user: name = u",
            "Azure CLI profile: user: type = user",
            "Azure CLI: cloud = AzureCloud",
            "Azure CLI: subscription in AzureCloud = 1",
        ]
    );
}

#[test]
fn an_unreadable_or_invalid_file_does_not_count_as_absent() {
    let home = Home::new(&[(".config/gcloud/application_default_credentials.json", "{")]);
    assert_eq!(home.chosen(&[], &[]), ["Google credentials = {"]);
    let folder = Home::new(&[(".azure/azureProfile.json/x", "")]);
    assert_eq!(folder.chosen(&[], &[]), ["Azure CLI profile = not read"]);
    for (file, shown) in [
        (".aws/config", "AWS config file"),
        (".aws/credentials", "AWS credentials file"),
        (".azure/config", "Azure CLI config"),
        (".azure/clouds.config", "Azure CLI clouds"),
        (".config/gcloud/configurations/config_default", "gcloud configuration"),
    ] {
        let folder = Home::new(&[(&format!("{file}/x"), "")]);
        assert_eq!(folder.chosen(&[], &[]), [format!("{shown} = not read")]);
    }
}
