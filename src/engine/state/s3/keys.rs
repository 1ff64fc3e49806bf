//! Access keys of a request.

/// Access keys of an AWS identity.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct AccessKeys {
    /// Access key id; no secret.
    pub(super) id: String,
    /// Secret access key.
    pub(super) secret: String,
    /// Session token, which is secret too.
    pub(super) token: Option<String>,
}

impl AccessKeys {
    /// Returns the keys if both the id and the secret are set.
    pub(super) fn from_parts([id, secret, token]: [Option<&str>; 3]) -> Option<Self> {
        Some(Self { id: id?.to_owned(), secret: secret?.to_owned(), token: token.map(str::to_owned) })
    }

    /// Returns the secret parts of the keys, which are to be masked.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        [Some(self.secret.as_str()), self.token.as_deref()].into_iter().flatten()
    }
}
