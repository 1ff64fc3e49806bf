//! Reader that follows the files a program writes to, so that the program can outlive envctl.

use std::{
    fs::File,
    io::{self, Read},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{ProcessError, Stream, start::RunningProcess};
use crate::files;

/// Longest interval between reads of files that do not grow; intervals grow up to it.
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// File that receives one output stream of a program.
pub(super) struct OutputFile {
    path: Utf8PathBuf,
    reader: File,
}

impl OutputFile {
    /// Creates a file that only its owner may read, and opens it for the program and for the reader.
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

/// Passes what a program writes to its output files to `on_bytes`, until the program has ended and both files are read to the
/// end.
pub(super) fn follow_output_files(
    running: &RunningProcess<'_>,
    files: &mut [(Stream, OutputFile)],
    on_bytes: &mut dyn FnMut(Stream, &[u8]),
) -> Result<(), ProcessError> {
    let mut buffer = vec![0; 64 * 1024];
    let (ended, end) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            // Fails only when reading has failed and the receiver is dropped.
            let _ = ended.send(running.wait());
        });
        let mut wait = Duration::from_millis(1);
        loop {
            match end.recv_timeout(wait) {
                Ok(waited) => {
                    // The program has ended, so this read finds its last output.
                    read_new_output(running, files, &mut buffer, on_bytes)?;
                    return waited;
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            let grew = read_new_output(running, files, &mut buffer, on_bytes)?;
            wait = if grew { Duration::from_millis(1) } else { (wait * 2).min(LONGEST_WAIT) };
        }
    })
}

/// Reads each file to its present end; returns true if there was new output.
fn read_new_output(
    running: &RunningProcess<'_>,
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
