//! Mailslots.
#![cfg(windows)]

mod common;

use common::{begin_role, start_role, within_deadline};
use interprocess::os::windows::{
    mailslot::{BROADCAST_LIMIT, Mailslot, MailslotOptions, MailslotSender},
    security_descriptor::{Access, Dacl, SecurityDescriptor, SecurityDescriptorBuilder, Trustee},
};
use std::{
    collections::HashSet,
    io::{self, ErrorKind},
    num::NonZeroU32,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// Far longer than anything here takes.
const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(60);

fn unique_path() -> String {
    format!(r"\\.\mailslot\{}", common::unique())
}

fn kind<T: std::fmt::Debug>(result: io::Result<T>) -> ErrorKind {
    result.expect_err("must fail").kind()
}

fn recv(slot: &Mailslot) -> Vec<u8> {
    let mut message = vec![9; 3];
    slot.recv_vec_timeout(&mut message, LONG).unwrap();
    message
}

#[test]
fn whole_messages_in_order() {
    let path = unique_path();
    let slot = Mailslot::create(&path).unwrap();
    let sender = MailslotSender::open(&path).unwrap();
    let messages: Vec<Vec<u8>> =
        [1, 0, 5, 424, 425, 426, 427, 0, 70_000, 3].map(|size| common::bytes(size as u64, size)).into();
    for message in &messages {
        sender.send(message).unwrap();
    }
    for (index, message) in messages.iter().enumerate() {
        let info = slot.info().unwrap();
        assert_eq!(info.waiting as usize, messages.len() - index);
        assert_eq!(info.next_message_size, Some(message.len() as u32), "also if it is empty");
        assert!(recv(&slot) == *message, "message {index}");
    }
    let info = slot.info().unwrap();
    assert_eq!((info.waiting, info.next_message_size), (0, None));
}

#[test]
fn a_buffer_that_is_too_short_loses_nothing() {
    let path = unique_path();
    let slot = Mailslot::create(&path).unwrap();
    let sender = MailslotSender::open(&path).unwrap();
    sender.send(b"message").unwrap();
    let mut buffer = [0; 7];
    assert_eq!(kind(slot.recv_timeout(&mut buffer[..6], LONG)), ErrorKind::InvalidInput);
    assert_eq!(kind(slot.recv_timeout(&mut [], LONG)), ErrorKind::InvalidInput);
    assert_eq!(slot.recv_timeout(&mut buffer, LONG).unwrap(), 7);
    assert_eq!(&buffer, b"message");

    sender.send(b"").unwrap();
    assert_eq!(slot.recv_timeout(&mut buffer, LONG).unwrap(), 0);
    sender.send(b"").unwrap();
    assert_eq!(slot.recv_timeout(&mut [], LONG).unwrap(), 0, "an empty message fits");
    assert_eq!(kind(slot.recv_timeout(&mut buffer, Duration::ZERO)), ErrorKind::TimedOut);
}

#[test]
fn a_message_wakes_who_waits() {
    let path = unique_path();
    let slot = MailslotOptions::new().path(&path).read_timeout(Some(LONG)).create().unwrap();
    let sender = MailslotSender::open(&path).unwrap();
    // Longer than what the read that waits has room for, and shorter.
    for size in [100_000, 10, 0] {
        let message = common::bytes(1, size);
        thread::scope(|scope| {
            let receiver = scope.spawn(|| {
                let mut message = Vec::new();
                slot.recv_vec(&mut message).map(|()| message)
            });
            // Whether it already waits or not makes no difference.
            thread::sleep(SHORT / 4);
            sender.send(&message).unwrap();
            assert!(receiver.join().unwrap().unwrap() == message, "{size}");
        });
    }
}

#[test]
fn timeouts() {
    let path = unique_path();
    let slot = MailslotOptions::new().path(&path).read_timeout(Some(SHORT)).create().unwrap();
    assert_eq!(slot.info().unwrap().read_timeout, Some(SHORT));
    let start = Instant::now();
    assert_eq!(kind(slot.recv(&mut [0])), ErrorKind::TimedOut);
    assert!(start.elapsed() >= SHORT / 2, "{:?}", start.elapsed());
    assert_eq!(kind(slot.recv_vec(&mut Vec::new())), ErrorKind::TimedOut);

    // A time of its own, shorter and longer than the mailslot's.
    let mut buffer = vec![1];
    assert_eq!(kind(slot.recv_vec_timeout(&mut buffer, Duration::ZERO)), ErrorKind::TimedOut);
    assert_eq!(buffer, b"");
    let start = Instant::now();
    assert_eq!(kind(slot.recv_timeout(&mut [0], 3 * SHORT)), ErrorKind::TimedOut);
    assert!(start.elapsed() >= 3 * SHORT, "{:?}", start.elapsed());

    slot.set_read_timeout(Some(Duration::from_micros(1))).unwrap();
    assert_eq!(slot.info().unwrap().read_timeout, Some(Duration::from_millis(1)), "rounded up");
    assert_eq!(kind(slot.recv(&mut [0])), ErrorKind::TimedOut);
    slot.set_read_timeout(None).unwrap();
    assert_eq!(slot.info().unwrap().read_timeout, None);
    assert_eq!(kind(slot.set_read_timeout(Some(Duration::ZERO))), ErrorKind::InvalidInput);
    assert_eq!(kind(slot.recv_timeout(&mut [0], SHORT)), ErrorKind::TimedOut);

    let zero = MailslotOptions::new().path(unique_path()).read_timeout(Some(Duration::ZERO));
    assert_eq!(kind(zero.create()), ErrorKind::InvalidInput);
}

#[test]
fn a_limit_of_size() {
    let path = unique_path();
    let options = MailslotOptions::new().path(&path).max_message_size(NonZeroU32::new(10));
    let slot = options.create().unwrap();
    assert_eq!(slot.info().unwrap().max_message_size, NonZeroU32::new(10));
    let sender = MailslotSender::open(&path).unwrap();
    sender.send(&[1; 10]).unwrap();
    match sender.send(&[2; 11]) {
        // Wine 10 keeps the limit and does not apply it.
        Ok(()) => assert!(common::is_wine()),
        result => assert_eq!(kind(result), ErrorKind::InvalidInput),
    }
    sender.send(&[]).unwrap();
    assert_eq!(recv(&slot), [1; 10]);
    if common::is_wine() {
        assert_eq!(recv(&slot), [2; 11]);
    }
    assert_eq!(recv(&slot), []);
    assert_eq!(slot.info().unwrap().waiting, 0);
    assert_eq!(Mailslot::create(unique_path()).unwrap().info().unwrap().max_message_size, None);
}

#[test]
fn names() {
    let path = unique_path();
    assert_eq!(kind(MailslotSender::open(&path)), ErrorKind::NotFound);
    let slot = Mailslot::create(&path).unwrap();
    let error = Mailslot::create(&path).expect_err("taken");
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&path), "{error}");
    for path in ["", "x", r"\\.\pipe\x", r"\\.\mailslot\", r"\\host\mailslot\x", r"\\*\mailslot\x"] {
        assert_eq!(kind(Mailslot::create(path)), ErrorKind::InvalidInput, "{path}");
    }
    for path in ["", "x", r"\\.\pipe\x", r"\\.\mailslot\", "\\\\.\\mailslot\\a\0"] {
        assert_eq!(kind(MailslotSender::open(path)), ErrorKind::InvalidInput, "{path}");
    }
    drop(slot);
    assert_eq!(kind(MailslotSender::open(&path)), ErrorKind::NotFound);
    drop(Mailslot::create(&path).unwrap());
    drop(Mailslot::create(format!(r"{path}\with\backslashes")).unwrap());
}

