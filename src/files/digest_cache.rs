//! Digests of content that is too large to be read in every run, remembered by what the file system says of the files.

use std::{
    collections::BTreeMap,
    fs::Metadata,
    io,
    os::unix::fs::MetadataExt as _,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{read_whole, write};
use crate::model::hex;

/// Time that content must have rested before its digest is remembered. The clock of a file system is coarse: content that is
/// written twice within one of its ticks has one time of change.
const REST: Duration = Duration::from_secs(2);

/// Metadata of files, from which a change of their content shows: device, inode, mode, size and times of modification and change.
/// A time of change cannot be set, so that content with a forged time of modification is read again.
#[derive(Debug, Clone, Default)]
pub struct ContentStamp {
    hash: Sha256,
    newest: Option<Duration>,
}

impl ContentStamp {
    /// Returns the stamp of one file.
    pub fn of(file: &Metadata) -> Self {
        let mut stamp = Self::default();
        stamp.add(b"", file);
        stamp
    }

    /// Adds a file under a name.
    pub fn add(&mut self, name: &[u8], file: &Metadata) {
        let mut part = Vec::with_capacity(name.len() + 80);
        part.extend(name.len().to_le_bytes());
        part.extend(name);
        for number in [file.dev(), file.ino(), file.mode().into(), file.size()] {
            part.extend(number.to_le_bytes());
        }
        for number in [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()] {
            part.extend(number.to_le_bytes());
        }
        self.hash.update(part);
        let seconds = u64::try_from(file.ctime()).unwrap_or_default();
        let nanoseconds = u32::try_from(file.ctime_nsec()).unwrap_or_default();
        self.newest = self.newest.max(Some(Duration::new(seconds, nanoseconds)));
    }

    fn text(self) -> String {
        hex(&self.hash.finalize())
    }

    /// Returns true if nothing changed shortly before `now`, nor after it by the clock of another machine.
    fn has_rested(&self, now: SystemTime) -> bool {
        let newest = self.newest.map(|newest| SystemTime::UNIX_EPOCH + newest + REST);
        newest.is_none_or(|rested| rested <= now)
    }
}

/// Digest that was computed of content with a stamp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    stamp: String,
    digest: String,
}

type Entries = BTreeMap<Utf8PathBuf, Remembered>;

/// Digests by path. Without its file, or with one that is no cache, all content is read.
#[derive(Debug)]
pub struct DigestCache {
    file: Utf8PathBuf,
    entries: Mutex<Option<Entries>>,
}

impl DigestCache {
    /// Returns the cache that is kept in a file; it is read on first use.
    pub fn at(file: impl Into<Utf8PathBuf>) -> Self {
        Self { file: file.into(), entries: Mutex::default() }
    }

    /// Returns the digest of the content at a path: remembered from the same stamp, or computed by `read`.
    pub fn digest(
        &self,
        path: &Utf8Path,
        stamp: ContentStamp,
        read: impl FnOnce() -> io::Result<String>,
    ) -> io::Result<String> {
        self.digest_at(SystemTime::now(), path, stamp, read)
    }

    fn digest_at(
        &self,
        now: SystemTime,
        path: &Utf8Path,
        stamp: ContentStamp,
        read: impl FnOnce() -> io::Result<String>,
    ) -> io::Result<String> {
        if !stamp.has_rested(now) {
            return read();
        }
        let stamp = stamp.text();
        if let Some(known) = self.lock().get_or_insert_with(|| self.load()).get(path)
            && known.stamp == stamp
        {
            return Ok(known.digest.clone());
        }
        let digest = read()?;
        let mut entries = self.lock();
        let entries = entries.get_or_insert_with(|| self.load());
        entries.insert(path.to_owned(), Remembered { stamp, digest: digest.clone() });
        entries.retain(|path, _| path.exists());
        // A cache that cannot be written costs time in the next run, and nothing else.
        let _ =
            serde_json::to_vec(entries).map_err(io::Error::other).and_then(|text| write(&self.file, &text));
        Ok(digest)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Entries>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn load(&self) -> Entries {
        read_whole(&self.file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Place {
        _keep: tempfile::TempDir,
        dir: Utf8PathBuf,
        cache: DigestCache,
    }

    impl Place {
        fn new() -> Self {
            let keep = tempfile::tempdir().unwrap();
            let dir = Utf8Path::from_path(keep.path()).unwrap().to_owned();
            fs::write(dir.join("content"), "one").unwrap();
            let cache = DigestCache::at(dir.join("cache/digests.json"));
            Self { _keep: keep, dir, cache }
        }

        /// The digest of the file as of so many seconds from now, or "read" where it had to be read.
        fn asked(&self, cache: &DigestCache, later: u64) -> String {
            let path = self.dir.join("content");
            let stamp = ContentStamp::of(&fs::metadata(&path).unwrap());
            let now = SystemTime::now() + Duration::from_secs(later);
            let mut is_read = false;
            let digest = cache
                .digest_at(now, &path, stamp, || {
                    is_read = true;
                    fs::read_to_string(&path)
                })
                .unwrap();
            if is_read { format!("read {digest}") } else { digest }
        }
    }

    #[test]
    fn content_is_read_once_and_then_again_when_it_changed() {
        let place = Place::new();
        assert_eq!(place.asked(&place.cache, 10), "read one");
        assert_eq!(place.asked(&place.cache, 10), "one");
        let next_run = DigestCache::at(place.cache.file.clone());
        assert_eq!(place.asked(&next_run, 10), "one");
        // Of the same length, with the time of modification that the other one had.
        let path = place.dir.join("content");
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        fs::write(&path, "two").unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(before).unwrap();
        assert_eq!(place.asked(&next_run, 10), "read two");
    }

    #[test]
    fn content_that_has_just_changed_is_not_remembered() {
        let place = Place::new();
        assert_eq!(place.asked(&place.cache, 0), "read one");
        assert_eq!(place.asked(&place.cache, 0), "read one");
    }

    #[test]
    fn a_cache_that_is_broken_or_cannot_be_written_is_none() {
        let place = Place::new();
        fs::create_dir(place.dir.join("cache")).unwrap();
        fs::write(&place.cache.file, "{").unwrap();
        assert_eq!(place.asked(&place.cache, 10), "read one");
        let nowhere = DigestCache::at(place.dir.join("content/x.json"));
        assert_eq!(place.asked(&nowhere, 10), "read one");
        assert_eq!(place.asked(&nowhere, 10), "one");
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let place = Place::new();
        place.asked(&place.cache, 10);
        fs::rename(place.dir.join("content"), place.dir.join("moved")).unwrap();
        let moved = place.dir.join("moved");
        let stamp = ContentStamp::of(&fs::metadata(&moved).unwrap());
        let now = SystemTime::now() + Duration::from_secs(10);
        place.cache.digest_at(now, &moved, stamp, || Ok("x".to_owned())).unwrap();
        assert_eq!(place.cache.load().into_keys().collect::<Vec<_>>(), [moved]);
    }
}
