//! Cache of digests for content that is too large to be read in every run, keyed by the metadata of the files.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs::{File, Metadata},
    io::{self, Write as _},
    os::unix::fs::MetadataExt as _,
    sync::Mutex,
    time::{Duration, SystemTime},
};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{read_whole_text, write};
use crate::{model::hex, mutex::lock};

/// Minimum age of content before its digest is cached. The clock of a file system is coarse: content that is written twice
/// within one of its ticks has the same time of change.
const MIN_AGE: Duration = Duration::from_secs(2);

/// Digest of the metadata of files, which differs after a change of their content: device, inode, mode, size, and times of
/// modification and change.
/// The time of change cannot be set by a program, so content with a forged time of modification is read again.
#[derive(Debug, Clone, Default)]
pub struct MetadataDigest {
    hash: Sha256,
    /// Newest time of change of any of the files, since 1970.
    newest: Option<Duration>,
}

impl MetadataDigest {
    /// Returns the digest of the metadata of one file.
    pub fn from_metadata(file: &Metadata) -> Self {
        let mut metadata_digest = Self::default();
        metadata_digest.add(b"", file);
        metadata_digest
    }

    /// Adds the name and the metadata of a file.
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

    /// Returns true if the content has not changed for [`MIN_AGE`] at `now`. False for a time of change in the future, from
    /// another clock.
    fn is_old_enough(&self, now: SystemTime) -> bool {
        let newest = self.newest.map(|newest| SystemTime::UNIX_EPOCH + newest + MIN_AGE);
        newest.is_none_or(|rested| rested <= now)
    }
}

/// Digest of the content at a path, with the digest of the files' metadata when that content was read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CachedDigest {
    metadata_digest: String,
    digest: String,
}

/// Digests of content by path, kept in a cache file. Without that file, or with an invalid one, all content is read.
///
/// The cache file has a line for each digest; the last line of a path counts. When a process adds its first digest, it
/// rewrites the cache file without the paths that no longer exist; later it appends lines.
#[derive(Debug)]
pub struct DigestCache {
    /// Path of the cache file.
    file: Utf8PathBuf,
    /// Cached digests; `None` before the cache file was read.
    entries: Mutex<Option<Entries>>,
}

/// Content of the cache file, and the entries that this process has added.
#[derive(Debug, Default)]
struct Entries {
    by_path: BTreeMap<Utf8PathBuf, CachedDigest>,
    /// True if this process has rewritten the cache file and may append lines to it.
    is_rewritten: bool,
}

/// Line of the cache file as JSON.
#[derive(Debug, Serialize, Deserialize)]
struct CacheLine<'a> {
    path: Cow<'a, Utf8Path>,
    #[serde(rename = "stamp")]
    metadata_digest: Cow<'a, str>,
    digest: Cow<'a, str>,
}

impl DigestCache {
    /// Returns the cache in this file; the file is read when the first digest is requested.
    pub fn in_file(file: impl Into<Utf8PathBuf>) -> Self {
        Self { file: file.into(), entries: Mutex::default() }
    }

    /// Returns the digest of the content at a path: the cached one if the metadata is still the same, or the one that `read`
    /// computes.
    pub fn digest(
        &self,
        path: &Utf8Path,
        metadata_digest: MetadataDigest,
        read: impl FnOnce() -> io::Result<String>,
    ) -> io::Result<String> {
        self.digest_at(SystemTime::now(), path, metadata_digest, read)
    }

    fn digest_at(
        &self,
        now: SystemTime,
        path: &Utf8Path,
        metadata_digest: MetadataDigest,
        read: impl FnOnce() -> io::Result<String>,
    ) -> io::Result<String> {
        if !metadata_digest.is_old_enough(now) {
            return read();
        }
        let metadata_digest = metadata_digest.text();
        if let Some(known) = lock(&self.entries).get_or_insert_with(|| self.load()).by_path.get(path)
            && known.metadata_digest == metadata_digest
        {
            return Ok(known.digest.clone());
        }
        let digest = read()?;
        let mut entries = lock(&self.entries);
        let entries = entries.get_or_insert_with(|| self.load());
        let cached = CachedDigest { metadata_digest, digest: digest.clone() };
        let added = cache_line(path, &cached);
        entries.by_path.insert(path.to_owned(), cached);
        // A cache that cannot be written only makes the next run slower.
        let _ = if entries.is_rewritten { self.append(added) } else { self.rewrite(entries) };
        Ok(digest)
    }

    fn append(&self, added: io::Result<String>) -> io::Result<()> {
        File::options().append(true).open(&self.file)?.write_all(added?.as_bytes())
    }

