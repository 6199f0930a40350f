//! The Solidity compiler, run by Node.js from the npm package of a version that is fixed with all it depends on.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{self, Command, Output, Stdio},
    sync::atomic::{AtomicU64, Ordering},
};

use serde_json::{Value, json};

use super::{Contract, Interface, layout::NAME};

/// The compiler's version.
pub const VERSION: &str = "0.8.37";

/// The rules that the bytecode is for: the first with `MCOPY`.
const EVM_VERSION: &str = "cancun";

/// The compiler's package, and the versions and digests of all that it needs.
const PACKAGE: [(&str, &str); 2] = [
    ("package.json", include_str!("../../contract/package.json")),
    ("package-lock.json", include_str!("../../contract/package-lock.json")),
];

/// The compiler's script in a folder with its package.
const SCRIPT: &str = "node_modules/solc/solc.js";

/// Why a contract cannot be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// Node.js or npm is not there.
    #[error("`{program}` cannot be run: {source}; install Node.js with npm, as by `apt-get install nodejs npm`")]
    Missing {
        /// The program.
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The folder for the compiler cannot be written.
    #[error("cannot write {path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// npm did not install the compiler.
    #[error("npm could not install the Solidity compiler: {0}")]
    Install(String),
    /// There is no compiler in the folder.
    #[error("{0} is not the Solidity compiler's script")]
    NotThere(PathBuf),
    /// The compiler failed, or its answer is not what its interface says.
    #[error("the Solidity compiler failed: {0}")]
    Failed(String),
    /// The compiler does not accept the source.
    #[error("the Solidity compiler refuses the contract: {0}")]
    Refused(String),
}

/// A compiler that is installed in a folder.
#[derive(Clone, Debug)]
pub struct Compiler {
    node: PathBuf,
    script: PathBuf,
}

/// A compiled contract.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What deploys the contract.
    pub bytecode: Vec<u8>,
    /// What is deployed.
    pub deployed: Vec<u8>,
    /// The interface, in the usual JSON.
    pub abi: Value,
    /// How it is called.
    pub interface: Interface,
}

impl Compiler {
    /// The compiler in a folder where `npm ci` was run.
    ///
    /// # Errors
    ///
    /// [`CompileError::NotThere`] if it was not.
    pub fn at(folder: &Path) -> Result<Self, CompileError> {
        let script = folder.join(SCRIPT);
        if script.is_file() { Ok(Self { node: "node".into(), script }) } else { Err(CompileError::NotThere(script)) }
    }

    /// Runs this program as Node.js, and not the one of the path.
    pub fn with_node(self, node: PathBuf) -> Self {
        Self { node, ..self }
    }

    /// The compiler in a folder below `cache`, where npm installs it if it is not there.
    ///
    /// # Errors
    ///
    /// [`CompileError`] if npm is not there or fails, or the folder cannot be written.
    pub fn install(cache: &Path) -> Result<Self, CompileError> {
        let folder = cache.join(format!("solc-{VERSION}"));
        if let Ok(compiler) = Self::at(&folder) {
            return Ok(compiler);
        }
        // Installed aside and then moved, so that a folder of this name is complete.
        static INSTALLED: AtomicU64 = AtomicU64::new(0);
        let number = INSTALLED.fetch_add(1, Ordering::Relaxed);
        let aside = cache.join(format!("solc-{VERSION}.{}.{number}", process::id()));
        let installed = install_in(&aside);
        let moved = installed.and_then(|()| {
            fs::rename(&aside, &folder).map_err(|source| CompileError::Folder { path: folder.clone(), source })
        });
        if moved.is_err() {
            // It is of no use, and whether it can be removed says nothing.
            let _ = fs::remove_dir_all(&aside);
        }
        // If it could not be moved because another was faster, that one is there.
        Self::at(&folder).or_else(|missing| moved.and(Err(missing)))
    }

    /// Compiles a contract.
    ///
    /// # Errors
    ///
    /// [`CompileError`] if the compiler cannot be run or does not accept the source.
    pub fn compile(&self, contract: &Contract) -> Result<Compiled, CompileError> {
        let file = format!("{NAME}.sol");
        let input = json!({
            "language": "Solidity",
            "sources": { file.as_str(): { "content": contract.source } },
            "settings": {
                "evmVersion": EVM_VERSION,
                "optimizer": { "enabled": true, "runs": 1_000_000 },
                "metadata": { "appendCBOR": false, "bytecodeHash": "none" },
                "outputSelection": { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
            },
        });
        let answer = self.run(&input)?;
        let messages = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        if let Some(error) = messages.iter().find(|message| message["severity"] == "error") {
            return Err(CompileError::Refused(error["formattedMessage"].as_str().unwrap_or_default().to_owned()));
        }
        let output = &answer["contracts"][&file][NAME];
        let code = |kind: &str| {
            let object = output["evm"][kind]["object"].as_str().unwrap_or_default();
            let code = hex::decode(object).ok().filter(|code| !code.is_empty());
            code.ok_or_else(|| CompileError::Failed(format!("it answers without {kind}")))
        };
        Ok(Compiled {
            bytecode: code("bytecode")?,
            deployed: code("deployedBytecode")?,
            abi: output["abi"].clone(),
            interface: contract.interface.clone(),
        })
    }

    /// Runs the compiler's standard JSON interface.
    fn run(&self, input: &Value) -> Result<Value, CompileError> {
        let mut child = Command::new(&self.node)
            .arg(&self.script)
            .arg("--standard-json")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| CompileError::Missing { program: self.node.clone(), source })?;
        let failed = |error: io::Error| CompileError::Failed(error.to_string());
        // The pipe is closed after the write, which ends the compiler's input.
        let written = child.stdin.take().map(|mut pipe| pipe.write_all(input.to_string().as_bytes()));
        let output = child.wait_with_output().map_err(failed)?;
        if !output.status.success() {
            return Err(CompileError::Failed(errors(&output)));
        }
        written.transpose().map_err(failed)?;
        // The script may say something before the answer.
        let start = output.stdout.iter().position(|byte| *byte == b'{').unwrap_or_default();
        serde_json::from_slice(&output.stdout[start..]).map_err(|error| CompileError::Failed(error.to_string()))
    }
}

/// Lets npm install the compiler in a new folder.
fn install_in(folder: &Path) -> Result<(), CompileError> {
    let failed = |source| CompileError::Folder { path: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(failed)?;
    for (name, text) in PACKAGE {
        fs::write(folder.join(name), text).map_err(failed)?;
    }
    let output = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder)
        .output()
        .map_err(|source| CompileError::Missing { program: "npm".into(), source })?;
    if output.status.success() { Ok(()) } else { Err(CompileError::Install(errors(&output))) }
}

/// What a program wrote to its standard error.
fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}
