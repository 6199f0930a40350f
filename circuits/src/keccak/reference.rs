//! Keccak-f\[1600\] and the sponge outside of the circuit: what the chips are filled from.
//!
//! Source: FIPS 202, sections 3.2 and 4; the padding is Ethereum's, the one before FIPS 202 (`0x01 ... 0x80`).

/// Rounds of a permutation.
pub const ROUNDS: usize = 24;

/// Bytes that one permutation absorbs.
pub const RATE: usize = 136;

/// By how many bits rho rotates lane `x + 5 y`.
pub const RHO: [u32; 25] =
    [0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14];

/// What iota adds to lane 0 in each round.
pub const IOTA: [u64; ROUNDS] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808a,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808b,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008a,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000a,
    0x0000_0000_8000_808b,
    0x8000_0000_0000_008b,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800a,
    0x8000_0000_8000_000a,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];

/// A state: lane `x + 5 y` at that index, bit `z` of a lane in the place of value `2^z`.
pub type State = [u64; 25];

/// Where pi takes lane `(x, y)` of a row of chi from: lane `x + 5 y` of the state before rho and pi.
pub const fn before_pi(x: usize, y: usize) -> usize {
    (x + 3 * y) % 5 + 5 * x
}

/// What theta adds to the columns `x` of a state.
pub fn theta(state: &State) -> [u64; 5] {
    let parity: [u64; 5] = std::array::from_fn(|x| (0..5).fold(0, |sum, y| sum ^ state[x + 5 * y]));
    std::array::from_fn(|x| parity[(x + 4) % 5] ^ parity[(x + 1) % 5].rotate_left(1))
}

/// Theta itself.
pub fn add_theta(state: &State, theta: &[u64; 5]) -> State {
    std::array::from_fn(|lane| state[lane] ^ theta[lane % 5])
}

/// What follows theta in a round: rho, pi, chi, iota.
pub fn after_theta(state: &State, round: usize) -> State {
    let moved = |x: usize, y: usize| {
        let lane = before_pi(x % 5, y);
        state[lane].rotate_left(RHO[lane])
    };
    let mut next: State = std::array::from_fn(|lane| {
        let (x, y) = (lane % 5, lane / 5);
        moved(x, y) ^ (!moved(x + 1, y) & moved(x + 2, y))
    });
    next[0] ^= IOTA[round];
    next
}

/// Keccak-f\[1600\].
pub fn permute(state: &State) -> State {
    (0..ROUNDS).fold(*state, |state, round| after_theta(&add_theta(&state, &theta(&state)), round))
}

/// The blocks of a padded message: seventeen lanes each, bytes little-endian as the sponge takes them.
pub fn padded_blocks(message: &[u8]) -> Vec<[u64; RATE / 8]> {
    let mut padded = message.to_vec();
    padded.push(1);
    padded.resize(padded.len().next_multiple_of(RATE), 0);
    *padded.last_mut().expect("one byte of padding at least") |= 0x80;
    let lane = |bytes: &[u8]| bytes.iter().rev().fold(0, |lane, byte| lane << 8 | u64::from(*byte));
    padded.chunks(RATE).map(|block| std::array::from_fn(|i| lane(&block[8 * i..8 * i + 8]))).collect()
}
