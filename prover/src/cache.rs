//! Files that this crate makes and reads back: a header that says what is inside, the payload, and a checksum.
//!
//! The checksum finds accidental damage. It is no signature: whoever can write to the cache can replace its contents.

use std::{
    env, fs,
    io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use blake2b_simd::{Params as Blake2b, State};

const MAGIC: &[u8; 8] = b"VBMCACHE";
const VERSION: u32 = 1;
const HEADER: usize = 8 + 4 + 4 + 32;
const CHECKSUM: usize = 32;

/// What a file is: a kind, and a digest of everything that the contents follow from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The kind of contents.
    pub kind: [u8; 4],
    /// The digest of what the contents follow from.
    pub digest: [u8; 32],
}

impl Identity {
    fn header(&self) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(MAGIC);
        header[8..12].copy_from_slice(&VERSION.to_le_bytes());
        header[12..16].copy_from_slice(&self.kind);
        header[16..].copy_from_slice(&self.digest);
        header
    }
}

/// The cache directory by the usual rule: `$XDG_CACHE_HOME/verbatim`, else `$HOME/.cache/verbatim`. `None` if neither
/// variable is an absolute path.
pub fn default_dir() -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    base.map(|base| base.join("verbatim"))
}

/// The first 16 hexadecimal digits of a digest, for file names.
pub fn short(digest: &[u8; 32]) -> String {
    hex::encode(&digest[..8])
}

/// A 32-byte BLAKE2b state, personalised.
pub fn digest_state(person: &[u8; 16]) -> State {
    Blake2b::new().hash_length(32).personal(person).to_state()
}

/// The result of a state made by [`digest_state`].
pub fn digest_of(state: &State) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(state.finalize().as_bytes());
    digest
}

/// Writes a file whole or not at all: to a temporary name first, then renamed.
pub(crate) fn write_atomically(
    path: &Path,
    contents: impl FnOnce(&mut BufWriter<fs::File>) -> io::Result<()>,
) -> io::Result<()> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("{}-{number}.tmp", process::id()));
    let write = || {
        let mut writer = BufWriter::new(fs::File::create(&temporary)?);
        contents(&mut writer)?;
        writer.into_inner().map_err(|error| error.into_error())?.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().inspect_err(|_| drop(fs::remove_file(&temporary)))
}

/// Writes a sealed file, making its directory if need be.
pub(crate) fn write(
    path: &Path,
    identity: &Identity,
    payload: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    write_atomically(path, |file| {
        let mut writer = Hashing { inner: file, state: checksum_state() };
        writer.write_all(&identity.header())?;
        payload(&mut writer)?;
        let checksum = digest_of(&writer.state);
        writer.inner.write_all(&checksum)
    })
}

/// Like [`write`], for a cache: a failure is only logged.
pub fn store(path: &Path, identity: &Identity, payload: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
    if let Err(error) = write(path, identity, payload) {
        tracing::warn!(path = %path.display(), %error, "cannot write to the cache");
    }
}

/// Opens the payload of a sealed file. `None` if it does not exist, is of another identity, or is damaged.
pub fn open(path: &Path, identity: &Identity) -> Option<io::Take<BufReader<fs::File>>> {
    match try_open(path, identity) {
        Ok(payload) => Some(payload),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "ignoring a cache entry");
            None
        }
    }
}

fn try_open(path: &Path, identity: &Identity) -> io::Result<io::Take<BufReader<fs::File>>> {
    let damaged = |what| io::Error::new(io::ErrorKind::InvalidData, what);
    let file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    let payload = length.checked_sub((HEADER + CHECKSUM) as u64).ok_or_else(|| damaged("too short"))?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut header = [0; HEADER];
    reader.read_exact(&mut header)?;
    if header != identity.header() {
        return Err(damaged("of another kind, version or origin"));
    }
    let mut sink = Hashing { inner: io::sink(), state: checksum_state() };
    sink.state.update(&header);
    if io::copy(&mut reader.by_ref().take(payload), &mut sink)? != payload {
        return Err(damaged("too short"));
    }
    let mut checksum = [0; CHECKSUM];
    reader.read_exact(&mut checksum)?;
    if checksum != digest_of(&sink.state) {
        return Err(damaged("the checksum does not match"));
    }
    reader.seek(SeekFrom::Start(HEADER as u64))?;
    Ok(reader.take(payload))
}

fn checksum_state() -> State {
    digest_state(b"VerbatimChecksum")
}

/// Hashes what is written through it.
struct Hashing<W> {
    inner: W,
    state: State,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.state.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: Identity = Identity { kind: *b"test", digest: [7; 32] };

    #[test]
    fn a_payload_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/file");
        write(&path, &IDENTITY, |writer| writer.write_all(b"payload")).unwrap();
        let mut payload = String::new();
        open(&path, &IDENTITY).unwrap().read_to_string(&mut payload).unwrap();
        assert_eq!(payload, "payload");
        assert!(open(&path, &Identity { digest: [8; 32], ..IDENTITY }).is_none());
        assert!(open(&path, &Identity { kind: *b"else", ..IDENTITY }).is_none());
    }

    #[test]
    fn every_damaged_byte_and_length_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        write(&path, &IDENTITY, |writer| writer.write_all(b"payload")).unwrap();
        let good = fs::read(&path).unwrap();
        for index in 0..good.len() {
            let mut bad = good.clone();
            bad[index] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert!(open(&path, &IDENTITY).is_none(), "byte {index}");
            fs::write(&path, &good[..index]).unwrap();
            assert!(open(&path, &IDENTITY).is_none(), "length {index}");
        }
        fs::write(&path, [good.as_slice(), &[0]].concat()).unwrap();
        assert!(open(&path, &IDENTITY).is_none());
    }
}
