//! How to make a listener.

use super::{
    PipeListener, PipeMode,
    instance_pool::{Config, Instances},
    name::PipePath,
    pipe_mode::{self, PipeModeTag},
    raw,
};
use crate::{TryClone, os::windows::security_descriptor::SecurityDescriptor};
use std::{borrow::Cow, ffi::OsStr, io, num::NonZeroU8, os::windows::io::OwnedHandle, time::Duration};

/// How to make a [`PipeListener`]: set what is to differ from the defaults, then create it.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "options do nothing until a listener is created with them"]
pub struct PipeListenerOptions<'path> {
    /// The path, `\\.\pipe\NAME`. There is no default.
    pub path: Cow<'path, OsStr>,
    /// How the pipe keeps what both sides write. Default: [`Bytes`](PipeMode::Bytes), unless a stream's type says that it
    /// sends or receives [messages](pipe_mode::Messages), which makes a pipe of messages in any case. To be set only for
    /// a pipe of messages whose server's end uses it as bytes.
    pub mode: PipeMode,
    /// Whether the listener's accept, and reads and writes of the streams it accepts, fail with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) instead of waiting. Default: they wait.
    pub nonblocking: bool,
    /// How many instances the pipe may have at once, counting connections and those that stand ready. The value 255
    /// is not allowed, as Windows uses it for "no limit". Default: no limit.
    ///
    /// When the limit is reached, [`accept`](PipeListener::accept) first hands out those that are connected and then
    /// fails with [`ResourceBusy`](io::ErrorKind::ResourceBusy) until a stream is dropped. Meanwhile the name is held by
    /// the streams only; if they are all dropped before the next accept, anybody can take it, and accept fails with
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) as long as another user has it.
    pub instance_limit: Option<NonZeroU8>,
    /// How many instances stand ready for clients that connect at the same time. Default: 4; at least 1, at most 60.
    ///
    /// A client that finds all of them taken waits, as its [`ConnectWaitMode`](crate::ConnectWaitMode) says, until one
    /// more was accepted.
    pub instances: u8,
    /// Whether writes to clients on other computers return only when the bytes have arrived there. Has no effect on
    /// clients of this computer. Default: no.
    pub write_through: bool,
    /// Whether clients of other computers are let in. Default: no.
    pub accept_remote: bool,
    /// How many bytes the pipe holds on the way to the server. Windows may round it. Default: 65,536.
    pub input_buffer_size_hint: u32,
    /// How many bytes the pipe holds on the way to the client. Windows may round it. Default: 65,536.
    pub output_buffer_size_hint: u32,
    /// How long a client's `WaitNamedPipe` waits if the client does not say. Clients that use this crate do not call it.
    pub wait_timeout: WaitTimeout,
    /// Who may connect, and more. Default: the current user, administrators and the system (see the [module](super)).
    pub security_descriptor: Option<SecurityDescriptor>,
    /// Whether children inherit the handles. Default: no.
    pub inheritable: bool,
}

impl<'path> PipeListenerOptions<'path> {
    /// The defaults. A [`path`](Self::path) must be set.
    pub fn new() -> Self {
        Self {
            path: Cow::Borrowed(OsStr::new("")),
            mode: PipeMode::Bytes,
            nonblocking: false,
            instance_limit: None,
            instances: 4,
            write_through: false,
            accept_remote: false,
            input_buffer_size_hint: raw::DEFAULT_BUFFER,
            output_buffer_size_hint: raw::DEFAULT_BUFFER,
            wait_timeout: WaitTimeout::DEFAULT,
            security_descriptor: None,
            inheritable: false,
        }
    }

