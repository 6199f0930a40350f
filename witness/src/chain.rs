//! Which rules a block follows: chain id, fork, and blob parameters.

use std::path::PathBuf;

use alloy_eips::eip7840::BlobParams;
use alloy_primitives::{Address, address};
use revm::primitives::hardfork::SpecId;
use serde::Deserialize;

use crate::input::InputError;

/// Chain id of Ethereum mainnet.
pub const MAINNET_CHAIN_ID: u64 = 1;

/// Mainnet's deposit contract (EIP-6110).
pub const MAINNET_DEPOSIT_CONTRACT: Address = address!("0x00000000219ab540356cBB839Cbe05303d7705Fa");

/// Timestamps (seconds) at which mainnet's forks begin, from EIP-6953's successors (the meta EIPs of each fork).
const MAINNET_SHANGHAI: u64 = 1_681_338_455;
const MAINNET_CANCUN: u64 = 1_710_338_135;
const MAINNET_PRAGUE: u64 = 1_746_612_311;
const MAINNET_OSAKA: u64 = 1_764_798_551;
const MAINNET_BPO1: u64 = 1_765_290_071;
const MAINNET_BPO2: u64 = 1_767_747_671;

pub use verbatim_circuits::schedule::Fork;

/// revm's name of a fork.
pub const fn spec_id(fork: Fork) -> SpecId {
    match fork {
        Fork::Shanghai => SpecId::SHANGHAI,
        Fork::Cancun => SpecId::CANCUN,
        Fork::Prague => SpecId::PRAGUE,
        Fork::Osaka => SpecId::OSAKA,
    }
}

/// The blob parameters with which a fork began; `None` before Cancun. The blob-parameter-only forks (EIP-7892) that follow
/// Osaka are Osaka with other parameters.
pub const fn first_blob_params(fork: Fork) -> Option<BlobParams> {
    match fork {
        Fork::Shanghai => None,
        Fork::Cancun => Some(BlobParams::cancun()),
        Fork::Prague => Some(BlobParams::prague()),
        Fork::Osaka => Some(BlobParams::osaka()),
    }
}

/// Reads a fork's name, in any case.
///
/// # Errors
/// [`UnsupportedFork`] for any other name, Amsterdam and London among them.
pub fn fork_from_name(name: &str) -> Result<Fork, UnsupportedFork> {
    match name.to_ascii_lowercase().as_str() {
        "shanghai" => Ok(Fork::Shanghai),
        "cancun" => Ok(Fork::Cancun),
        "prague" => Ok(Fork::Prague),
        "osaka" => Ok(Fork::Osaka),
        _ => Err(UnsupportedFork::Named(name.to_owned())),
    }
}

/// The block belongs to a fork that Verbatim has no rules for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsupportedFork {
    /// A timestamp before the chain's Shanghai.
    #[error("timestamp {timestamp} lies before Shanghai, which begins at {shanghai}")]
    BeforeShanghai {
        /// The block's timestamp, in seconds.
        timestamp: u64,
        /// When Shanghai begins, in seconds.
        shanghai: u64,
    },
    /// A fork known by name only.
    #[error("fork {0:?} is not supported (supported: shanghai, cancun, prague, osaka)")]
    Named(String),
    /// The header carries fields of Amsterdam (EIP-7928, EIP-7843).
    #[error("the header has fields of Amsterdam, which is not supported")]
    Amsterdam,
}

/// How the fork of a block is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForkChoice {
    /// By the block's timestamp, with mainnet's schedule (blob-parameter-only forks included).
    Mainnet,
    /// Always this fork, with these blob parameters (`None` exactly before Cancun).
    Fixed(Fork, Option<BlobParams>),
}

/// A chain's rules as far as a block does not say them itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainSpec {
    /// Chain id (EIP-155).
    pub chain_id: u64,
    /// How the fork is chosen.
    pub forks: ForkChoice,
    /// Address whose logs are deposits (EIP-6110).
    pub deposit_contract: Address,
    /// Whether the request contracts (EIP-7002, EIP-7251) must have code, as the protocol demands from Prague on.
    /// A development chain may lack them; their calls are then left out.
    pub require_system_contracts: bool,
}

