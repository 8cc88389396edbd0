//! Where the text of a security descriptor is wrong.
//!
//! Only Windows decides what it takes; it just does not say where it stopped. This looks for the first place that breaks
//! the rules of Microsoft's "Security Descriptor String Format", "ACE Strings" and "SID Strings", and then asks Windows
//! about the parts one by one.

use std::ops::Range;

/// The first thing wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// In bytes of the text.
    pub(super) place: Range<usize>,
    pub(super) reason: &'static str,
}

const ACE_TYPES: [&str; 17] =
    ["A", "D", "OA", "OD", "AU", "AL", "OU", "OL", "ML", "XA", "XD", "ZA", "XU", "RA", "SP", "TL", "FL"];
const ACE_FLAGS: [&str; 9] = ["CI", "OI", "NP", "IO", "ID", "SA", "FA", "TP", "CR"];
const RIGHTS: [&str; 28] = [
    "GA", "GR", "GW", "GX", "RC", "SD", "WD", "WO", "RP", "WP", "CC", "DC", "LC", "SW", "LO", "DT", "CR",
    "FA", "FR", "FW", "FX", "KA", "KR", "KW", "KX", "NR", "NW", "NX",
];
const LIST_FLAGS: [&str; 4] = ["P", "AR", "AI", "NO_ACCESS_CONTROL"];

/// Finds what is wrong in `text`, which the system has refused. `takes` asks the system about another text.
pub(super) fn locate(text: &str, takes: impl Fn(&str) -> bool) -> Option<Fault> {
    let parts = match parts(text) {
        Ok(parts) => parts,
        Err(fault) => return Some(fault),
    };
    parts.iter().find_map(|part| part.check(text).err()).or_else(|| {
        let mut pieces = parts.iter().flat_map(|part| part.pieces(text));
        pieces.find_map(|piece| piece.refused(text, &takes))
    })
}

fn fault<T>(place: Range<usize>, reason: &'static str) -> Result<T, Fault> {
    Err(Fault { place, reason })
}

/// `O:`, `G:`, `D:` or `S:` and what follows.
struct Part {
    letter: u8,
    value: Range<usize>,
}

fn parts(text: &str) -> Result<Vec<Part>, Fault> {
    let bytes = text.as_bytes();
    let mut found: Vec<Part> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let letter = bytes[at];
        if !b"OGDS".contains(&letter) || bytes.get(at + 1) != Some(&b':') {
            return fault(at..end_of_character(text, at), "O:, G:, D: or S: must be here");
        }
        if found.iter().any(|part| part.letter == letter) {
            return fault(at..at + 2, "this part is here for the second time");
        }
        // The next part begins one letter before the next colon that is not in parentheses.
        let mut depth = 0_usize;
        let mut end = at + 2;
        while end < bytes.len() && (depth > 0 || bytes.get(end + 1) != Some(&b':')) {
            match bytes[end] {
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            end += 1;
        }
        // A letter of several bytes may end there.
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        found.push(Part { letter, value: at + 2..end });
        at = end.max(at + 2);
    }
    Ok(found)
}

fn end_of_character(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(at, |character| at + character.len_utf8())
}

impl Part {
    fn is_list(&self) -> bool {
        matches!(self.letter, b'D' | b'S')
    }

    fn check(&self, text: &str) -> Result<(), Fault> {
        if !self.is_list() {
            return check_sid(text, self.value.clone());
        }
        check_codes(text, self.flags(text), &LIST_FLAGS, "this is no flag of a list")?;
        let mut at = self.flags(text).end;
        while at < self.value.end {
            if text.as_bytes()[at] != b'(' {
                return fault(at..self.value.end, "an entry must begin here, with a parenthesis");
            }
            let Some(end) = end_of_entry(text, at..self.value.end) else {
                return fault(at..self.value.end, "this entry has no closing parenthesis");
            };
            check_entry(text, at + 1..end - 1)?;
            at = end;
        }
        Ok(())
    }

    /// What stands before the first entry of a list.
    fn flags(&self, text: &str) -> Range<usize> {
        let length = text[self.value.clone()].find('(').unwrap_or(self.value.len());
        self.value.start..self.value.start + length
    }

