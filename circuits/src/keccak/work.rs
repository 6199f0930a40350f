//! What keccak has to hash, gathered by whoever fills the other circuits.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use ruint::aliases::U256;
use verbatim_gadgets::circuit::Circuit;
use verbatim_gadgets::grid::{Full, Grid, Window};
use verbatim_gadgets::machine::{ChipSet, Sheet, Workload};

use super::block::{Block, BlockEvent};
use super::lane::Lane;
use super::link::Link;
use super::permutations::Permutations;
use super::reference::{RATE, State, padded_blocks, permute};
use super::sponge_layout::{LANES, layout};
use super::tables::{self, TableChips};

verbatim_gadgets::chips! {
    /// The chips of the sponge circuit.
    pub struct SpongeChips, SpongeEvent = "keccak-sponge", layout {
        Block: Block,
        Lane: Lane,
        Link: Link,
    }
}

/// Blocks to absorb. A window is a block; the other blocks of a shard hash the empty input.
#[derive(Debug)]
pub struct Blocks {
    circuit: Arc<Circuit>,
    chips: SpongeChips,
    blocks: Vec<BlockEvent>,
}

impl Blocks {
    fn new(blocks: Vec<BlockEvent>) -> Self {
        let (circuit, chips) = SpongeChips::build();
        Self { circuit: Arc::new(circuit), chips, blocks }
    }

    /// The blocks.
    pub fn blocks(&self) -> &[BlockEvent] {
        &self.blocks
    }

    fn place(&self, origin: u64, block: &BlockEvent, grid: &mut Grid) -> Result<(), Full> {
        let event = SpongeEvent::Block(block.clone());
        grid.place(SpongeChips::index(&event), origin, |row| self.chips.fill(&event, row))?;
        let head = grid.used() - LANES;
        for lane in 0..LANES {
            for event in [SpongeEvent::Lane(()), SpongeEvent::Link(())].into_iter().take(LANES - lane) {
                grid.windows.push(Window { chip: SpongeChips::index(&event), row: head + lane, origin });
            }
        }
        Ok(())
    }
}

impl Workload for Blocks {
    fn circuit(&self) -> &Arc<Circuit> {
        &self.circuit
    }

    fn len(&self) -> usize {
        self.blocks.len()
    }

    fn size(&self) -> Option<u32> {
        None
    }

    fn chip(&self, _index: usize) -> usize {
        SpongeChips::index(&SpongeEvent::Block(empty_block()))
    }

    fn fill(&self, windows: Range<usize>, grid: &mut Grid) -> Result<(), Full> {
        for index in windows {
            self.place(index as u64, &self.blocks[index], grid)?;
        }
        let empty = empty_block();
        while self.place(u64::MAX, &empty, grid).is_ok() {}
        Ok(())
    }
}

/// The sheets of keccak's circuits.
#[derive(Debug)]
pub struct KeccakSheets {
    /// The sponge.
    pub blocks: Blocks,
    /// The permutations.
    pub permutations: Permutations,
    /// Their tables.
    pub tables: Sheet<TableChips>,
}

/// Inputs to hash.
#[derive(Clone, Debug, Default)]
pub struct KeccakWork {
    short: HashMap<Vec<u8>, U256>,
    blocks: Vec<BlockEvent>,
    states: Vec<State>,
    known: HashSet<State>,
}

/// The greatest length of a short input.
pub const SHORT_LENGTH: usize = RATE - 1;

impl KeccakWork {
    /// Nothing to hash.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes sure that a fact [`ShortHash`](crate::bus::ShortHash) for `input` is provided, and answers its digest.
    ///
    /// # Panics
    /// If `input` is longer than [`SHORT_LENGTH`].
    pub fn short(&mut self, input: &[u8]) -> U256 {
        assert!(input.len() <= SHORT_LENGTH, "a short input has up to {SHORT_LENGTH} bytes");
        if let Some(digest) = self.short.get(input) {
            return *digest;
        }
        let digest = self.absorb(input, true);
        self.short.insert(input.to_vec(), digest);
        digest
    }

    /// Receives one stream of [`HashLane`](crate::bus::HashLane) and [`HashEnd`](crate::bus::HashEnd) for `input`, of any length, and
    /// answers its digest.
    pub fn long(&mut self, input: &[u8]) -> U256 {
        self.absorb(input, false)
    }

    /// The work, circuit by circuit.
    pub fn finish(mut self) -> KeccakSheets {
        if !self.blocks.is_empty() {
            // For the blocks that nobody needs.
            self.add_state(padded_state(&[0; 25], &padded_blocks(&[])[0]));
        }
        KeccakSheets {
            blocks: Blocks::new(self.blocks),
            permutations: Permutations::new(self.states),
            tables: tables::sheet(),
        }
    }

    fn add_state(&mut self, state: State) {
        if self.known.insert(state) {
            self.states.push(state);
        }
    }

    fn absorb(&mut self, input: &[u8], short: bool) -> U256 {
        let blocks = blocks(input, short);
        for (block, padded) in blocks.iter().zip(padded_blocks(input)) {
            self.add_state(padded_state(&block.before, &padded));
        }
        let digest = blocks[0].digest;
        self.blocks.extend(blocks);
        digest
    }
}

fn padded_state(before: &State, block: &[u64; LANES]) -> State {
    std::array::from_fn(|lane| before[lane] ^ block.get(lane).unwrap_or(&0))
}

fn blocks(input: &[u8], short: bool) -> Vec<BlockEvent> {
    let mut state = [0; 25];
    let mut blocks: Vec<BlockEvent> = Vec::new();
    for (count, padded) in padded_blocks(input).iter().enumerate() {
        let before = state;
        state = permute(&padded_state(&before, padded));
        let message = input[count * RATE..input.len().min((count + 1) * RATE)].to_vec();
        let index = (count * LANES) as u64;
        blocks.push(BlockEvent { short, digest: U256::ZERO, index, before, message, after: state });
    }
    let digest = U256::from_limbs([3, 2, 1, 0].map(|lane: usize| state[lane].swap_bytes()));
    blocks.iter_mut().for_each(|block| block.digest = digest);
    blocks
}

fn empty_block() -> BlockEvent {
    blocks(&[], true).remove(0)
}
