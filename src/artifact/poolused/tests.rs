//! Logs in, looks out.
