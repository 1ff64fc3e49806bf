//! Follows the files that a program writes to, so that it outlives its reader.

use std::{
    fs::File,
    io::{self, Read},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{ProcessError, Stream, start::Running};
use crate::files;

/// Files that do not grow are looked at again at growing intervals, at the latest after this long.
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// A file that a program writes one of its streams to.
pub(super) struct OutputFile {
    path: Utf8PathBuf,
    reader: File,
}

impl OutputFile {
    /// Makes a file that only its owner may read, and opens it for the program and for the reader.
    pub(super) fn create(path: &Utf8Path, program: &str) -> Result<(Self, File), ProcessError> {
        let made = || -> io::Result<(File, File)> {
            files::remove_if_there(path)?;
            let writer = files::create_new(path)?;
            Ok((File::open(path)?, writer))
        };
        match made() {
            Ok((reader, writer)) => Ok((Self { path: path.to_owned(), reader }, writer)),
            Err(source) => {
                Err(ProcessError::OutputFile { program: program.to_owned(), path: path.to_owned(), source })
            }
        }
    }
}

/// Hands on what a program writes to its files until it has ended and they are read to their ends.
pub(super) fn follow(
    running: &Running<'_>,
    files: &mut [(Stream, OutputFile)],
    on_bytes: &mut dyn FnMut(Stream, &[u8]),
) -> Result<(), ProcessError> {
    let mut buffer = vec![0; 64 * 1024];
    let (ended, end) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            // The other side is gone only when reading failed, and then nobody asks any more.
            let _ = ended.send(running.wait());
        });
        let mut wait = Duration::from_millis(1);
        loop {
            match end.recv_timeout(wait) {
                Ok(waited) => {
                    // It has ended, so whatever it wrote is there: this look finds the last of it.
                    read_on(running, files, &mut buffer, on_bytes)?;
                    return waited;
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            let grew = read_on(running, files, &mut buffer, on_bytes)?;
            wait = if grew { Duration::from_millis(1) } else { (wait * 2).min(LONGEST_WAIT) };
        }
    })
}

/// Reads each file to its present end and says whether there was anything.
fn read_on(
    running: &Running<'_>,
    files: &mut [(Stream, OutputFile)],
    buffer: &mut [u8],
    on_bytes: &mut dyn FnMut(Stream, &[u8]),
) -> Result<bool, ProcessError> {
    let mut grew = false;
    for (stream, file) in files {
        loop {
            match file.reader.read(buffer) {
                Ok(0) => break,
                Ok(count) => {
                    grew = true;
                    on_bytes(*stream, &buffer[..count]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    let program = running.program().to_owned();
                    return Err(ProcessError::OutputFile { program, path: file.path.clone(), source });
                }
            }
        }
    }
    Ok(grew)
}
