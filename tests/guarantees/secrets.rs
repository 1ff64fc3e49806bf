//! 9. Secrets stay secret.
