//! Access keys that sign a request.

/// Access keys of an AWS identity.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct AccessKeys {
    /// Id of the access key, which is no secret.
    pub(super) key_id: String,
    /// Secret access key.
    pub(super) secret: String,
    /// Session token, which is secret too.
    pub(super) session_token: Option<String>,
}

impl AccessKeys {
    /// Returns the keys if both the key id and the secret are set.
    pub(super) fn from_parts([key_id, secret, session_token]: [Option<&str>; 3]) -> Option<Self> {
        Some(Self {
            key_id: key_id?.to_owned(),
            secret: secret?.to_owned(),
            session_token: session_token.map(str::to_owned),
        })
    }

    /// Returns the secret parts of the keys, which are to be masked.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        [Some(self.secret.as_str()), self.session_token.as_deref()].into_iter().flatten()
    }
}
