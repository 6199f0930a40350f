//! Jobs whose results lie in a folder: none is done twice, and several processes may share them.
//!
//! A job has a name and a digest of everything that its result follows from. The result is a file with a checksum, so what is
//! damaged, or of other work, is done anew. A process that does a job holds the lock of the file `NAME.lock`, which the
//! system releases when the process ends, however it ends. Processes on several machines can share a folder if its file
//! system has locks.
//!
//! Whoever can write to the folder can replace what lies there, so a result must be verified like any other proof.
//!
//! ```
//! use std::io::{self, Read, Write};
//! use verbatim_prover::jobs::{Attempt, JobError, Jobs, Kept};
//!
//! struct Answer(u8);
//!
//! impl Kept for Answer {
//!     fn write(&self, writer: &mut dyn Write) -> io::Result<()> {
//!         writer.write_all(&[self.0])
//!     }
//!
//!     fn read(reader: &mut dyn Read) -> io::Result<Self> {
//!         let mut byte = [0];
//!         reader.read_exact(&mut byte)?;
//!         Ok(Self(byte[0]))
//!     }
//! }
//!
//! let folder = tempfile::tempdir()?;
//! let jobs = Jobs::new(folder.path());
//! let digest = [7; 32];
//! let first: Attempt<Answer> = jobs.attempt("answer", digest, || Ok::<_, JobError>(Answer(42)))?;
//! assert!(matches!(first, Attempt::Done(Answer(42))));
//! let again: Attempt<Answer> = jobs.attempt("answer", digest, || -> Result<_, JobError> { unreachable!() })?;
//! assert!(matches!(again, Attempt::Done(Answer(42))));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use crate::{
    cache::{self, Identity},
    progress::{Cancel, Cancelled},
};

/// How often somebody who waits looks again.
pub const PAUSE: Duration = Duration::from_millis(200);

/// The kind of the files.
const KIND: [u8; 4] = *b"job1";

/// The folder of the jobs cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
pub struct JobError {
    /// The file or folder.
    pub path: PathBuf,
    /// The system's error.
    pub source: io::Error,
}

/// What a job leaves.
pub trait Kept: Sized {
    /// Writes it.
    ///
    /// # Errors
    /// The writer's.
    fn write(&self, writer: &mut dyn Write) -> io::Result<()>;

    /// Reads what [`write`](Self::write) wrote.
    ///
    /// # Errors
    /// The reader's, and [`io::ErrorKind::InvalidData`] if it is something else.
    fn read(reader: &mut dyn Read) -> io::Result<Self>;
}

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt<T> {
    /// It is done: now, or before.
    Done(T),
    /// Somebody else is at it.
    Elsewhere,
}

/// A folder of jobs.
#[derive(Clone, Debug)]
pub struct Jobs {
    folder: PathBuf,
}

impl Jobs {
    /// The jobs in this folder, which is made when the first of them is done.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What a job leaves, of which the result follows from what has this digest: read if it is done, else done here, unless
    /// somebody else is at it.
    ///
    /// # Errors
    /// The work's, and [`JobError`] if the folder cannot be used.
    pub fn attempt<T: Kept, E: From<JobError>>(
        &self,
        name: &str,
        digest: [u8; 32],
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<Attempt<T>, E> {
        let (path, identity) = (self.folder.join(name), Identity { kind: KIND, digest });
        if let Some(result) = read(&path, &identity) {
            return Ok(Attempt::Done(result));
        }
        let Some(lock) = self.lock(name)? else { return Ok(Attempt::Elsewhere) };
        // It may have been done between the look and the lock.
        if let Some(result) = read(&path, &identity) {
            return Ok(Attempt::Done(result));
        }
        let result = work()?;
        cache::write(&path, &identity, |writer| result.write(writer)).map_err(|source| JobError { path, source })?;
        drop(lock);
        Ok(Attempt::Done(result))
    }

    /// As [`attempt`](Self::attempt), but waits for whoever else is at it, and does it if they give up.
    ///
    /// # Errors
    /// As there, and [`Cancelled`] while it waits.
    pub fn get<T: Kept, E: From<JobError> + From<Cancelled>>(
        &self,
        name: &str,
        digest: [u8; 32],
        cancel: &Cancel,
        mut work: impl FnMut() -> Result<T, E>,
    ) -> Result<T, E> {
        loop {
            cancel.check()?;
            match self.attempt(name, digest, &mut work)? {
                Attempt::Done(result) => return Ok(result),
                Attempt::Elsewhere => thread::sleep(PAUSE),
            }
        }
    }

    /// The lock of a job, if nobody has it. Its file stays: who removed it could take the lock of somebody who has just
    /// opened it.
    fn lock(&self, name: &str) -> Result<Option<File>, JobError> {
        let path = self.folder.join(format!("{name}.lock"));
        let lock = || {
            fs::create_dir_all(&self.folder)?;
            let file = File::create(&path)?;
            match file.try_lock() {
                Ok(()) => Ok(Some(file)),
                Err(TryLockError::WouldBlock) => Ok(None),
                Err(TryLockError::Error(error)) => Err(error),
            }
        };
        lock().map_err(|source| JobError { path: path.clone(), source })
    }
}

/// A result that is there, whole, and of this identity.
fn read<T: Kept>(path: &Path, identity: &Identity) -> Option<T> {
    let mut payload = cache::open(path, identity)?;
    match T::read(&mut payload) {
        Ok(result) if payload.limit() == 0 => Some(result),
        Ok(_) => None,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "ignoring the result of a job");
            None
        }
    }
}
