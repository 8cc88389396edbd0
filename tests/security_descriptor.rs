//! Security descriptors: reading, building, and what pipes that were made with them say.
#![cfg(windows)]

use interprocess::os::windows::{
    named_pipe::{DuplexPipeStream, PipeListenerOptions, pipe_mode::Bytes},
    security_descriptor::{
        Access, AceKind, Dacl, Integrity, SecurityDescriptor, SecurityDescriptorBuilder, Trustee,
    },
};
use std::{
    io::ErrorKind,
    sync::atomic::{AtomicU32, Ordering},
};

fn unique_path() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(r"\\.\pipe\interprocess-test-sd-{}-{number}", std::process::id())
}

fn parse(text: &str) -> SecurityDescriptor {
    text.parse().unwrap()
}

/// What the entries of a list say.
fn entries(descriptor: &SecurityDescriptor) -> Vec<(AceKind, u8, u32, String)> {
    let Dacl::Entries(entries) = descriptor.dacl().unwrap() else { panic!("no list in {descriptor:?}") };
    entries.into_iter().map(|ace| (ace.kind, ace.flags, ace.mask, ace.sid.unwrap_or_default())).collect()
}

const GENERIC_ALL: u32 = 0x1000_0000;

#[test]
fn every_part_is_read() {
    let descriptor = parse("O:BAG:SYD:PAI(D;;0x12019b;;;NU)(A;OICI;GA;;;S-1-5-21-1-2-3-500)(A;;GRGW;;;WD)");
    assert_eq!(descriptor.owner().unwrap().as_deref(), Some("S-1-5-32-544"));
    assert_eq!(descriptor.group().unwrap().as_deref(), Some("S-1-5-18"));
    assert!(descriptor.is_dacl_protected().unwrap());
    assert_eq!(
        entries(&descriptor),
        [
            (AceKind::Deny, 0, 0x12019b, "S-1-5-2".into()),
            (AceKind::Allow, 3, GENERIC_ALL, "S-1-5-21-1-2-3-500".into()),
            (AceKind::Allow, 0, 0xc000_0000, "S-1-1-0".into()),
        ]
    );

    let empty = parse("D:");
    assert_eq!(empty.owner().unwrap(), None);
    assert_eq!(empty.group().unwrap(), None);
    assert!(!empty.is_dacl_protected().unwrap());
    assert_eq!(empty.dacl().unwrap(), Dacl::Entries(Vec::new()));
    assert_eq!(parse("O:BA").dacl().unwrap(), Dacl::Absent);
}

/// Windows documents both texts. Wine 10 refuses the second, and takes the first for a list without entries, which
/// means the opposite.
#[test]
fn what_only_windows_reads() {
    let null = parse("D:NO_ACCESS_CONTROL").dacl().unwrap();
    assert!(null == Dacl::Null || null == Dacl::Entries(Vec::new()), "{null:?}");
    let condition = r#"D:(XA;;FR;;;WD;(Member_of{SID(BA)}))"#;
    if let Ok(conditional) = condition.parse::<SecurityDescriptor>() {
        let Dacl::Entries(entries) = conditional.dacl().unwrap() else { panic!("{conditional:?}") };
        assert_eq!((entries[0].kind, entries[0].mask), (AceKind::Other(9), 0x120089));
        assert_eq!(entries[0].sid, None);
    }
}

