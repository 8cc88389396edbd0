//! What a security descriptor says, read from its bytes (Microsoft: MS-DTYP, "SECURITY_DESCRIPTOR", "ACL", "SID").

use std::fmt::Write;

/// Who may do what, as a security descriptor says it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dacl {
    /// It does not say. An object that is made with it gets the list that the system gives by default.
    Absent,
    /// There is no list where one should be, which lets *everybody* do everything (a "null DACL").
    Null,
    /// The entries, in order: the first that speaks of a right decides. No entries let nobody in.
    Entries(Vec<Ace>),
}

/// An entry of an access list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ace {
    /// What the entry does.
    pub kind: AceKind,
    /// How it is inherited (Microsoft: "ACE_HEADER structure", AceFlags).
    pub flags: u8,
    /// The rights that it is about (Microsoft: "Access Mask Format").
    pub mask: u32,
    /// Whom it is about, as the text of a SID. `None` for kinds that are not known here.
    pub sid: Option<String>,
}

/// What an entry of an access list does.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AceKind {
    /// Grants rights.
    Allow,
    /// Denies rights.
    Deny,
    /// Something else, such as granting rights under a condition: Windows' number for it (Microsoft: "ACE_HEADER
    /// structure", AceType).
    Other(u8),
}

/// The parts of a descriptor in self-relative form. Trusts nothing: what does not lie within the bytes is `None`.
#[derive(Copy, Clone)]
pub(super) struct Layout<'a>(&'a [u8]);

const DACL_PRESENT: u16 = 0x0004;
const DACL_PROTECTED: u16 = 0x1000;

impl<'a> Layout<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn control(self) -> Option<u16> {
        u16_at(self.0, 2)
    }

    /// What lies at the offset that is at `place`; `None` if the offset is zero: then there is no such part.
    fn part(self, place: usize) -> Option<Option<&'a [u8]>> {
        match u32_at(self.0, place)? as usize {
            0 => Some(None),
            offset => self.0.get(offset..).map(Some),
        }
    }

    pub(super) fn owner(self) -> Option<Option<String>> {
        self.part(4)?.map_or(Some(None), |bytes| sid(bytes).map(Some))
    }

    pub(super) fn group(self) -> Option<Option<String>> {
        self.part(8)?.map_or(Some(None), |bytes| sid(bytes).map(Some))
    }

    pub(super) fn is_protected(self) -> Option<bool> {
        Some(self.control()? & DACL_PROTECTED != 0)
    }

    pub(super) fn dacl(self) -> Option<Dacl> {
        if self.control()? & DACL_PRESENT == 0 {
            return Some(Dacl::Absent);
        }
        let Some(list) = self.part(16)? else { return Some(Dacl::Null) };
        let list = list.get(..usize::from(u16_at(list, 2)?))?;
        let count = u16_at(list, 4)?;
        let mut rest = list.get(8..)?;
        let mut entries = Vec::new();
        for _ in 0..count {
            let (entry, after) = rest.split_at_checked(usize::from(u16_at(rest, 2)?))?;
            entries.push(ace(entry)?);
            rest = after;
        }
        Some(Dacl::Entries(entries))
    }
}

fn ace(bytes: &[u8]) -> Option<Ace> {
    let kind = match *bytes.first()? {
        0 => AceKind::Allow,
        1 => AceKind::Deny,
        other => AceKind::Other(other),
    };
    let is_known = !matches!(kind, AceKind::Other(_));
    let sid = if is_known { Some(sid(bytes.get(8..)?)?) } else { None };
    Some(Ace { kind, flags: *bytes.get(1)?, mask: u32_at(bytes, 4)?, sid })
}

/// The text of a SID (Microsoft: MS-DTYP, "SID String Format Syntax").
fn sid(bytes: &[u8]) -> Option<String> {
    let revision = *bytes.first()?;
    let count = usize::from(*bytes.get(1)?);
    let authority = bytes.get(2..8)?.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let mut text = if authority < 1 << 32 {
        format!("S-{revision}-{authority}")
    } else {
        format!("S-{revision}-0x{authority:012X}")
    };
    for index in 0..count {
        // Writing to a string cannot fail.
        let _ = write!(text, "-{}", u32_at(bytes, 8 + 4 * index)?);
    }
    Some(text)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::{Ace, AceKind, Dacl, Layout, sid};

    const EVERYONE: [u8; 12] = [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];

    /// A descriptor with everyone as its owner, and with these bytes as its list.
    fn descriptor(control: u16, list: &[u8]) -> Vec<u8> {
        let mut bytes = vec![1, 0];
        bytes.extend(control.to_le_bytes());
        let list_at = if list.is_empty() { 0 } else { 32 };
        bytes.extend([20, 0, 0, list_at].iter().flat_map(|offset: &u32| offset.to_le_bytes()));
        bytes.extend(EVERYONE);
        bytes.extend(list);
        bytes
    }

    #[test]
    fn parts() {
        let mut list = vec![2, 0, 8 + 20 + 8, 0, 2, 0, 0, 0];
        list.extend([1, 3, 20, 0, 0x78, 0x56, 0x34, 0x12]);
        list.extend(EVERYONE);
        list.extend([9, 0, 8, 0, 1, 0, 0, 0]);
        let bytes = descriptor(0x9004, &list);
        let layout = Layout::new(&bytes);
        assert_eq!(layout.owner(), Some(Some("S-1-1-0".into())));
        assert_eq!(layout.group(), Some(None));
        assert_eq!(layout.is_protected(), Some(true));
        let deny = Ace { kind: AceKind::Deny, flags: 3, mask: 0x1234_5678, sid: Some("S-1-1-0".into()) };
        let other = Ace { kind: AceKind::Other(9), flags: 0, mask: 1, sid: None };
        assert_eq!(layout.dacl(), Some(Dacl::Entries(vec![deny, other])));
        for length in 0..bytes.len() {
            assert_eq!(Layout::new(&bytes[..length]).dacl(), None, "cut to {length}");
        }
        assert_eq!(Layout::new(&descriptor(0x8004, &[])).dacl(), Some(Dacl::Null));
        assert_eq!(Layout::new(&descriptor(0x8000, &[])).dacl(), Some(Dacl::Absent));
    }

    #[test]
    fn sids() {
        let bytes = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0, 99];
        assert_eq!(sid(&bytes).as_deref(), Some("S-1-5-32-544"));
        assert_eq!(sid(&bytes[..15]), None);
        assert_eq!(sid(&[1, 0, 0x12, 0, 0, 0, 0, 1]).as_deref(), Some("S-1-0x120000000001"));
    }
}
