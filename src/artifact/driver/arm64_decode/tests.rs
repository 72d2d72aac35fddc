//! Words and their readings come from an assembler (LLVM 14), not from this decoder.

use super::*;
