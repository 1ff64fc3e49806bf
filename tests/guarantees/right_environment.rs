//! 3. The wrong environment is impossible, or refused.
