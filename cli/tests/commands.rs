//! The command line as its users meet it: what it prints, and its exit codes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata").join(name)
}

/// Runs `verbatim` with these arguments in a folder, which is its cache as well.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_verbatim"));
    command.args(arguments).current_dir(folder).env("XDG_CACHE_HOME", folder.join("cache"));
    command.output().expect("the command line runs")
}

/// What it prints if it ends with this exit code: standard output, and standard error.
fn ends(code: i32, folder: &Path, arguments: &[&str]) -> [String; 2] {
    let output = run(folder, arguments);
    let texts = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8(bytes.clone()).expect("text"));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {texts:?}");
    assert!(!texts[1].contains("panicked"), "{arguments:?}: {}", texts[1]);
    texts
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let [output, _] = ends(0, folder, &[arguments, &["--json"]].concat());
    serde_json::from_str(&output).expect("one JSON document")
}

#[test]
fn help_names_every_command_and_every_command_has_help() {
    let folder = tempfile::tempdir().unwrap();
    let [help, _] = ends(0, folder.path(), &["--help"]);
    let commands =
        ["execute", "check", "prove", "aggregate", "verify", "export-verifier", "stats", "audit", "vk", "setup"];
    for command in commands {
        assert!(help.contains(&format!("  {command} ")), "{command}");
        let [help, _] = ends(0, folder.path(), &[command, "--help"]);
        assert!(help.contains("Usage: verbatim ") && help.contains("--help"), "{command}");
    }
    // Without a command it says what there is, and that this was no command.
    let [_, help] = ends(2, folder.path(), &[]);
    assert!(help.contains("Usage:"), "{help}");
    ends(2, folder.path(), &["provee"]);
}

#[test]
fn input_that_is_bad_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let block = testdata("empty").display().to_string();
    fs::create_dir(path.join("full")).unwrap();
    fs::write(path.join("full/file"), "x").unwrap();
    fs::write(path.join("garbage"), "{}").unwrap();
    fs::create_dir(path.join("block")).unwrap();
    fs::write(path.join("block/block.rlp"), [0xf9, 0xff]).unwrap();
    fs::write(path.join("block/witness.json"), "{}").unwrap();
    let bad: [(&[&str], &str); 12] = [
        (&["execute", "nowhere"], "nowhere"),
        (&["check", "nowhere"], "nowhere"),
        (&["prove", "nowhere"], "nowhere"),
        (&["prove", "block"], "block"),
        (&["prove", &block, "-o", "full"], "full"),
        (&["verify", "nowhere"], "nowhere"),
        (&["verify", "full"], "full"),
        (&["verify", "full", "--onchain"], "verbatim aggregate"),
        (&["verify", "garbage"], "garbage"),
        (&["aggregate", "nowhere"], "nowhere"),
        (&["aggregate", "full", "-o", "garbage"], "garbage"),
        (&["prove", &block, "--srs", "garbage"], "garbage"),
    ];
    for (arguments, named) in bad {
        let [output, error] = ends(2, path, arguments);
        assert_eq!(output, "", "{arguments:?}");
        let message = error.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
        assert!(message.contains(named), "{arguments:?}: {error}");
    }
}

/// What was done before the interrupt is not done again.
#[test]
#[cfg(unix)]
fn work_that_is_interrupted_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let block = testdata("empty").display().to_string();
    let prove = ["prove", &block, "-o", "proof", "--work", "jobs"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_verbatim"));
    command.args(prove).current_dir(path).env("XDG_CACHE_HOME", path.join("cache")).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let first = path.join("jobs/commit-000000");
    while !first.exists() && child.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(20));
    }
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!path.join("proof").exists());
    let kept = fs::read(&first).unwrap();
    json(path, &prove);
    assert_eq!(fs::read(&first).unwrap(), kept);
}

/// Halo2 would take the degree of the last circuit from it.
#[test]
fn the_environment_does_not_change_the_last_key() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_verbatim"));
    let output = command.args(["vk", "--keys"]).current_dir(folder.path()).env("MAX_DEGREE", "3").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("error: the environment variable MAX_DEGREE is set"), "{error}");
}

#[test]
fn a_block_is_executed_checked_proven_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (block, other) = (testdata("empty").display().to_string(), testdata("second-light").display().to_string());
    assert!(json(path, &["execute", &other]).is_object());
    assert!(json(path, &["check", &block]).is_object());

    let prove = ["prove", &block, "-o", "proof", "--work", "jobs"];
    let report = json(path, &prove);
    let shards = report["shards"].as_array().expect("shards").len();
    assert!(shards > 0 && report["steps"] == 0 && report["steps_proven"] == 0, "{report}");
    // The folder is taken, and the jobs are there: another folder has the same proof at once.
    ends(2, path, &prove);
    assert_eq!(json(path, &["prove", &block, "-o", "again", "--work", "jobs"])["shards"], report["shards"]);
    let shard = "shards/shard-000000.proof";
    let proof = fs::read(path.join("proof").join(shard)).unwrap();
    assert_eq!(fs::read(path.join("again").join(shard)).unwrap(), proof);

    let valid = json(path, &["verify", "proof", "--block", &block]);
    assert!(valid["valid"] == true && valid["shards"] == shards, "{valid}");
    assert_eq!(json(path, &["verify", "proof"])["valid"], true);
    let [refused, _] = ends(1, path, &["verify", "proof", "--block", &other]);
    assert!(refused.starts_with("INVALID: "), "{refused}");
    // The last byte of a proof is of an element of the field or of a point: with another bit it is another.
    let mut tampered = proof.clone();
    *tampered.iter_mut().nth_back(5).unwrap() ^= 1;
    fs::write(path.join("proof").join(shard), tampered).unwrap();
    let [refused, _] = ends(1, path, &["verify", "proof"]);
    assert!(refused.starts_with("INVALID: shard 0 "), "{refused}");
    // A proof that does not hold is not aggregated.
    let [_, refused] = ends(1, path, &["aggregate", "proof"]);
    assert!(refused.contains("INVALID: "), "{refused}");
}
