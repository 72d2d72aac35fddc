//! Tables in, looks out.
