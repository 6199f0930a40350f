//! Bundles whose jobs are kept in a folder: stopped and taken up again, damaged, and shared.

mod common;

use std::{
    fs::{self, File},
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use common::Fixture;
use verbatim_prover::{
    Fr, G1Affine, Params, ProvingKey,
    backend::{Backend, BackendError, Cpu, Seed},
    bundle::{ProveError, ProvenBundle, Prover},
    challenge::{Challenges, statement_digest},
    jobs::{Attempt, JobError, Jobs, PAUSE},
    progress::{Cancel, Progress, Stage},
    shard::ShardError,
};

/// The processor, and how often it was asked for each round.
#[derive(Debug, Default)]
struct Counting {
    commits: AtomicUsize,
    proofs: AtomicUsize,
}

impl Counting {
    /// How often each round was asked for since the last look.
    fn take(&self) -> [usize; 2] {
        [&self.commits, &self.proofs].map(|count| count.swap(0, Ordering::Relaxed))
    }
}

impl Backend for Counting {
    fn commit(
        &self,
        params: &Params,
        key: &ProvingKey,
        columns: Vec<Vec<Fr>>,
        usable_rows: usize,
        seed: Seed,
    ) -> Vec<G1Affine> {
        self.commits.fetch_add(1, Ordering::Relaxed);
        Cpu.commit(params, key, columns, usable_rows, seed)
    }

    fn prove(
        &self,
        params: &Params,
        key: &ProvingKey,
        advice: Vec<Vec<Fr>>,
        bus_sum: Fr,
        challenges: &Challenges<Fr>,
        seed: Seed,
    ) -> Result<Vec<u8>, BackendError> {
        self.proofs.fetch_add(1, Ordering::Relaxed);
        Cpu.prove(params, key, advice, bus_sum, challenges, seed)
    }
}

/// Stops the work after some shards.
struct StopAfter {
    left: AtomicUsize,
    cancel: Cancel,
}

impl Progress for StopAfter {
    fn advanced(&self, _: Stage) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.cancel.cancel();
        }
    }
}

fn prove(fixture: &Fixture, folder: &Path, backend: &Counting) -> Result<ProvenBundle, ProveError> {
    let prover = Prover::new().backend(backend).jobs(Jobs::new(folder));
    prover.prove(fixture.statement(), &fixture.jobs())
}

#[test]
fn work_that_was_stopped_goes_on_where_it_was() {
    let (fixture, backend) = (Fixture::new(3), Counting::default());
    // Three shards, two rounds.
    for shards in 1..6 {
        let folder = tempfile::tempdir().unwrap();
        let stop = StopAfter { left: shards.into(), cancel: Cancel::new() };
        let prover = Prover::new().backend(&backend).jobs(Jobs::new(folder.path()));
        let prover = prover.progress(&stop).cancel(stop.cancel.clone());
        let stopped = prover.prove(fixture.statement(), &fixture.jobs());
        assert!(matches!(stopped, Err(ProveError::Cancelled(_))));
        assert_eq!(backend.take().iter().sum::<usize>(), shards);
        let proven = prove(&fixture, folder.path(), &backend).unwrap();
        assert_eq!(backend.take().iter().sum::<usize>(), 6 - shards);
        fixture.verify(&proven.bundle).unwrap();
        assert!(proven.costs.iter().all(|cost| !cost.commit.wall.is_zero() && !cost.prove.wall.is_zero()));
        // Everything is there now.
        let again = prove(&fixture, folder.path(), &backend).unwrap();
        assert_eq!(again.bundle, proven.bundle);
        assert_eq!(backend.take(), [0, 0]);
    }
}

#[test]
fn what_is_damaged_or_of_other_work_is_done_anew() {
    let (fixture, backend) = (Fixture::new(3), Counting::default());
    let folder = tempfile::tempdir().unwrap();
    let first = prove(&fixture, folder.path(), &backend).unwrap();
    assert_eq!(backend.take(), [3, 3]);

    let path = folder.path().join("prove-000001");
    let good = fs::read(&path).unwrap();
    for (place, length) in [(good.len() / 2, good.len()), (0, good.len()), (0, good.len() - 1), (0, 0)] {
        let mut bad = good.clone();
        bad[place] ^= 1;
        fs::write(&path, &bad[..length]).unwrap();
        fixture.verify(&prove(&fixture, folder.path(), &backend).unwrap().bundle).unwrap();
        assert_eq!(backend.take(), [0, 1], "{place} {length}");
    }

    // Another commitment changes the challenges, and so every proof.
    fs::remove_file(folder.path().join("commit-000000")).unwrap();
    let other = prove(&fixture, folder.path(), &backend).unwrap();
    assert_eq!(backend.take(), [1, 3]);
    assert_ne!(other.challenges, first.challenges);
    fixture.verify(&other.bundle).unwrap();

    let prover = Prover::new().backend(&backend).jobs(Jobs::new(folder.path()));
    prover.prove(statement_digest(b"another"), &fixture.jobs()).unwrap();
    assert_eq!(backend.take(), [3, 3]);
    prover.seed([9; 32]).prove(statement_digest(b"another"), &fixture.jobs()).unwrap();
    assert_eq!(backend.take(), [3, 3]);
}

