use crate::unnamed_pipe::unix::Process;
use tokio::process::Child;

impl Process for Child {}