    fn rewrite(&self, entries: &mut Entries) -> io::Result<()> {
        entries.by_path.retain(|path, _| path.exists());
        let lines = entries.by_path.iter().map(|(path, cached)| cache_line(path, cached));
        write(&self.file, lines.collect::<io::Result<String>>()?.as_bytes())?;
        entries.is_rewritten = true;
        Ok(())
    }

    fn load(&self) -> Entries {
        let text = read_whole_text(&self.file).unwrap_or_default();
        // An incomplete line is ignored.
        let lines = text.lines().filter_map(|line| serde_json::from_str::<CacheLine<'_>>(line).ok());
        let by_path = lines
            .map(|CacheLine { path, metadata_digest, digest }| {
                (
                    path.into_owned(),
                    CachedDigest {
                        metadata_digest: metadata_digest.into_owned(),
                        digest: digest.into_owned(),
                    },
                )
            })
            .collect();
        Entries { by_path, is_rewritten: false }
    }
}

fn cache_line(path: &Utf8Path, cached: &CachedDigest) -> io::Result<String> {
    let CachedDigest { metadata_digest, digest } = cached;
    let line =
        CacheLine { path: path.into(), metadata_digest: metadata_digest.into(), digest: digest.into() };
    serde_json::to_string(&line).map(|line| line + "\n").map_err(io::Error::other)
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
            let cache = DigestCache::in_file(dir.join("cache/digests.json"));
            Self { _keep: keep, dir, cache }
        }

        /// Returns the digest of the file as of `later` seconds from now, or "read" if the content had to be read.
        fn asked(&self, cache: &DigestCache, later: u64) -> String {
            let path = self.dir.join("content");
            let metadata_digest = MetadataDigest::from_metadata(&fs::metadata(&path).unwrap());
            let now = SystemTime::now() + Duration::from_secs(later);
            let mut is_read = false;
            let digest = cache
                .digest_at(now, &path, metadata_digest, || {
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
        let next_run = DigestCache::in_file(place.cache.file.clone());
        assert_eq!(place.asked(&next_run, 10), "one");
        // Same length, and the time of modification of the old content.
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
        let nowhere = DigestCache::in_file(place.dir.join("content/x.json"));
        assert_eq!(place.asked(&nowhere, 10), "read one");
        assert_eq!(place.asked(&nowhere, 10), "one");
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let place = Place::new();
        place.asked(&place.cache, 10);
        fs::rename(place.dir.join("content"), place.dir.join("moved")).unwrap();
        let moved = place.dir.join("moved");
        let metadata_digest = MetadataDigest::from_metadata(&fs::metadata(&moved).unwrap());
        let now = SystemTime::now() + Duration::from_secs(10);
        let next_run = DigestCache::in_file(place.cache.file.clone());
        next_run.digest_at(now, &moved, metadata_digest, || Ok("x".to_owned())).unwrap();
        assert_eq!(place.cache.load().by_path.into_keys().collect::<Vec<_>>(), [moved]);
    }

    #[test]
    fn a_run_that_adds_many_digests_writes_its_file_anew_only_once() {
        let place = Place::new();
        let add = |cache: &DigestCache, name: &str| {
            let path = place.dir.join(name);
            fs::write(&path, "one").unwrap();
            let metadata_digest = MetadataDigest::from_metadata(&fs::metadata(&path).unwrap());
            let now = SystemTime::now() + Duration::from_secs(10);
            cache.digest_at(now, &path, metadata_digest, || Ok(format!("of {name}"))).unwrap();
            fs::metadata(&place.cache.file).unwrap().ino()
        };
        let first = add(&place.cache, "a");
        assert_eq!([add(&place.cache, "b"), add(&place.cache, "c"), add(&place.cache, "a")], [first; 3]);
        assert_eq!(fs::read_to_string(&place.cache.file).unwrap().lines().count(), 4);
        // Simulates another process that was killed while it wrote.
        fs::File::options().append(true).open(&place.cache.file).unwrap().write_all(b"{\"path\":\"").unwrap();

        let next_run = DigestCache::in_file(place.cache.file.clone());

        let known = next_run.load().by_path;
        let known: Vec<_> = known.iter().map(|(path, known)| (path.file_name(), &*known.digest)).collect();
        assert_eq!(known, [(Some("a"), "of a"), (Some("b"), "of b"), (Some("c"), "of c")]);
        assert_ne!(add(&next_run, "d"), first);
        assert_eq!(fs::read_to_string(&place.cache.file).unwrap().lines().count(), 4);
    }
}