#[test]
fn a_fault_is_found() {
    for (text, part) in [
        ("nonsense", r#"at byte 0, "n": O:, G:, D: or S: must be here"#),
        ("D:P(A;;GA;;;SY", r#"at byte 3, "(A;;GA;;;SY": this entry has no closing parenthesis"#),
        ("O:BAD:P(A;;GA;;;SY)(A;;XX;;;SY)", r#"at byte 23, "XX": this is no access right"#),
        ("D:P(A;;GA;;;SY)(Q;;GA;;;SY)", r#"at byte 16, "Q": this is no kind of entry"#),
        ("D:P(A;;GA;;SY)", "an entry has six fields"),
        ("D:(A;;GA;;;SY)(A;;GA;;;QQ)", r#"at byte 23, "QQ": Windows knows nobody of that name"#),
        ("O:QQ", r#"at byte 2, "QQ": Windows does not take this part"#),
    ] {
        let error = text.parse::<SecurityDescriptor>().expect_err(text);
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
        let message = error.to_string();
        assert!(message.contains(part) && message.contains(text), "{message}");
    }
}

#[test]
fn the_builder_says_what_it_was_told() {
    let sid = "S-1-5-21-7-8-9-1001";
    let descriptor = SecurityDescriptorBuilder::new()
        .owner(Trustee::CurrentUser)
        .group(Trustee::Administrators)
        .allow(Trustee::System, Access::Full)
        .allow(Trustee::Administrators, Access::Full)
        .allow(Trustee::Everyone, Access::ReadWrite)
        .allow(Trustee::AuthenticatedUsers, Access::Read)
        .allow(Trustee::Interactive, Access::Write)
        .allow(Trustee::Sid(sid.into()), Access::Mask(0x12))
        .deny(Trustee::Network, Access::Full)
        .deny(Trustee::AllAppPackages, Access::Write)
        .build()
        .unwrap();
    assert!(descriptor.is_dacl_protected().unwrap());
    assert_eq!(descriptor.group().unwrap().as_deref(), Some("S-1-5-32-544"));
    let only_me = SecurityDescriptor::current_user_only().unwrap();
    assert!(descriptor.owner().unwrap().unwrap().starts_with("S-1-5-"));
    assert_eq!(only_me.owner().unwrap().unwrap(), entries(&only_me)[0].3);
    let allow = |mask, sid: &str| (AceKind::Allow, 0, mask, sid.to_owned());
    assert_eq!(
        entries(&descriptor),
        [
            (AceKind::Deny, 0, GENERIC_ALL, "S-1-5-2".into()),
            // Nothing that receiving needs.
            (AceKind::Deny, 0, 0x6, "S-1-15-2-1".into()),
            allow(GENERIC_ALL, "S-1-5-18"),
            allow(GENERIC_ALL, "S-1-5-32-544"),
            allow(0x12019b, "S-1-1-0"),
            allow(0x120189, "S-1-5-11"),
            allow(0x120192, "S-1-5-4"),
            allow(0x12, sid),
        ],
        "denials first, and no right to make instances (4) for clients"
    );

    assert!(!descriptor.to_sddl().unwrap().contains("S:"), "{descriptor:?}");
    for (level, sid) in [
        (Integrity::Untrusted, "S-1-16-0"),
        (Integrity::Low, "LW"),
        (Integrity::Medium, "ME"),
        (Integrity::High, "HI"),
        (Integrity::System, "SI"),
    ] {
        let labelled = SecurityDescriptorBuilder::new().mandatory_label(level).build().unwrap();
        let sddl = labelled.to_sddl().unwrap();
        // Wine 10 writes no labels, although it reads them: `CC` is the bit of `NW`.
        let texts = [format!("D:PS:(ML;;NW;;;{sid})"), format!("D:PS:P(;;CC;;;{sid})")];
        assert!(texts.contains(&sddl), "{level:?}: {sddl}");
        assert_eq!(labelled.dacl().unwrap(), Dacl::Entries(Vec::new()));
    }

    let nobody = SecurityDescriptorBuilder::default().protected(false).build().unwrap();
    assert_eq!(nobody.dacl().unwrap(), Dacl::Entries(Vec::new()));
    assert!(!nobody.is_dacl_protected().unwrap());

    for text in ["", "myself", "S-1-5-32-544)(A;;GA;;;WD", "BA)(A;;GA;;;WD"] {
        let builder = SecurityDescriptorBuilder::new().allow(Trustee::Sid(text.into()), Access::Full);
        let result = builder.build();
        assert_eq!(result.expect_err(text).kind(), ErrorKind::InvalidInput, "{text}");
    }
}

#[test]
fn a_pipe_has_the_descriptor_it_was_given() {
    let descriptor = SecurityDescriptorBuilder::new()
        .allow(Trustee::CurrentUser, Access::Full)
        .allow(Trustee::System, Access::ReadWrite)
        .build()
        .unwrap();
    let path = unique_path();
    let options = PipeListenerOptions::new().path(path.as_str()).security_descriptor(Some(descriptor));
    let listener = options.create_duplex::<Bytes>().unwrap();
    let client = DuplexPipeStream::<Bytes>::connect_by_path(path.as_str()).unwrap();
    let server = listener.accept().unwrap();

    let me = SecurityDescriptorBuilder::new().owner(Trustee::CurrentUser).build().unwrap().owner().unwrap();
    for found in [SecurityDescriptor::of_object(&client), SecurityDescriptor::of_object(&server)] {
        let found = found.unwrap();
        assert!(found.owner().unwrap().is_some());
        let entries = entries(&found);
        assert_eq!(entries.len(), 2, "{found:?}");
        assert_eq!(Some(&entries[0].3), me.as_ref());
        assert_eq!(
            (entries[1].0, entries[1].2, entries[1].3.as_str()),
            (AceKind::Allow, 0x12019b, "S-1-5-18")
        );
    }
}

/// As programs for interprocess 2 give it.
#[test]
fn text_in_utf_16() {
    let units: Vec<u16> = "D:P(A;;GA;;;SY)".encode_utf16().collect();
    let with_zero: Vec<u16> = units.iter().copied().chain([0]).collect();
    for text in [&units, &with_zero] {
        let descriptor = SecurityDescriptor::deserialize(text).unwrap();
        assert_eq!(descriptor.to_sddl().unwrap(), parse("D:P(A;;GA;;;SY)").to_sddl().unwrap());
    }
    for bad in [&[0xd800][..], &[0x44, 0x3a, 0, 0x50], &[0x78]] {
        let error = SecurityDescriptor::deserialize(bad).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{bad:?}");
    }
}
