//! Reader of journals, also of those whose last line was cut off by a crash.

use camino::Utf8Path;

use super::{FORMAT, JournalError};
use crate::{
    event::{Event, EventKind},
    files,
};

/// Content of a journal.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalContent {
    /// Events in order.
    pub events: Vec<Event>,
    /// True if a crash cut off the last line; that line is not among the events.
    pub is_last_line_cut: bool,
}

/// Reads a journal.
///
/// A last line that is not an event counts as cut off by a crash. Any other such line is an error, as is a gap in the
/// sequence numbers: the file was edited.
pub fn read_journal(path: &Utf8Path) -> Result<JournalContent, JournalError> {
    let bytes = files::read_whole(path).map_err(JournalError::io("read", path))?;
    parse(path, &bytes)
}

fn parse(path: &Utf8Path, bytes: &[u8]) -> Result<JournalContent, JournalError> {
    let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let mut recorded = JournalContent { events: Vec::new(), is_last_line_cut: false };
    if text.is_empty() {
        return Ok(recorded);
    }
    let mut lines = text.split(|byte| *byte == b'\n').zip(1..).peekable();
    while let Some((bytes, line)) = lines.next() {
        match serde_json::from_slice::<Event>(bytes) {
            Ok(event) => {
                check_sequence_number(path, line, recorded.events.len() as u64, &event)?;
                recorded.events.push(event);
            }
            Err(error) => {
                check_format(path, bytes)?;
                if lines.peek().is_some() {
                    let (path, reason) = (path.to_owned(), error.to_string());
                    return Err(JournalError::BrokenLine { path, line, reason });
                }
                recorded.is_last_line_cut = true;
            }
        }
    }
    Ok(recorded)
}

fn check_sequence_number(
    path: &Utf8Path,
    line: usize,
    expected: u64,
    event: &Event,
) -> Result<(), JournalError> {
    match event.kind {
        EventKind::RunStarted { format, .. } if format != FORMAT => {
            Err(JournalError::Format { path: path.to_owned(), format })
        }
        _ if event.seq != expected => {
            Err(JournalError::WrongNumber { path: path.to_owned(), line, expected, found: event.seq })
        }
        _ => Ok(()),
    }
}

/// Reports the format of a line that is not an event: a journal of a later envctl may have other events.
fn check_format(path: &Utf8Path, line: &[u8]) -> Result<(), JournalError> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        format: u32,
    }
    match serde_json::from_slice::<Versioned>(line) {
        Ok(Versioned { format }) if format != FORMAT => {
            Err(JournalError::Format { path: path.to_owned(), format })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fold::tests::{event, run_started};
    use super::*;
    use crate::model::ExitStatus;

    fn events() -> Vec<Event> {
        vec![
            event(0, run_started(&["network"])),
            event(1, EventKind::InterruptRequested { signal: 2, count: 1 }),
            event(2, EventKind::RunFinished { status: ExitStatus::Interrupted(2) }),
        ]
    }

    fn text() -> String {
        events().iter().map(|event| serde_json::to_string(event).unwrap() + "\n").collect()
    }

    fn parse_text(text: &[u8]) -> Result<JournalContent, String> {
        parse(Utf8Path::new("j"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_whole_journal_reads_back() {
        assert_eq!(
            parse_text(text().as_bytes()).unwrap(),
            JournalContent { events: events(), is_last_line_cut: false }
        );
        assert_eq!(parse_text(b"").unwrap(), JournalContent { events: vec![], is_last_line_cut: false });
    }

    #[test]
    fn a_broken_line_in_the_middle_is_named() {
        let broken = text().replacen("interrupt_requested", "interrupt_", 1);
        assert!(
            parse_text(broken.as_bytes())
                .unwrap_err()
                .starts_with("j:2: not an event of a journal: unknown variant")
        );
        let text = text();
        let with_gap: Vec<&str> = text.lines().filter(|line| !line.contains("interrupt_requested")).collect();
        let with_gap = with_gap.join("\n");
        assert_eq!(
            parse_text(with_gap.as_bytes()).unwrap_err(),
            "j:2: event 1 was expected, event 2 is there"
        );
    }

    #[test]
    fn a_later_format_is_reported() {
        let later = text().replacen("\"format\":1", "\"format\":2", 1);
        let told = "`j` has format 2, this envctl reads format 1";
        assert_eq!(parse_text(later.as_bytes()).unwrap_err(), told);
        assert_eq!(parse_text(later.replacen("\"command\"", "\"verb\"", 1).as_bytes()).unwrap_err(), told);
    }

    #[test]
    fn a_tail_of_zeros_left_by_a_power_cut_is_a_torn_line() {
        let mut bytes = text().into_bytes();
        bytes.extend([0; 512]);
        assert_eq!(parse_text(&bytes).unwrap(), JournalContent { events: events(), is_last_line_cut: true });
    }

    proptest! {
        #[test]
        fn a_journal_cut_anywhere_keeps_its_whole_lines(cut in 0..text().len()) {
            let text = text();
            let recorded = parse_text(&text.as_bytes()[..cut]).unwrap();
            // A line without its line feed is whole as well.
            let whole = text[..cut].matches('\n').count() + usize::from(text.as_bytes()[cut] == b'\n');
            prop_assert_eq!(&recorded.events[..], &events()[..whole]);
            prop_assert_eq!(recorded.is_last_line_cut, cut > 0 && text.as_bytes()[cut - 1] != b'\n' && text.as_bytes()[cut] != b'\n');
        }

        #[test]
        fn a_damaged_journal_is_read_to_a_report_or_refused(flips in prop::collection::vec((any::<usize>(), any::<u8>()), 1..6)) {
            let mut bytes = text().into_bytes();
            for (place, with) in flips {
                let place = place % bytes.len();
                bytes[place] = with;
            }
            if let Ok(recorded) = parse_text(&bytes) {
                prop_assert!(recorded.events.iter().enumerate().all(|(place, event)| event.seq == place as u64));
                let _either = crate::journal::fold(&recorded.events);
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _either = parse_text(&bytes);
        }
    }
}
