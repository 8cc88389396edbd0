// Programs for what of interprocess 2.4 is Unix's own. See `drop_in.rs`.

use interprocess::{
    error::{ConversionError, FromFdError, NoDetails, ReuniteError, ReuniteResult},
    local_socket::{ConnectOptions, GenericFilePath, GenericNamespaced, ListenerOptions, Name, prelude::*},
    os::unix::{
        local_socket::{FilesystemUdSocket, ListenerOptionsExt, SpecialDirUdSocket},
        unnamed_pipe::{UnnamedPipeExt, pipe},
    },
};
use std::{
    ffi::CString,
    io::{self, prelude::*},
    os::unix::fs::PermissionsExt,
};

/// Kinds of names, and the file's mode.
pub(crate) fn names(path: &str, name: &str) -> io::Result<()> {
    let c_path = CString::new(path)?;
    let c_name = CString::new(name)?;
    let paths: [Name<'_>; 4] = [
        path.to_fs_name::<FilesystemUdSocket>()?,
        c_path.as_c_str().to_fs_name::<FilesystemUdSocket>()?,
        c_path.as_c_str().to_fs_name::<GenericFilePath>()?,
        c_path.clone().to_fs_name::<GenericFilePath>()?,
    ];
    assert!(paths.iter().all(Name::is_path) && FilesystemUdSocket::is_supported());
    let mut others: Vec<Name<'_>> = vec![
        c_name.as_c_str().to_ns_name::<GenericNamespaced>()?,
        c_name.clone().to_ns_name::<GenericNamespaced>()?,
        name.to_ns_name::<SpecialDirUdSocket>()?,
        c_name.as_c_str().to_ns_name::<SpecialDirUdSocket>()?,
    ];
    assert!(SpecialDirUdSocket::is_supported());
    #[cfg(target_os = "linux")]
    {
        use interprocess::os::unix::local_socket::AbstractNsUdSocket;
        assert!(AbstractNsUdSocket::is_supported());
        others.push(name.to_ns_name::<AbstractNsUdSocket>()?);
        others.push(c_name.as_c_str().to_ns_name::<AbstractNsUdSocket>()?);
    }
    for name in others {
        let listener = ListenerOptions::new().name(name.borrow()).create_sync()?;
        let client = ConnectOptions::new().name(name).connect_sync()?;
        let server = listener.accept()?;
        (&client).write_all(b"x")?;
        (&server).read_exact(&mut [0])?;
    }

    let listener =
        ListenerOptions::new().name(path.to_fs_name::<FilesystemUdSocket>()?).mode(0o600).create_sync()?;
    assert_eq!(std::fs::metadata(path)?.permissions().mode() & 0o777, 0o600);
    drop(listener);
    assert!(!std::fs::exists(path)?, "the name is reclaimed");
    Ok(())
}

/// Pipes with modes.
pub(crate) fn pipes() -> io::Result<()> {
    let (mut tx, mut rx) = pipe(true)?;
    let empty = rx.read(&mut [0]).expect_err("the pipe is empty");
    assert_eq!(empty.kind(), io::ErrorKind::WouldBlock);
    UnnamedPipeExt::set_nonblocking(&rx, false)?;
    tx.set_nonblocking(false)?;
    tx.write_all(b"x")?;
    rx.read_exact(&mut [0])
}

/// The types of errors that give something back.
pub(crate) fn errors() -> io::Result<()> {
    let (_, rx) = pipe(false)?;
    let error: FromFdError = FromFdError::from_source(rx.into());
    let error: ConversionError<u8> = error.map_source(|_| 1).try_map_source(|source| Some(source + 1));
    assert_eq!(error.source, Some(2));
    assert!(error.cause.is_none() && error.details == NoDetails);
    let cause = || io::Error::from(io::ErrorKind::NotFound);
    let errors = [
        ConversionError::<u8, &str>::from_cause(cause()),
        ConversionError::from_cause_and_details(cause(), "while trying"),
        ConversionError::from_source_and_cause(3, cause()),
        ConversionError::from_source_and_details(3, "while trying"),
        ConversionError::default(),
    ];
    assert!(errors[1].to_io_error().to_string().contains("while trying"));
    let _: Vec<io::Error> = errors.into_iter().map(io::Error::from).collect();

    fn halves(fits: bool) -> ReuniteResult<(), u8, u8> {
        if fits { Ok(()) } else { Err(ReuniteError { rh: 1, sh: 2 }) }
    }
    let halves = halves(false).expect_err("they do not fit").convert_halves::<u16, u32>();
    let halves = halves.map_halves(u64::from, u64::from);
    assert_eq!((halves.rh, halves.sh), (1, 2));
    Ok(())
}