/// The same statement with another witness, as another version of whatever fills it would make.
#[test]
fn commitments_to_another_witness_are_found() {
    let (fixture, backend) = (Fixture::new(3), Counting::default());
    let folder = tempfile::tempdir().unwrap();
    prove(&fixture, folder.path(), &backend).unwrap();
    fs::remove_file(folder.path().join("prove-000000")).unwrap();
    let refused = prove(&Fixture::new(4), folder.path(), &backend);
    let Err(ProveError::Shard { shard: 0, source, .. }) = refused else { panic!("not refused: {refused:?}") };
    assert!(matches!(*source, ShardError::ColumnsChanged), "{source}");
}

#[test]
fn several_share_the_work() {
    let (fixture, backend) = (Fixture::new(3), Counting::default());
    let folder = tempfile::tempdir().unwrap();
    let bundles: Vec<_> = thread::scope(|scope| {
        let provers: Vec<_> = (0..3).map(|_| scope.spawn(|| prove(&fixture, folder.path(), &backend))).collect();
        provers.into_iter().map(|prover| prover.join().unwrap().unwrap().bundle).collect()
    });
    assert_eq!(backend.take(), [3, 3]);
    fixture.verify(&bundles[0]).unwrap();
    assert!(bundles.iter().all(|bundle| *bundle == bundles[0]));
}

#[test]
fn who_waits_goes_on_when_the_other_gives_up() {
    let (fixture, backend) = (Fixture::new(3), Counting::default());
    let folder = tempfile::tempdir().unwrap();
    let other = File::create(folder.path().join("commit-000001.lock")).unwrap();
    other.lock().unwrap();
    thread::scope(|scope| {
        let prover = scope.spawn(|| prove(&fixture, folder.path(), &backend).unwrap());
        while backend.commits.load(Ordering::Relaxed) < 2 {
            thread::sleep(PAUSE / 4);
        }
        // It has done what it could: no proof before all commitments are there.
        thread::sleep(2 * PAUSE);
        assert_eq!(backend.take(), [2, 0]);
        other.unlock().unwrap();
        fixture.verify(&prover.join().unwrap().bundle).unwrap();
    });
    assert_eq!(backend.take(), [1, 3]);
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let (fixture, backend) = (Fixture::new(3), Counting::default());
    let file = tempfile::NamedTempFile::new().unwrap();
    let folder = file.path().join("jobs");
    let refused = prove(&fixture, &folder, &backend).expect_err("a file is no folder");
    assert!(matches!(&refused, ProveError::Jobs(JobError { path, .. }) if path.starts_with(&folder)), "{refused}");
    assert!(refused.to_string().starts_with(&folder.display().to_string()));
}

#[test]
fn a_job_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (jobs, cancel) = (Jobs::new(folder.path()), Cancel::new());
    let stopped = jobs.get("job", [1; 32], &cancel, || Err::<Text, _>(ProveError::Empty));
    assert!(matches!(stopped, Err(ProveError::Empty)));
    let done = jobs.get("job", [1; 32], &cancel, || Ok::<_, ProveError>(Text("done".into()))).unwrap();
    let again = jobs.attempt("job", [1; 32], || -> Result<Text, JobError> { panic!("it is done") }).unwrap();
    assert_eq!(Attempt::Done(done), again);
    cancel.cancel();
    let cancelled = jobs.get("job", [1; 32], &cancel, || -> Result<Text, ProveError> { panic!("it was stopped") });
    assert!(matches!(cancelled, Err(ProveError::Cancelled(_))));
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Text(String);

impl verbatim_prover::jobs::Kept for Text {
    fn write(&self, writer: &mut dyn std::io::Write) -> std::io::Result<()> {
        writer.write_all(self.0.as_bytes())
    }

    fn read(reader: &mut dyn std::io::Read) -> std::io::Result<Self> {
        let mut text = String::new();
        reader.read_to_string(&mut text)?;
        Ok(Self(text))
    }
}
