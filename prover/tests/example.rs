//! The example that a rollup's node would start from.

use std::{env, path::Path, process::Command};

#[test]
fn the_example_proves_and_verifies_a_block() {
    // Examples are built with the tests, into the folder beside theirs.
    let tests = env::current_exe().expect("the path of this test");
    let profile = tests.parent().and_then(Path::parent).expect("target/PROFILE/deps/TEST");
    let example = profile.join("examples").join(format!("prove_block{}", env::consts::EXE_SUFFIX));
    let folder = tempfile::tempdir().expect("a folder");
    let proof = folder.path().join("proof");
    let block = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/second-light");
    let output = Command::new(example).args([block.as_path(), &proof]).output().expect("the example runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("is proven and verified"));
    assert!(proof.join("shards/bundle.json").is_file());
}
