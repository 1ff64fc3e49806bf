//! Server for S3, DynamoDB and STS, one for each test that needs states in a bucket.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Stdio},
    thread,
};

use super::{Program, State, http, launch};

/// Running server without buckets; it is stopped with the value.
pub(crate) struct S3Server {
    process: Child,
    address: SocketAddr,
}

impl S3Server {
    /// Starts a server on a free port of the loopback address and waits until it listens.
    #[track_caller]
    pub(crate) fn start(moto_server: &Program) -> Self {
        Self::start_on(moto_server, 0)
    }

    /// Stops the server, which loses its objects and refuses connections.
    #[track_caller]
    pub(crate) fn stop(&mut self) {
        self.process.kill().and_then(|()| self.process.wait()).expect("a child can be stopped");
    }

    /// Starts an empty server at the address of this one, which was stopped.
    #[track_caller]
    pub(crate) fn start_anew(&mut self, moto_server: &Program) {
        *self = Self::start_on(moto_server, self.address.port());
    }

    #[track_caller]
    fn start_on(moto_server: &Program, port: u16) -> Self {
        let mut process = launch::hermetic(&moto_server.path)
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .env("PATH", "/usr/bin:/bin")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", moto_server.path.display()));
        let mut lines = BufReader::new(process.stderr.take().expect("a pipe")).lines();
        let mut said = String::new();
        let address = loop {
            let Some(Ok(line)) = lines.next() else { panic!("the S3 server does not start:\n{said}") };
            if let Some((_, address)) = line.split_once("Running on http://") {
                break address.trim().parse().unwrap_or_else(|error| panic!("{line}: {error}"));
            }
            said.push_str(&line);
            said.push('\n');
        };
        // The server logs each request: a full pipe would block it.
        thread::spawn(move || lines.for_each(drop));
        Self { process, address }
    }

    /// Returns the environment variables for using this server, with access keys.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = self.endpoints();
        variables.push(("AWS_ACCESS_KEY_ID", "test".to_owned()));
        variables.push(("AWS_SECRET_ACCESS_KEY", "test".to_owned()));
        variables
    }

    /// Returns the environment variables for using this server, without access keys.
    pub(crate) fn endpoints(&self) -> Vec<(&'static str, String)> {
        let url = format!("http://{}", self.address);
        let services = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_STS"];
        let mut variables: Vec<_> = services.into_iter().map(|name| (name, url.clone())).collect();
        variables.push(("AWS_EC2_METADATA_DISABLED", "true".to_owned()));
        variables
    }

    /// Makes a bucket for states and a table for their locks.
    #[track_caller]
    pub(crate) fn make_backend(&self, region: &str, bucket: &str, table: &str) {
        let response = self.s3("PUT", bucket);
        assert_eq!(response.status, 200, "{}", response.body);
        let key = r#"{"AttributeName":"LockID","KeyType":"HASH"}"#;
        let attribute = r#"{"AttributeName":"LockID","AttributeType":"S"}"#;
        let body = format!(
            r#"{{"TableName":"{table}","KeySchema":[{key}],"AttributeDefinitions":[{attribute}],"BillingMode":"PAY_PER_REQUEST"}}"#
        );
        self.dynamodb(region, "CreateTable", &body);
    }

    /// Returns the keys of all objects in a bucket, sorted.
    #[track_caller]
    pub(crate) fn keys(&self, bucket: &str) -> Vec<String> {
        let response = self.s3("GET", &format!("{bucket}?list-type=2"));
        assert_eq!(response.status, 200, "{}", response.body);
        let texts = response.body.split("<Key>").skip(1);
        let mut keys: Vec<String> =
            texts.filter_map(|text| text.split_once("</Key>")).map(|(key, _)| key.to_owned()).collect();
        keys.sort();
        keys
    }

    /// Returns the state in an object.
    #[track_caller]
    pub(crate) fn state(&self, bucket: &str, key: &str) -> State {
        State::parse(&self.text(bucket, key))
    }

    /// Writes an object.
    #[track_caller]
    pub(crate) fn put(&self, bucket: &str, key: &str, text: &str) {
        let header = [("Authorization", &*authorization("s3", "us-east-1"))];
        let response = http::request(self.address, "PUT", &format!("/{bucket}/{key}"), &header, text);
        assert_eq!(response.status, 200, "{}", response.body);
    }

    /// Returns the text of an object.
    #[track_caller]
    pub(crate) fn text(&self, bucket: &str, key: &str) -> String {
        let response = self.s3("GET", &format!("{bucket}/{key}"));
        assert_eq!(response.status, 200, "no {bucket}/{key}, but {:?}\n{}", self.keys(bucket), response.body);
        response.body
    }

    /// Turns on the check of signatures, and returns the access key and secret of a user with all rights in S3.
    #[track_caller]
    pub(crate) fn demand_keys(&self) -> [String; 2] {
        self.iam("Action=CreateUser&UserName=somebody");
        let all = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C\
                   %22Action%22%3A%22s3%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D";
        self.iam(&format!("Action=PutUserPolicy&UserName=somebody&PolicyName=all&PolicyDocument={all}"));
        let made = self.iam("Action=CreateAccessKey&UserName=somebody");
        let tag = |name: &str| {
            let text = made.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once('<'));
            text.unwrap_or_else(|| panic!("no {name}: {made}")).0.to_owned()
        };
        let keys = ["AccessKeyId", "SecretAccessKey"].map(tag);
        let response = http::request(self.address, "POST", "/moto-api/reset-auth", &[], "0");
        assert_eq!(response.status, 200, "{}", response.body);
        keys
    }

    #[track_caller]
    fn iam(&self, form: &str) -> String {
        let header = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Authorization", &*authorization("iam", "us-east-1")),
        ];
        let response =
            http::request(self.address, "POST", "/", &header, &format!("{form}&Version=2010-05-08"));
        assert_eq!(response.status, 200, "{form}: {}", response.body);
        response.body
    }

    /// Returns the state locks that are held, as the engines describe them.
    #[track_caller]
    pub(crate) fn locks(&self, region: &str, table: &str) -> Vec<String> {
        let answer = self.dynamodb(region, "Scan", &format!(r#"{{"TableName":"{table}"}}"#));
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("DynamoDB answers in JSON");
        let items = answer["Items"].as_array().cloned().unwrap_or_default();
        // The table holds the digests of states too; only a lock has an `Info`.
        items.iter().filter_map(|item| item["Info"]["S"].as_str().map(str::to_owned)).collect()
    }

    #[track_caller]
    fn s3(&self, method: &str, path: &str) -> http::Response {
        // Objects are private; the region of a bucket does not matter.
        let header = [("Authorization", &*authorization("s3", "us-east-1"))];
        http::request(self.address, method, &format!("/{path}"), &header, "")
    }

    #[track_caller]
    fn dynamodb(&self, region: &str, operation: &str, body: &str) -> String {
        let header = [
            ("X-Amz-Target", &*format!("DynamoDB_20120810.{operation}")),
            ("Content-Type", "application/x-amz-json-1.0"),
            ("Authorization", &*authorization("dynamodb", region)),
        ];
        let response = http::request(self.address, "POST", "/", &header, body);
        assert_eq!(response.status, 200, "{operation}: {}", response.body);
        response.body
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.process.kill().and_then(|()| self.process.wait()).map(drop).unwrap_or_default();
    }
}

/// Returns an `Authorization` header. The server does not check the signature, but reads service and region from the
/// header.
fn authorization(service: &str, region: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20260105/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}
