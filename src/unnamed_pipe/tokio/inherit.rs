use crate::unnamed_pipe::{Inherit, platform};
use std::io;
use tokio::process::{Child, Command};

impl Inherit {
    /// Starts a child of Tokio's and hands it all the ends (feature `tokio-process`).
    ///
    /// This is [`spawn`](Self::spawn) for Tokio's `Command`; the child takes the ends in the same way. Nothing waits.
    ///
    /// # Errors
    /// As for [`spawn`](Self::spawn).
    ///
    /// # Panics
    /// On Unix, outside a Tokio runtime with I/O enabled, as Tokio's own `spawn`.
    ///
    /// # Examples
    /// ```no_run
    /// // The child of the example on the module's page.
    /// use interprocess::unnamed_pipe::{Inherit, tokio::sender_pair};
    /// use tokio::{io::AsyncWriteExt, process::Command};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut sender, recver) = sender_pair()?;
    /// let mut inherit = Inherit::new();
    /// let mut command = Command::new(std::env::current_exe()?);
    /// command.env("THE_PIPE", recver.inherit(&mut inherit)?);
    /// let mut child = inherit.spawn_tokio(&mut command)?;
    /// sender.write_all(b"do your homework").await?;
    /// drop(sender);
    /// child.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn spawn_tokio(self, command: &mut Command) -> io::Result<Child> {
        self.announce(command.as_std_mut());
        let child = command.spawn();
        command.env_remove(platform::ANNOUNCEMENT);
        let mut child = child.map_err(platform::Handover::explain)?;
        self.deliver(&child).inspect_err(|_| {
            // It fails only if it has ended already. Tokio waits for it.
            let _ = child.start_kill();
        })?;
        Ok(child)
    }
}
