use super::path;
use crate::tour::{
    packets::{Packets, reader, writer},
    row::{Part, Row},
    stage::Stage,
    transfer::{Measured, blocking, corrupt},
};
use interprocess::os::windows::named_pipe::{DuplexPipeStream, PipeListenerOptions, pipe_mode::Messages};
use std::io;

/// Messages of a named pipe, both ways.
pub(crate) static MESSAGES: Row =
    Row { primitive: "named_pipe", mode: "messages", parent: listen, child: connect };

fn listen(stage: &mut Stage) -> io::Result<Measured> {
    let path = path::unique(stage);
    let listener = PipeListenerOptions::new().path(&path).create_duplex::<Messages>()?;
    stage.start(|command| command.arg(&path).spawn())?;
    let stream = listener.accept()?;
    blocking::lead(reader(&stream), writer(&stream))
}

fn connect(part: &Part) -> io::Result<()> {
    let stream = DuplexPipeStream::<Messages>::connect_by_path(part.argument(0)?)?;
    blocking::follow(reader(&stream), writer(&stream), part.sabotage)
}

impl Packets for DuplexPipeStream<Messages> {
    const LONGEST: usize = 32 << 10;

    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.send(bytes)
    }

    fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.recv(buffer)? {
            None => Ok(0),
            Some(received) if received.is_truncated() => {
                Err(corrupt(format!("a message of {} bytes was not sent", received.message_length)))
            }
            // The exchange sends none, and the reader would take it for the end.
            Some(received) if received.length == 0 => {
                Err(corrupt("an empty message was not sent".to_owned()))
            }
            Some(received) => Ok(received.length),
        }
    }
}
