//! Requests to the consensus layer (EIP-7685): deposits are read from logs (EIP-6110).

use alloy_primitives::{Address, B256, Log, b256};

/// Topic of `DepositEvent(bytes,bytes,bytes,bytes,bytes)`.
const DEPOSIT_TOPIC: B256 = b256!("0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5");

/// Length of a deposit log's data, in bytes.
const LENGTH: usize = 576;

/// Where the five fields lie in the data of a deposit log: start of the contents and length, in bytes. Before the contents of
/// each stands its length, in a word; the data begins with the five offsets of these lengths.
const FIELDS: [(usize, usize); 5] = [(192, 48), (288, 32), (352, 8), (416, 96), (544, 8)];

/// A deposit log that does not have the layout that EIP-6110 fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// The deposit requests in logs, 192 bytes each, one after another; `None` if one is malformed.
pub fn deposit_requests<'a>(contract: Address, logs: impl IntoIterator<Item = &'a Log>) -> Option<Vec<u8>> {
    let mut requests = Vec::new();
    for log in logs {
        if log.address == contract && log.topics().first() == Some(&DEPOSIT_TOPIC) {
            append(&log.data.data, &mut requests).ok()?;
        }
    }
    Some(requests)
}

fn append(data: &[u8], requests: &mut Vec<u8>) -> Result<(), Malformed> {
    if data.len() != LENGTH {
        return Err(Malformed);
    }
    for (index, (start, length)) in FIELDS.into_iter().enumerate() {
        if word(data, 32 * index)? != start - 32 || word(data, start - 32)? != length {
            return Err(Malformed);
        }
        requests.extend_from_slice(data.get(start..start + length).ok_or(Malformed)?);
    }
    Ok(())
}

/// A word of the data, as a number below 2^64.
fn word(data: &[u8], start: usize) -> Result<usize, Malformed> {
    let word = data.get(start..start + 32).ok_or(Malformed)?;
    let (high, low) = word.split_at(24);
    let low: [u8; 8] = low.try_into().map_err(|_| Malformed)?;
    match high.iter().all(|byte| *byte == 0) {
        true => usize::try_from(u64::from_be_bytes(low)).map_err(|_| Malformed),
        false => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Bytes, LogData, keccak256};

    use super::*;
    use crate::chain::MAINNET_DEPOSIT_CONTRACT;

    fn deposit() -> Vec<u8> {
        let mut data = vec![0; LENGTH];
        for (index, (start, length)) in FIELDS.into_iter().enumerate() {
            data[32 * index + 30..32 * index + 32].copy_from_slice(&((start - 32) as u16).to_be_bytes());
            data[start - 1] = length as u8;
            data[start..start + length].fill(index as u8 + 1);
        }
        data
    }

    fn log(data: Vec<u8>) -> Log {
        Log { address: MAINNET_DEPOSIT_CONTRACT, data: LogData::new_unchecked(vec![DEPOSIT_TOPIC], Bytes::from(data)) }
    }

    #[test]
    fn reads_deposits() {
        assert_eq!(DEPOSIT_TOPIC, keccak256("DepositEvent(bytes,bytes,bytes,bytes,bytes)"));
        let requests = deposit_requests(MAINNET_DEPOSIT_CONTRACT, [&log(deposit()), &log(deposit())]).unwrap();
        assert_eq!(requests.len(), 2 * 192);
        assert_eq!((requests[0], requests[48], requests[80], requests[88], requests[191]), (1, 2, 3, 4, 5));
        assert_eq!(deposit_requests(Address::ZERO, [&log(deposit())]), Some(Vec::new()));
    }

    #[test]
    fn rejects_other_layouts() {
        let mut offset = deposit();
        offset[31] ^= 1;
        let mut length = deposit();
        length[191] ^= 1;
        let mut short = deposit();
        short.pop();
        for data in [offset, length, short] {
            assert_eq!(deposit_requests(MAINNET_DEPOSIT_CONTRACT, [&log(data)]), None);
        }
    }
}