impl ChainSpec {
    /// Ethereum mainnet.
    pub const fn mainnet() -> Self {
        Self {
            chain_id: MAINNET_CHAIN_ID,
            forks: ForkChoice::Mainnet,
            deposit_contract: MAINNET_DEPOSIT_CONTRACT,
            require_system_contracts: true,
        }
    }

    /// A chain that has always been at `fork`, with the blob parameters the fork began with.
    pub const fn fixed(chain_id: u64, fork: Fork) -> Self {
        Self {
            chain_id,
            forks: ForkChoice::Fixed(fork, first_blob_params(fork)),
            deposit_contract: MAINNET_DEPOSIT_CONTRACT,
            require_system_contracts: false,
        }
    }

    /// The fork and the blob parameters of a block with this timestamp (seconds).
    ///
    /// # Errors
    /// [`UnsupportedFork::BeforeShanghai`].
    pub const fn rules_at(&self, timestamp: u64) -> Result<(Fork, Option<BlobParams>), UnsupportedFork> {
        match self.forks {
            ForkChoice::Fixed(fork, blobs) => Ok((fork, blobs)),
            ForkChoice::Mainnet if timestamp < MAINNET_SHANGHAI => {
                Err(UnsupportedFork::BeforeShanghai { timestamp, shanghai: MAINNET_SHANGHAI })
            }
            ForkChoice::Mainnet if timestamp < MAINNET_CANCUN => Ok((Fork::Shanghai, None)),
            ForkChoice::Mainnet if timestamp < MAINNET_PRAGUE => Ok((Fork::Cancun, Some(BlobParams::cancun()))),
            ForkChoice::Mainnet if timestamp < MAINNET_OSAKA => Ok((Fork::Prague, Some(BlobParams::prague()))),
            ForkChoice::Mainnet if timestamp < MAINNET_BPO1 => Ok((Fork::Osaka, Some(BlobParams::osaka()))),
            ForkChoice::Mainnet if timestamp < MAINNET_BPO2 => Ok((Fork::Osaka, Some(BlobParams::bpo1()))),
            ForkChoice::Mainnet => Ok((Fork::Osaka, Some(BlobParams::bpo2()))),
        }
    }

    /// Reads `chain.json`: `{"chainId": 31337, "fork": "osaka"}`, and optionally
    /// `"blobSchedule": {"target": 6, "max": 9, "baseFeeUpdateFraction": 5007716}`, `"depositContract": "0x.."` and
    /// `"requireSystemContracts": true`. Without `fork`, the chain id must be mainnet's and the schedule is mainnet's.
    ///
    /// # Errors
    /// [`InputError::Json`] for anything but such an object, [`InputError::UnsupportedFork`] for an unknown fork.
    pub fn from_json(bytes: &[u8]) -> Result<Self, InputError> {
        let file: ChainFile =
            serde_json::from_slice(bytes).map_err(|source| InputError::Json { what: "chain.json", source })?;
        let mut chain = match &file.fork {
            Some(name) => Self::fixed(file.chain_id, fork_from_name(name)?),
            None if file.chain_id == MAINNET_CHAIN_ID => Self::mainnet(),
            None => return Err(UnsupportedFork::Named(format!("unknown, of chain {}", file.chain_id)).into()),
        };
        if let (ForkChoice::Fixed(_, Some(blobs)), Some(schedule)) = (&mut chain.forks, file.blob_schedule) {
            if schedule.target == 0 || schedule.max < schedule.target || schedule.base_fee_update_fraction == 0 {
                return Err(InputError::BlobSchedule);
            }
            blobs.target_blob_count = u64::from(schedule.target);
            blobs.max_blob_count = u64::from(schedule.max);
            blobs.update_fraction = u128::from(schedule.base_fee_update_fraction);
        }
        chain.deposit_contract = file.deposit_contract.unwrap_or(chain.deposit_contract);
        chain.require_system_contracts = file.require_system_contracts.unwrap_or(chain.require_system_contracts);
        Ok(chain)
    }

