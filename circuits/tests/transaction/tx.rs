//! The transactions of a small block for tests.

use ruint::aliases::U256;
use verbatim_circuits::bus::PublicTransactionNative;
use verbatim_circuits::state::EMPTY_CODE;
use verbatim_circuits::transaction::Outcome;

/// A word of two limbs.
pub(crate) fn word(hi: u128, lo: u128) -> U256 {
    U256::from(hi) << 128 | U256::from(lo)
}

/// An account of a test: its number is in both limbs of the address.
pub(crate) fn address(number: u128) -> U256 {
    word(number, number << 100 | 7)
}

/// A code of a test.
pub(crate) fn code(number: u128) -> U256 {
    word(0xc0de, number)
}

/// How the call of a transaction goes.
#[derive(Clone, Debug)]
pub(crate) struct Fate {
    /// Whether the call succeeds.
    pub(crate) success: bool,
    /// What becomes of what a creation returns.
    pub(crate) deposit: Outcome,
    pub(crate) gas: i64,
    /// Ticks that it takes.
    pub(crate) ticks: u64,
    /// Writes beyond the transfer.
    pub(crate) writes: u64,
    pub(crate) refund: u64,
    pub(crate) logs: u64,
    /// The return data.
    pub(crate) returned: (u64, u64),
}

/// A transaction of a test.
#[derive(Clone, Debug)]
pub(crate) struct Tx {
    pub(crate) public: PublicTransactionNative,
    /// Whether it is a key; address and key.
    pub(crate) access: Vec<(bool, U256, U256)>,
    /// The places of entries that the verifier calls absent.
    pub(crate) absent: Vec<u64>,
    pub(crate) input: Vec<U256>,
    /// The first opcode of the code that runs.
    pub(crate) first: u8,
    /// The name of a creation's input.
    pub(crate) init: U256,
    /// The code that a creation returns: its hash and its first opcode.
    pub(crate) deposited: (U256, u8),
    /// The account that the sender's code names, if it is a delegation.
    pub(crate) delegate: Option<U256>,
    pub(crate) outcome: Fate,
}

/// A transaction from account 1 to account 2 that uses 40,000 of 100,000 gas at price 10, of which 2 are the tip.
pub(crate) fn plain() -> Tx {
    let (gas_limit, price, value) = (100_000, U256::from(10), U256::ZERO);
    let charge = U256::from(gas_limit) * price;
    let public = PublicTransactionNative {
        index: 0,
        system: false,
        create: false,
        sender: address(1),
        to: address(2),
        nonce: 0,
        value,
        gas_limit,
        gas: 79_000,
        floor: 0,
        charge,
        upfront: charge,
        price,
        tip: U256::from(2),
        input_length: 0,
        accesses: 0,
    };
    let outcome = Fate {
        success: true,
        deposit: Outcome::Stored,
        gas: 60_000,
        ticks: 20,
        writes: 0,
        refund: 0,
        logs: 0,
        returned: (0, 0),
    };
    Tx {
        public,
        access: Vec::new(),
        absent: Vec::new(),
        input: Vec::new(),
        first: 0x60,
        init: U256::ZERO,
        deposited: (EMPTY_CODE, 0),
        delegate: None,
        outcome,
    }
}

impl Tx {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        let public = &mut self.public;
        public.accesses = self.access.len() as u64;
        if public.system {
            (public.charge, public.price, public.tip, public.floor) = (U256::ZERO, U256::ZERO, U256::ZERO, 0);
            (public.sender, public.gas) = (word(0xffff_ffff, u128::MAX - 1), public.gas_limit);
        }
        public.upfront = public.charge + public.value;
        self
    }
}