    /// Copies what is borrowed.
    ///
    /// # Errors
    /// None today.
    pub fn to_owned(&self) -> io::Result<PipeListenerOptions<'static>> {
        Ok(PipeListenerOptions {
            path: Cow::Owned(self.path.clone().into_owned()),
            mode: self.mode,
            nonblocking: self.nonblocking,
            instance_limit: self.instance_limit,
            instances: self.instances,
            write_through: self.write_through,
            accept_remote: self.accept_remote,
            input_buffer_size_hint: self.input_buffer_size_hint,
            output_buffer_size_hint: self.output_buffer_size_hint,
            wait_timeout: self.wait_timeout,
            security_descriptor: self.security_descriptor.clone(),
            inheritable: self.inheritable,
        })
    }

    /// Sets the [path](Self#structfield.path).
    pub fn path(mut self, path: impl AsRef<OsStr>) -> Self {
        self.path = Cow::Owned(path.as_ref().to_os_string());
        self
    }

    /// Sets the [mode](Self#structfield.mode).
    pub fn mode(mut self, mode: PipeMode) -> Self {
        self.mode = mode;
        self
    }

    /// Sets [whether nothing waits](Self#structfield.nonblocking).
    pub fn nonblocking(mut self, nonblocking: bool) -> Self {
        self.nonblocking = nonblocking;
        self
    }

    /// Sets the [limit of instances](Self#structfield.instance_limit).
    pub fn instance_limit(mut self, instance_limit: Option<NonZeroU8>) -> Self {
        self.instance_limit = instance_limit;
        self
    }

    /// Sets the [number of instances that stand ready](Self#structfield.instances).
    pub fn instances(mut self, instances: u8) -> Self {
        self.instances = instances;
        self
    }

    /// Sets [write-through](Self#structfield.write_through).
    pub fn write_through(mut self, write_through: bool) -> Self {
        self.write_through = write_through;
        self
    }

    /// Sets [whether other computers are let in](Self#structfield.accept_remote).
    pub fn accept_remote(mut self, accept_remote: bool) -> Self {
        self.accept_remote = accept_remote;
        self
    }

    /// Sets the [size of the buffer to the server](Self#structfield.input_buffer_size_hint).
    pub fn input_buffer_size_hint(mut self, input_buffer_size_hint: u32) -> Self {
        self.input_buffer_size_hint = input_buffer_size_hint;
        self
    }

    /// Sets the [size of the buffer to the client](Self#structfield.output_buffer_size_hint).
    pub fn output_buffer_size_hint(mut self, output_buffer_size_hint: u32) -> Self {
        self.output_buffer_size_hint = output_buffer_size_hint;
        self
    }

    /// Sets the [time that clients wait](Self#structfield.wait_timeout).
    pub fn wait_timeout(mut self, wait_timeout: WaitTimeout) -> Self {
        self.wait_timeout = wait_timeout;
        self
    }

    /// Sets the [security descriptor](Self#structfield.security_descriptor).
    pub fn security_descriptor(mut self, security_descriptor: Option<SecurityDescriptor>) -> Self {
        self.security_descriptor = security_descriptor;
        self
    }

    /// Sets [whether children inherit the handles](Self#structfield.inheritable).
    pub fn inheritable(mut self, inheritable: bool) -> Self {
        self.inheritable = inheritable;
        self
    }

    /// Makes the pipe and a listener whose streams receive as `Rm` says and send as `Sm` says.
    ///
    /// # Errors
    /// - [`AddrInUse`](io::ErrorKind::AddrInUse): there is a pipe of that name already, whoever made it.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): this program may not make that pipe.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path is not `\\.\pipe\NAME`, `instances` or
    ///   `instance_limit` is out of range, or both directions are [`None`](pipe_mode::None).
    pub fn create<Rm: PipeModeTag, Sm: PipeModeTag>(&self) -> io::Result<PipeListener<Rm, Sm>> {
        Ok(PipeListener::new(self.listen::<Rm, Sm>()?, self.nonblocking))
    }

    /// [`create`](Self::create) for one mode in both directions.
    ///
    /// # Errors
    /// Those of [`create`](Self::create).
    pub fn create_duplex<M: PipeModeTag>(&self) -> io::Result<PipeListener<M, M>> {
        self.create()
    }

    /// [`create`](Self::create) for streams that only receive.
    ///
    /// # Errors
    /// Those of [`create`](Self::create).
    pub fn create_recv_only<Rm: PipeModeTag>(&self) -> io::Result<PipeListener<Rm, pipe_mode::None>> {
        self.create()
    }

    /// [`create`](Self::create) for streams that only send.
    ///
    /// # Errors
    /// Those of [`create`](Self::create).
    pub fn create_send_only<Sm: PipeModeTag>(&self) -> io::Result<PipeListener<pipe_mode::None, Sm>> {
        self.create()
    }

    /// Checks the options and makes the pipe with its first instances.
    pub(super) fn listen<Rm: PipeModeTag, Sm: PipeModeTag>(&self) -> io::Result<Instances> {
        Instances::new(self.config::<Rm, Sm>()?)
    }

    /// The same with a first instance that exists.
    pub(super) fn adopt<Rm: PipeModeTag, Sm: PipeModeTag>(&self, handle: OwnedHandle) -> Instances {
        Instances::adopt(self.config::<Rm, Sm>(), handle)
    }

    fn config<Rm: PipeModeTag, Sm: PipeModeTag>(&self) -> io::Result<Config> {
        let path = PipePath::for_listener(&self.path)?;
        let invalid = |reason| path.error("listen at named pipe", io::ErrorKind::InvalidInput, reason);
        if !(1..=60).contains(&self.instances) {
            return Err(invalid("the number of instances that stand ready is not from 1 to 60"));
        }
        if self.instance_limit == NonZeroU8::new(u8::MAX) {
            return Err(invalid("an instance limit of 255 means no limit to Windows"));
        }
        if Rm::MODE.is_none() && Sm::MODE.is_none() {
            return Err(invalid("a pipe that moves data in no direction"));
        }
        let messages = Some(PipeMode::Messages);
        Ok(Config {
            path,
            directions: raw::directions(Rm::MODE, Sm::MODE),
            mode: if Rm::MODE == messages || Sm::MODE == messages { PipeMode::Messages } else { self.mode },
            message_reads: Rm::MODE == messages,
            limit: self.instance_limit.map(NonZeroU8::get),
            ready: self.instances,
            write_through: self.write_through,
            accept_remote: self.accept_remote,
            input_buffer: self.input_buffer_size_hint,
            output_buffer: self.output_buffer_size_hint,
            wait_timeout: self.wait_timeout.to_raw(),
            security: match &self.security_descriptor {
                Some(descriptor) => descriptor.clone(),
                None => SecurityDescriptor::of_pipes()?,
            },
            inheritable: self.inheritable,
        })
    }
}