#[test]
fn a_sender_outlives_its_mailslot() {
    let path = unique_path();
    let slot = Mailslot::create(&path).unwrap();
    let sender = MailslotSender::open(&path).unwrap();
    sender.send(b"lost").unwrap();
    drop(slot);
    match sender.send(b"x") {
        // Wine 10 loses it without a word.
        Ok(()) => assert!(common::is_wine()),
        result => assert_eq!(kind(result), ErrorKind::BrokenPipe),
    }
    drop(sender);
    let slot = Mailslot::create(&path).unwrap();
    assert_eq!(slot.info().unwrap().waiting, 0);
}

/// Nobody listens on a domain, and nobody is told.
#[test]
fn broadcasts() {
    let Ok(sender) = MailslotSender::open(format!(r"\\*\mailslot\{}", common::unique())) else {
        return common::skip("Wine 10 and a Windows without network say that there is no such path");
    };
    match sender.send(&[0; BROADCAST_LIMIT]) {
        Ok(()) => {}
        Err(error) => assert_ne!(error.kind(), ErrorKind::InvalidInput, "{error}"),
    }
}

#[test]
fn who_may_send() {
    let descriptor = SecurityDescriptorBuilder::new()
        .allow(Trustee::CurrentUser, Access::Full)
        .allow(Trustee::Everyone, Access::Write)
        .build()
        .unwrap();
    let expected = descriptor.dacl().unwrap();
    let path = unique_path();
    let slot = MailslotOptions::new().path(&path).security_descriptor(Some(descriptor)).create().unwrap();
    MailslotSender::open(&path).unwrap().send(b"x").unwrap();
    assert_eq!(recv(&slot), b"x");
    let found = SecurityDescriptor::of_object(&slot).unwrap().dacl().unwrap();
    let (Dacl::Entries(found), Dacl::Entries(expected)) = (found, expected) else { panic!("no lists") };
    let sids = |entries: &[interprocess::os::windows::security_descriptor::Ace]| {
        entries.iter().map(|ace| (ace.kind, ace.sid.clone())).collect::<Vec<_>>()
    };
    assert_eq!(sids(&found), sids(&expected));
}