    /// What can be asked about by itself. The part has passed `check`.
    fn pieces(&self, text: &str) -> Vec<Piece> {
        let piece = |place| Piece { letter: char::from(self.letter), place, is_entry: false };
        if !self.is_list() {
            return vec![piece(self.value.clone())];
        }
        let flags = self.flags(text);
        let mut at = flags.end;
        let mut pieces = vec![piece(flags)];
        while let Some(end) = end_of_entry(text, at..self.value.end) {
            pieces.push(Piece { is_entry: true, ..piece(at..end) });
            at = end;
        }
        pieces
    }
}

/// Something that the system can be asked about by itself.
struct Piece {
    letter: char,
    place: Range<usize>,
    is_entry: bool,
}

impl Piece {
    fn refused(&self, text: &str, takes: &impl Fn(&str) -> bool) -> Option<Fault> {
        let own = &text[self.place.clone()];
        if takes(&format!("{}:{own}", self.letter)) {
            return None;
        }
        if self.is_entry {
            let fields = fields(text, self.place.start + 1..self.place.end - 1);
            let sid = &fields[5];
            let with_everyone = format!(
                "{}:{}WD{}",
                self.letter,
                &text[self.place.start..sid.start],
                &text[sid.end..self.place.end]
            );
            if takes(&with_everyone) {
                return Some(Fault { place: sid.clone(), reason: "Windows knows nobody of that name" });
            }
        }
        Some(Fault { place: self.place.clone(), reason: "Windows does not take this part" })
    }
}

