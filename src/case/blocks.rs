//! Snapshots that the companion collector took: what its lines around a block say.

use super::pools::{Head, MAX_SNAPSHOTS};
use crate::artifact::collector::{BlockStart, INSUFFICIENT_RESOURCES, block_end, block_start};
use crate::artifact::poolmon::TextBlock;
use crate::timeline::series::{Observation, Scope};

impl Head {
    /// True for a block of the collector's that has no end.
    pub(super) fn is_torn(&self) -> bool {
        self.block.is_some() && self.ended.is_none()
    }

    /// Adds what the collector knows of a snapshot: when the kernel was started, and, if it counts
    /// as many rows as were read, that none is missing.
    pub(super) fn complete(&self, observation: &mut Observation) {
        let boot = self.block.and_then(|block| block.boot);
        let boot = boot.map(|boot| boot.timestamp_millis());
        observation.facts.boot = boot.or(observation.facts.boot);
        if self.ended == Some(observation.rows.len() as u64) {
            observation.facts.scope = Scope::COMPLETE;
        }
    }
}

/// The collector's line before a snapshot. The end of the snapshot before stands there too.
pub(super) fn collector_lines(
    before: &TextBlock,
    heads: &mut [Head],
    exhausted: &mut Vec<u64>,
) -> Option<BlockStart> {
    let mut block = None;
    for line in &before.lines {
        if let (Some(end), Some(last)) = (block_end(&line.text), heads.last_mut())
            && last.block.is_some_and(|start| start.seq == end.seq)
        {
            last.ended = Some(end.rows);
        }
        let start = block_start(&line.text);
        if start.is_some_and(|s| s.status == INSUFFICIENT_RESOURCES)
            && exhausted.len() < MAX_SNAPSHOTS
        {
            exhausted.push(line.line);
        }
        block = start.or(block);
    }
    block
}

/// Rows that the collector counts in its last block.
pub(super) fn end_of(text: &TextBlock, start: BlockStart) -> Option<u64> {
    let ends = text.lines.iter().filter_map(|line| block_end(&line.text));
    ends.filter(|end| end.seq == start.seq)
        .map(|end| end.rows)
        .next_back()
}

/// What is to be said of blocks that a kill or a crash cut.
pub(super) fn note_of_torn(heads: &[Head]) -> Option<String> {
    let torn = heads.iter().filter(|head| head.is_torn()).count();
    (torn > 0).then(|| {
        format!("{torn} torn snapshots of the collector were left out: a kill or a crash cut them")
    })
}