impl TryClone for PipeListenerOptions<'_> {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(self.clone())
    }
}

impl Default for PipeListenerOptions<'_> {
    fn default() -> Self {
        Self::new()
    }
}

/// How long a client's `WaitNamedPipe` waits for a free instance (Microsoft: "WaitNamedPipeW function").
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct WaitTimeout(u32);

impl WaitTimeout {
    /// For a client: what the server chose. For a server: 50 milliseconds.
    pub const DEFAULT: Self = Self(0);
    /// The shortest time.
    pub const MIN: Self = Self(1);
    /// The longest time that ends.
    pub const MAX: Self = Self(u32::MAX - 1);
    /// For ever.
    pub const FOREVER: Self = Self(u32::MAX);

    /// Takes Windows' number: milliseconds, or the number of a constant above.
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// So many milliseconds, at least [`MIN`](Self::MIN) and at most [`MAX`](Self::MAX).
    pub const fn from_millis_clamped(millis: u32) -> Self {
        match Self(millis) {
            Self::DEFAULT => Self::MIN,
            Self::FOREVER => Self::MAX,
            other => other,
        }
    }

    /// So much time, at least [`MIN`](Self::MIN) and at most [`MAX`](Self::MAX).
    pub const fn from_duration_clamped(duration: Duration) -> Self {
        let millis = duration.as_millis();
        if millis > u32::MAX as u128 { Self::MAX } else { Self::from_millis_clamped(millis as u32) }
    }

    /// Windows' number.
    pub const fn to_raw(self) -> u32 {
        self.0
    }
}

impl From<WaitTimeout> for u32 {
    fn from(timeout: WaitTimeout) -> Self {
        timeout.to_raw()
    }
}