const MESSAGES: usize = 200;

/// Sends numbered messages of many sizes.
#[test]
#[ignore = "a role, which another test starts"]
fn role_sends() {
    let argument = begin_role();
    let (path, seed) = argument.split_once(' ').unwrap();
    let sender = MailslotSender::open(path).unwrap();
    let seed: usize = seed.parse().unwrap();
    for number in 0..MESSAGES {
        let mut message = format!("{seed} {number} ").into_bytes();
        message.extend(common::bytes((seed * MESSAGES + number) as u64, number * 37));
        sender.send(&message).unwrap();
    }
}

#[test]
fn many_processes_to_many_threads() {
    const SENDERS: usize = 3;
    let path = unique_path();
    let slot = std::sync::Arc::new(Mailslot::create(&path).unwrap());
    let children: Vec<_> =
        (0..SENDERS).map(|seed| start_role("role_sends", &format!("{path} {seed}"))).collect();
    let (sink, messages) = mpsc::channel();
    let receivers: Vec<_> = (0..3)
        .map(|_| {
            let (slot, sink) = (slot.clone(), sink.clone());
            thread::spawn(move || {
                loop {
                    let message = recv(&slot);
                    if message.is_empty() {
                        return;
                    }
                    sink.send(message).unwrap();
                }
            })
        })
        .collect();
    drop(sink);
    for mut child in children {
        child.succeeds();
    }
    // Everything was sent before these, and each of them ends one receiver.
    let last = MailslotSender::open(&path).unwrap();
    for _ in &receivers {
        last.send(b"").unwrap();
    }
    within_deadline(move || {
        for receiver in receivers {
            receiver.join().unwrap();
        }
    });
    let mut seen = HashSet::new();
    for message in messages {
        let mut parts = message.splitn(3, |&byte| byte == b' ');
        let mut number = || std::str::from_utf8(parts.next().unwrap()).unwrap().parse::<usize>().unwrap();
        let (seed, number) = (number(), number());
        let rest = parts.next().unwrap();
        assert!(rest == common::bytes((seed * MESSAGES + number) as u64, number * 37), "{seed} {number}");
        assert!(seen.insert((seed, number)), "twice: {seed} {number}");
    }
    assert_eq!(seen.len(), SENDERS * MESSAGES);
}
