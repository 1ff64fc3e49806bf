//! Regular files, opened without blocking: a fifo, a socket or a device is an error.

use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::FileTypeExt as _,
    path::Path,
};

use camino::Utf8Path;
use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
};

/// Maximum size of a configuration file: 32 MiB.
pub const LARGEST: u64 = 32 << 20;

/// Opens a regular file for reading; links are followed. A folder is [`io::ErrorKind::IsADirectory`], any other file is
/// [`io::ErrorKind::InvalidInput`] with a message that names its type.
pub fn open_regular(path: impl AsRef<Path>) -> io::Result<File> {
    open_with_size(path.as_ref()).map(|(file, _)| file)
}

/// Opens a regular file like [`open_regular`], and returns it with its size in bytes.
fn open_with_size(path: &Path) -> io::Result<(File, u64)> {
    // Without `NONBLOCK` the open of a fifo blocks until a process writes to it.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = openat(CWD, path, flags, Mode::empty()).map_err(|errno| match errno {
        // Error of opening a socket.
        Errno::NXIO => not_regular("a socket or a device"),
        other => other.into(),
    })?;
    let file = File::from(opened);
    let metadata = file.metadata()?;
    let kind = metadata.file_type();
    if kind.is_file() {
        Ok((file, metadata.len()))
    } else if kind.is_dir() {
        Err(io::ErrorKind::IsADirectory.into())
    } else {
        Err(not_regular(if kind.is_fifo() { "a fifo" } else { "a device" }))
    }
}

/// Reads a whole configuration file; one that is larger than [`LARGEST`] is [`io::ErrorKind::FileTooLarge`].
pub fn read(path: &Utf8Path) -> io::Result<Vec<u8>> {
    let bytes = read_up_to(path, LARGEST + 1)?;
    if bytes.len() as u64 > LARGEST {
        let message = format!("it is larger than {} MiB", LARGEST >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// Reads a configuration file as UTF-8; other content is [`io::ErrorKind::InvalidData`].
pub fn read_text(path: &Utf8Path) -> io::Result<String> {
    into_text(read(path)?)
}

/// Reads a whole regular file of any size, such as a state, a log or a record of envctl.
pub fn read_whole(path: &Utf8Path) -> io::Result<Vec<u8>> {
    read_up_to(path, u64::MAX)
}

/// Reads at most `limit` bytes of a regular file. The file's size only determines how much memory is reserved, because the
/// file may grow while it is read.
fn read_up_to(path: &Utf8Path, limit: u64) -> io::Result<Vec<u8>> {
    let (file, size) = open_with_size(path.as_std_path())?;
    let mut bytes = Vec::new();
    // With some bytes to spare, the first call reads a small file and the second one finds its end.
    let expected = usize::try_from(size.min(limit)).unwrap_or(usize::MAX).saturating_add(64);
    bytes.try_reserve_exact(expected).map_err(|_| io::ErrorKind::OutOfMemory)?;
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a whole regular file as UTF-8; other content is [`io::ErrorKind::InvalidData`].
pub fn read_whole_text(path: &Utf8Path) -> io::Result<String> {
    into_text(read_whole(path)?)
}

/// Opens a folder; links are followed. Any other file is [`io::ErrorKind::NotADirectory`].
pub fn open_folder(path: &Utf8Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(File::from(openat(CWD, path.as_str(), flags, Mode::empty())?))
}

fn into_text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Returns true if there is a file at a path, no folder: a regular file, or one that [`open_regular`] refuses.
pub fn is_file_there(path: &Utf8Path) -> bool {
    path.metadata().is_ok_and(|found| !found.is_dir())
}

fn not_regular(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, not a regular file"))
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::{fs::symlink, net::UnixListener},
    };

    use rustix::fs::{FileType, mknodat};

    use super::*;

    #[test]
    fn what_is_no_regular_file_is_named_and_not_waited_for() {
        let keep = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(keep.path()).unwrap();
        mknodat(CWD, dir.join("fifo").as_str(), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let _socket = UnixListener::bind(dir.join("socket")).unwrap();
        symlink("/dev/zero", dir.join("zero")).unwrap();
        symlink("fifo", dir.join("link")).unwrap();
        for (name, what) in [
            ("fifo", "it is a fifo, not a regular file"),
            ("link", "it is a fifo, not a regular file"),
            ("socket", "it is a socket or a device, not a regular file"),
            ("zero", "it is a device, not a regular file"),
        ] {
            for error in [read(&dir.join(name)).unwrap_err(), read_whole(&dir.join(name)).unwrap_err()] {
                assert_eq!((error.kind(), error.to_string()), (io::ErrorKind::InvalidInput, what.to_owned()));
            }
            let error = open_folder(&dir.join(name)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotADirectory, "{name}");
            assert!(is_file_there(&dir.join(name)));
        }
        assert_eq!(read(dir).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        assert_eq!(read(&dir.join("gone")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(!is_file_there(dir) && !is_file_there(&dir.join("gone")));
    }

    #[test]
    fn a_file_is_read_up_to_a_size_that_no_configuration_has() {
        let keep = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(keep.path()).unwrap();
        let (text, large) = (dir.join("text"), dir.join("large"));
        fs::write(&text, "caf\u{e9}").unwrap();
        symlink("text", dir.join("link")).unwrap();
        assert_eq!(read_text(&dir.join("link")).unwrap(), "caf\u{e9}");
        File::create(&large).unwrap().set_len(LARGEST).unwrap();
        assert_eq!(read(&large).unwrap().len() as u64, LARGEST);
        File::create(&large).unwrap().set_len(LARGEST + 1).unwrap();
        let error = read(&large).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(error.to_string(), "it is larger than 32 MiB");
        assert_eq!(read_whole(&large).unwrap().len() as u64, LARGEST + 1);
        fs::write(&text, b"caf\xe9").unwrap();
        assert_eq!(read_text(&text).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(read_whole_text(&text).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