    /// [`Self::from_json`] of a file.
    ///
    /// # Errors
    /// [`InputError::Read`] and those of [`Self::from_json`].
    pub fn from_file(path: PathBuf) -> Result<Self, InputError> {
        let bytes = std::fs::read(&path).map_err(|source| InputError::Read { path, source })?;
        Self::from_json(&bytes)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChainFile {
    chain_id: u64,
    fork: Option<String>,
    blob_schedule: Option<BlobSchedule>,
    deposit_contract: Option<Address>,
    require_system_contracts: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BlobSchedule {
    target: u32,
    max: u32,
    base_fee_update_fraction: u64,
}

#[cfg(test)]
mod tests {
    use alloy_hardforks::{EthereumHardfork, ForkCondition};

    use super::*;

    #[test]
    fn schedule_agrees_with_alloy() {
        let ours = [
            (EthereumHardfork::Shanghai, MAINNET_SHANGHAI),
            (EthereumHardfork::Cancun, MAINNET_CANCUN),
            (EthereumHardfork::Prague, MAINNET_PRAGUE),
            (EthereumHardfork::Osaka, MAINNET_OSAKA),
            (EthereumHardfork::Bpo1, MAINNET_BPO1),
            (EthereumHardfork::Bpo2, MAINNET_BPO2),
        ];
        let theirs = EthereumHardfork::mainnet();
        for (fork, timestamp) in ours {
            let found = theirs.iter().find(|(f, _)| *f == fork).map(|(_, condition)| *condition);
            assert_eq!(found, Some(ForkCondition::Timestamp(timestamp)), "{fork:?}");
        }
    }

    #[test]
    fn rules_follow_the_schedule() {
        let chain = ChainSpec::mainnet();
        assert!(matches!(chain.rules_at(MAINNET_SHANGHAI - 1), Err(UnsupportedFork::BeforeShanghai { .. })));
        assert_eq!(chain.rules_at(MAINNET_SHANGHAI), Ok((Fork::Shanghai, None)));
        assert_eq!(chain.rules_at(MAINNET_CANCUN).map(|r| r.0), Ok(Fork::Cancun));
        assert_eq!(chain.rules_at(MAINNET_OSAKA - 1), Ok((Fork::Prague, Some(BlobParams::prague()))));
        assert_eq!(chain.rules_at(MAINNET_BPO2), Ok((Fork::Osaka, Some(BlobParams::bpo2()))));
    }

    #[test]
    fn chain_files() {
        let anvil = ChainSpec::from_json(br#"{"chainId":31337,"fork":"osaka"}"#).unwrap();
        assert_eq!(anvil, ChainSpec::fixed(31337, Fork::Osaka));
        assert_eq!(ChainSpec::from_json(br#"{"chainId":1}"#).unwrap(), ChainSpec::mainnet());
        let blobs = br#"{"chainId":5,"fork":"Prague","blobSchedule":{"target":1,"max":2,"baseFeeUpdateFraction":3}}"#;
        let (_, params) = ChainSpec::from_json(blobs).unwrap().rules_at(0).unwrap();
        assert_eq!(params.map(|p| (p.target_blob_count, p.max_blob_count, p.update_fraction)), Some((1, 2, 3)));
    }

    #[test]
    fn bad_chain_files() {
        for fork in ["amsterdam", "london"] {
            let json = format!(r#"{{"chainId":31337,"fork":"{fork}"}}"#);
            let error = ChainSpec::from_json(json.as_bytes()).unwrap_err();
            assert!(matches!(error, InputError::UnsupportedFork(UnsupportedFork::Named(_))), "{error}");
        }
        assert!(matches!(ChainSpec::from_json(br#"{"chainId":7}"#), Err(InputError::UnsupportedFork(_))));
        assert!(matches!(ChainSpec::from_json(b"[]"), Err(InputError::Json { .. })));
        let zero = br#"{"chainId":5,"fork":"osaka","blobSchedule":{"target":0,"max":2,"baseFeeUpdateFraction":3}}"#;
        assert!(matches!(ChainSpec::from_json(zero), Err(InputError::BlobSchedule)));
    }
}
