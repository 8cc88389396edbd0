//! What interprocess 2.4 has because dropping a stream there waits for the peer.

use super::{
    pipe::{Pipe, Waiting},
    pipe_mode::PipeModeTag,
};

impl<W: Waiting, Rm: PipeModeTag, Sm: PipeModeTag> Pipe<W, Rm, Sm> {
    /// Drops the stream. In interprocess 2.4 this avoided waiting for the peer in a
    /// thread or task; there is none now.
    #[deprecated(since = "3.0.0", note = "drop the stream")]
    pub fn evade_limbo(self) {}

    /// Does nothing. In interprocess 2.4 it told that nothing unread was left in the pipe, so that dropping need not wait
    /// for the peer; dropping never waits now.
    #[deprecated(since = "3.0.0", note = "it does nothing")]
    pub fn assume_flushed(&self) {}

    /// Does nothing; the opposite of [`assume_flushed`](Self::assume_flushed) in interprocess 2.4.
    #[deprecated(since = "3.0.0", note = "it does nothing")]
    pub fn mark_dirty(&self) {}
}
