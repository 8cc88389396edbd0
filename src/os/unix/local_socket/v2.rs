//! interprocess 2.4's kinds of names.

/// Paths of socket files, the same as [`GenericFilePath`](crate::local_socket::GenericFilePath) on Unix.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum FilesystemUdSocket {}

/// Names in the abstract namespace of Linux and Android. Elsewhere [`map`](crate::local_socket::NamespacedNameType::map) fails with
/// `Unsupported`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum AbstractNsUdSocket {}

/// Names in the directories in which programs built with interprocess 2.4 look for namespaced names where there is no
/// abstract namespace: `/run/user/UID`, or `/tmp` where that does not exist (Android: `$TMPDIR`, `$TEMPDIR` or
/// `/data/local/tmp`). Listening creates the directories that the name contains; nothing removes them.
///
/// It is here for talking to such programs: every user can write to the second directory, and take the name first.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SpecialDirUdSocket {}