/// The end of the entry that begins at `within.start`; `None` if there is none, or no end.
fn end_of_entry(text: &str, within: Range<usize>) -> Option<usize> {
    let mut depth = 0_usize;
    for at in within {
        match text.as_bytes()[at] {
            b'(' => depth += 1,
            b')' if depth <= 1 => return (depth == 1).then_some(at + 1),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// What the semicolons of an entry divide.
fn fields(text: &str, entry: Range<usize>) -> Vec<Range<usize>> {
    let mut fields = Vec::new();
    let (mut start, mut depth) = (entry.start, 0_usize);
    for at in entry.clone() {
        match text.as_bytes()[at] {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b';' if depth == 0 => {
                fields.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    fields.push(start..entry.end);
    fields
}

fn check_entry(text: &str, entry: Range<usize>) -> Result<(), Fault> {
    let fields = fields(text, entry.clone());
    // The seventh is the condition or the attribute of the kinds that have one.
    if !(6..=7).contains(&fields.len()) {
        return fault(entry, "an entry has six fields, between semicolons");
    }
    if !ACE_TYPES.contains(&&text[fields[0].clone()]) {
        return fault(fields[0].clone(), "this is no kind of entry");
    }
    check_codes(text, fields[1].clone(), &ACE_FLAGS, "this is no flag of an entry")?;
    if !is_number(&text[fields[2].clone()]) {
        check_codes(text, fields[2].clone(), &RIGHTS, "this is no access right")?;
    }
    for guid in &fields[3..5] {
        if !is_guid_or_nothing(&text[guid.clone()]) {
            return fault(guid.clone(), "this is no GUID");
        }
    }
    check_sid(text, fields[5].clone())
}

/// Checks a row of codes without anything between them.
fn check_codes(text: &str, place: Range<usize>, codes: &[&str], reason: &'static str) -> Result<(), Fault> {
    let mut at = place.start;
    while at < place.end {
        let rest = &text[at..place.end];
        let Some(code) = codes.iter().find(|code| rest.starts_with(**code)) else {
            let end = rest.chars().take(2).map(char::len_utf8).sum::<usize>();
            return fault(at..at + end, reason);
        };
        at += code.len();
    }
    Ok(())
}

fn is_number(text: &str) -> bool {
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    hexadecimal.map_or_else(
        || !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
        |digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
    )
}

fn is_guid_or_nothing(text: &str) -> bool {
    let at_its_place = |(at, byte): (usize, u8)| {
        if [8, 13, 18, 23].contains(&at) { byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    text.is_empty() || text.len() == 36 && text.bytes().enumerate().all(at_its_place)
}

fn check_sid(text: &str, place: Range<usize>) -> Result<(), Fault> {
    if is_sid(&text[place.clone()]) { Ok(()) } else { fault(place, "this is no SID") }
}

/// Whether this has the form of a SID: `S-1-...`, or the two letters of a well-known one.
pub(super) fn is_sid(text: &str) -> bool {
    let Some(numbers) = text.strip_prefix("S-") else {
        return text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    };
    numbers.split('-').count() >= 3 && numbers.split('-').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::{Fault, locate};

    /// The text that is found to be wrong, and why, if Windows took everything by itself.
    fn wrong(text: &str) -> Option<(&str, &'static str)> {
        locate(text, |_| true).map(|Fault { place, reason }| (&text[place], reason))
    }

    #[test]
    fn what_breaks_the_rules_is_found() {
        assert_eq!(wrong("nonsense"), Some(("n", "O:, G:, D: or S: must be here")));
        assert_eq!(wrong("é:"), Some(("é", "O:, G:, D: or S: must be here")));
        assert_eq!(wrong("D:D:"), Some(("D:", "this part is here for the second time")));
        assert_eq!(wrong("O:G:BA"), Some(("", "this is no SID")));
        assert_eq!(wrong("O:S-1D:P"), Some(("S-1", "this is no SID")));
        assert_eq!(wrong("D:PX(A;;GA;;;SY)"), Some(("X", "this is no flag of a list")));
        assert_eq!(wrong("D:P(A;;GA;;;SY"), Some(("(A;;GA;;;SY", "this entry has no closing parenthesis")));
        assert_eq!(wrong("D:P(A;;GA;;;SY)x"), Some(("x", "an entry must begin here, with a parenthesis")));
        assert_eq!(
            wrong("D:(A;;GA;;SY)"),
            Some(("A;;GA;;SY", "an entry has six fields, between semicolons"))
        );
        assert_eq!(wrong("D:(Q;;GA;;;SY)"), Some(("Q", "this is no kind of entry")));
        assert_eq!(wrong("D:(A;ZZ;GA;;;SY)"), Some(("ZZ", "this is no flag of an entry")));
        assert_eq!(wrong("D:(A;;GAééx;;;SY)"), Some(("éé", "this is no access right")));
        assert_eq!(wrong("D:(A;;0xfg;;;SY)"), Some(("0x", "this is no access right")));
        assert_eq!(wrong("D:(OA;;GA;12;;SY)"), Some(("12", "this is no GUID")));
        assert_eq!(wrong("D:(A;;GA;;;)"), Some(("", "this is no SID")));
        assert_eq!(wrong("D:(A;;GA;;;SY)(A;;GA;;;S-1-x)"), Some(("S-1-x", "this is no SID")));
    }

    #[test]
    fn what_keeps_the_rules_is_not() {
        for text in [
            "",
            "D:",
            "O:BAG:SYD:PAI(A;OICI;GA;;;SY)(D;;0x12019b;;;S-1-5-21-1-2-3-500)S:(AU;SAFA;FA;;;WD)",
            "D:(XA;;FX;;;S-1-1-0;(@User.Title==\"PM\" && (@User.Division==\"F:\")))",
            "D:(OA;;CCDC;bf967aba-0de6-11d0-a285-00aa003049e2;;AO)",
        ] {
            assert_eq!(wrong(text), None, "{text}");
        }
    }

    #[test]
    fn windows_is_asked_about_the_parts() {
        let text = "O:BAD:P(A;;GA;;;SY)(A;;GR;;;QQ)";
        let fault = locate(text, |text| !text.contains("QQ")).unwrap();
        assert_eq!((&text[fault.place], fault.reason), ("QQ", "Windows knows nobody of that name"));
        let fault = locate(text, |text| !text.contains("GR")).unwrap();
        assert_eq!((&text[fault.place], fault.reason), ("(A;;GR;;;QQ)", "Windows does not take this part"));
        let fault = locate(text, |text| !text.contains("O:")).unwrap();
        assert_eq!((&text[fault.place], fault.reason), ("BA", "Windows does not take this part"));
    }

    #[test]
    fn nothing_makes_it_panic() {
        let pieces = ["O:", "D:", "(", ")", ";", ":", "é", "A", "S-", "1", "\u{10ffff}", " "];
        let mut seed = 1_u32;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..seed % 19 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text.push_str(pieces[(seed >> 16) as usize % pieces.len()]);
            }
            seed = seed.wrapping_add(1);
            locate(&text, |_| false);
        }
    }
}
