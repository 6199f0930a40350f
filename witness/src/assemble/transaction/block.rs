//! The beginning and the end of the block.

use alloy_primitives::U256;
use verbatim_circuits::bus::{
    AccountNative, BlockEnd, BlockEndNative, Cursor, PublicEnvironment, PublicEnvironmentNative, PublicWithdrawal,
    PublicWithdrawalNative,
};
use verbatim_circuits::opcodes::FORK;
use verbatim_circuits::transaction::{
    AccountBefore, BlockEndEvent, EnvironmentEvent, TransactionEvent, WithdrawalEvent,
};

use super::super::accounts::{Order, add};
use super::super::state::place;
use super::super::{AssembleError, Assembler, Position, number};
use super::before;
use crate::chain::Fork;
use crate::execute::{BlockOutcome, WithdrawalTrace};
use crate::trace::BlockInfo;

/// What a block says of itself: its environment opcodes, and the fork.
fn environment(block: &BlockInfo) -> Vec<PublicEnvironmentNative> {
    let mut values = vec![
        (0x41, place(block.coinbase)),
        (0x42, U256::from(block.timestamp)),
        (0x43, U256::from(block.number)),
        (0x44, number(&block.prevrandao)),
        (0x45, U256::from(block.gas_limit)),
        (0x46, U256::from(block.chain_id)),
        (0x48, U256::from(block.base_fee)),
    ];
    if block.fork >= Fork::Cancun {
        values.push((0x4a, U256::from(block.blob_base_fee.unwrap_or_default())));
    }
    values.push((FORK as u8, U256::from(block.fork as u8)));
    values.into_iter().map(|(opcode, value)| PublicEnvironmentNative { opcode, value }).collect()
}

impl Assembler {
    /// The beginning of the block.
    pub(in crate::assemble) fn begin_block(&mut self, block: &BlockInfo) {
        self.chain.environment = environment(block);
        for public in self.chain.environment.clone() {
            self.public.send::<PublicEnvironment>(&public);
            self.transact(TransactionEvent::Environment(EnvironmentEvent { public }));
        }
        self.public.send::<Cursor>(&self.chain.cursor(self.clock));
    }

    /// The withdrawals (EIP-4895), and the end of every location. Everything is then as the block's outcome says.
    pub(in crate::assemble) fn end_block(&mut self, outcome: &BlockOutcome) -> Result<(), AssembleError> {
        let position = Position { ordinal: u32::MAX, step: 0, pc: 0 };
        self.go_to(position);
        for withdrawal in &outcome.withdrawals {
            self.withdrawal(position, withdrawal)?;
        }
        self.settle(&std::collections::BTreeMap::new());
        self.end_access_lists()?;
        self.unproven.sort_by_key(|unproven| (unproven.position.ordinal, unproven.position.step));
        let cursor = self.chain.cursor(self.clock);
        self.public.receive::<BlockEnd>(&BlockEndNative { count: cursor.index, gas: cursor.gas });
        self.transact(TransactionEvent::BlockEnd(BlockEndEvent { cursor }));
        self.state.compare(outcome)?;
        self.state.finish(&mut self.public);
        Ok(())
    }

    fn withdrawal(&mut self, position: Position, withdrawal: &WithdrawalTrace) -> Result<(), AssembleError> {
        let WithdrawalTrace { address, amount, before: record, .. } = withdrawal;
        self.state.learn_account(*address, record);
        let place = place(*address);
        self.catch_up((place, None))?;
        let (cursor, origin) = (self.chain.cursor(self.clock), self.origin());
        let missing = AssembleError::Trace { position, what: "amount of a withdrawal" };
        let wei = u128::try_from(*amount).map_err(|_| missing)?;
        let public = PublicWithdrawalNative { index: cursor.index, address: place, amount: wei };
        self.public.send::<PublicWithdrawal>(&public);
        let order = Order { position, origin, clock: cursor.clock, transaction: None, undoing: None, public: false };
        let account = self.pay(order, place, |account| add(account, *amount))?;
        self.transact(TransactionEvent::Withdrawal(WithdrawalEvent { cursor, public, account }));
        self.clock += 1;
        self.advance(0);
        Ok(())
    }

    /// Orders an access of the circuit that changes a balance, which is then shown to be in range. Answers the account
    /// before.
    pub(super) fn pay(
        &mut self,
        order: Order,
        address: U256,
        change: impl FnOnce(&mut AccountNative) -> Option<()>,
    ) -> Result<AccountBefore, AssembleError> {
        let account = self.access(order, address, change)?;
        let after = self.state.account(address).map_or(U256::ZERO, |account| account.balance);
        self.ranges(&after);
        Ok(before(&account))
    }
}
