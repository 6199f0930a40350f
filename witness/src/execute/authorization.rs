//! What becomes of a transaction's authorizations (EIP-7702).

use alloy_consensus::constants::KECCAK_EMPTY;
use alloy_eips::eip7702::SignedAuthorization;
use alloy_primitives::{Address, U256, map::AddressMap};
use revm::Database;

use super::{StateError, database::WitnessDb};
use crate::trace::AuthorizationTrace;

/// Refund for an authority that existed: PER_EMPTY_ACCOUNT_COST less PER_AUTH_BASE_COST.
pub(super) const REFUND_PER_AUTHORITY: i64 = 25_000 - 12_500;

/// An authority's nonce, whether it may delegate, and whether it exists, as earlier authorizations left it.
#[derive(Clone, Copy)]
struct Authority {
    nonce: u64,
    delegates_or_empty: bool,
    exists: bool,
}

/// Decides each authorization on the state before the transaction, of which only the sender's nonce has changed.
pub(super) fn resolve(
    db: &mut WitnessDb<'_>,
    chain_id: u64,
    sender: Address,
    list: &[SignedAuthorization],
) -> Result<Vec<AuthorizationTrace>, StateError> {
    let mut known: AddressMap<Authority> = AddressMap::default();
    list.iter()
        .map(|signed| {
            let mut trace = AuthorizationTrace {
                chain_id: signed.chain_id,
                address: signed.address,
                nonce: signed.nonce,
                authority: signed.recover_authority().ok(),
                applied: false,
                refunded: false,
            };
            let chain_fits = signed.chain_id.is_zero() || signed.chain_id == U256::from(chain_id);
            let Some(address) = trace.authority.filter(|_| chain_fits && signed.nonce != u64::MAX) else {
                return Ok(trace);
            };
            let authority = match known.get_mut(&address) {
                Some(authority) => authority,
                None => known.entry(address).or_insert(load(db, sender, address)?),
            };
            if authority.delegates_or_empty && authority.nonce == signed.nonce {
                trace.applied = true;
                trace.refunded = authority.exists;
                authority.nonce += 1;
                authority.exists = true;
            }
            Ok(trace)
        })
        .collect()
}

fn load(db: &mut WitnessDb<'_>, sender: Address, address: Address) -> Result<Authority, StateError> {
    let mut account = db.account(address)?;
    if address == sender {
        account.nonce = account.nonce.saturating_add(1);
    }
    let delegates_or_empty = account.code_hash == KECCAK_EMPTY || db.code_by_hash(account.code_hash)?.is_eip7702();
    Ok(Authority { nonce: account.nonce, delegates_or_empty, exists: !account.is_empty() })
}
