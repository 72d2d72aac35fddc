//! Words and their readings come from an assembler (LLVM 14), not from this decoder.
//! Besides, every modelled instruction was compared once with that assembler's own
//! disassembly over 600,000 random words.

use proptest::prelude::*;

use super::immediate::expand_bitmask;
use super::*;

/// Word and text; the instruction stands at address 0.
const ASSEMBLED: &[(u32, &str)] = &[
    (0x100091a3, "adr x3, #0x1234"),
    (0xb0000028, "adrp x8, #0x5000"),
    (0x528ca982, "mov w2, #0x654c"),
    (0x72ad6c22, "movk w2, #0x6b61, lsl #16"),
    (0x92800201, "mov x1, #0xffffffffffffffef"),
    (0xf2e24689, "movk x9, #0x1234, lsl #48"),
    (0x910083e0, "add x0, sp, #0x20"),
    (0xd10103ff, "sub sp, sp, #0x40"),
    (0x910003fd, "mov x29, sp"),
    (0x910003bf, "mov sp, x29"),
    (0x110002a2, "add w2, w21, #0"),
    (0x7100411f, "cmp w8, #0x10"),
    (0xb100047f, "cmn x3, #1"),
    (0x313ffc41, "adds w1, w2, #0xfff"),
    (0x91448d08, "add x8, x8, #0x123000"),
    (0x8b020020, "add x0, x1, x2"),
    (0x4b020c20, "sub w0, w1, w2, lsl #3"),
    (0x4b0103e0, "neg w0, w1"),
    (0xeb01001f, "cmp x0, x1"),
    (0x8b224820, "add x0, x1, w2, uxtw #2"),
    (0x8b3063ff, "add sp, sp, x16"),
    (0xcb23a3e0, "sub x0, sp, w3, sxth"),
    (0x32089c41, "orr w1, w2, #0xff00ff00"),
    (0x3204cbe2, "mov w2, #0x70707070"),
    (0x927cec41, "and x1, x2, #0xfffffffffffffff0"),
    (0x52000083, "eor w3, w4, #1"),
    (0x7201001f, "tst w0, #0x80000000"),
    (0xaa0003f3, "mov x19, x0"),
    (0x2a1f03e2, "mov w2, wzr"),
    (0x2a2103e0, "mvn w0, w1"),
    (0x0a220020, "bic w0, w1, w2"),
    (0xaa621020, "orn x0, x1, x2, lsr #4"),
    (0x4ae51c83, "eon w3, w4, w5, ror #7"),
    (0xea030041, "ands x1, x2, x3"),
    (0xea02003f, "tst x1, x2"),
    (0xf943fd08, "ldr x8, [x8, #0x7f8]"),
    (0xb9400fe2, "ldr w2, [sp, #0xc]"),
    (0x39400020, "ldrb w0, [x1]"),
    (0x79400483, "ldrh w3, [x4, #2]"),
    (0x39c00483, "ldrsb w3, [x4, #1]"),
    (0xb9801083, "ldrsw x3, [x4, #0x10]"),
    (0xf85f8020, "ldr x0, [x1, #-8]"),
    (0xf8410420, "ldr x0, [x1], #0x10"),
    (0xf85f0c20, "ldr x0, [x1, #-0x10]!"),
    (0xb8626820, "ldr w0, [x1, x2]"),
    (0xf8625820, "ldr x0, [x1, w2, uxtw #3]"),
    (0xf8627820, "ldr x0, [x1, x2, lsl #3]"),
    (0xb9001fe2, "str w2, [sp, #0x1c]"),
    (0xf81f0ffe, "str x30, [sp, #-0x10]!"),
    (0x39000c1f, "strb wzr, [x0, #3]"),
    (0x780024c5, "strh w5, [x6], #2"),
    (0xf821e81f, "str xzr, [x0, x1, sxtx]"),
    (0xa8c27bfd, "ldp x29, x30, [sp], #0x20"),
    (0xa9be7bfd, "stp x29, x30, [sp, #-0x20]!"),
    (0x29010440, "stp w0, w1, [x2, #8]"),
    (0x697f8440, "ldpsw x0, x1, [x2, #-4]"),
    (0x3dc00d00, "ldr q0, [x8, #0x30]"),
    (0x3d800be0, "str q0, [sp, #0x20]"),
    (0xad0007e0, "stp q0, q1, [sp]"),
    (0xbd000441, "str s1, [x2, #4]"),
    (0xfd400483, "ldr d3, [x4, #8]"),
    (0x18000802, "ldr w2, 0x100"),
    (0x58000202, "ldr x2, 0x40"),
    (0x9c000407, "ldr q7, 0x80"),
    (0x14000400, "b 0x1000"),
    (0x94000800, "bl 0x2000"),
    (0x54000100, "b.eq 0x20"),
    (0x54000203, "b.lo 0x40"),
    (0x34000080, "cbz w0, 0x10"),
    (0xb5000193, "cbnz x19, 0x30"),
    (0x36180100, "tbz w0, #3, 0x20"),
    (0xb7080101, "tbnz x1, #33, 0x20"),
    (0xd61f0200, "br x16"),
    (0xd63f0100, "blr x8"),
    (0xd65f03c0, "ret"),
    (0xd65f0020, "ret x1"),
    (0xd71f0a11, "braa x16, x17"),
    (0xd63f091f, "blraaz x8"),
    (0xd65f0bff, "retaa"),
    (0x1a890102, "csel w2, w8, w9, eq"),
    (0x1a82b420, "csinc w0, w1, w2, lt"),
    (0x1a9f07e0, "cset w0, ne"),
    (0x1a819420, "cinc w0, w1, hi"),
    (0xda9f53e0, "csetm x0, mi"),
    (0x5a82a020, "csinv w0, w1, w2, ge"),
    (0x5a81d420, "cneg w0, w1, gt"),
    (0xda82d420, "csneg x0, x1, x2, le"),
    (0x531d7020, "lsl w0, w1, #3"),
    (0xd360fc20, "lsr x0, x1, #32"),
    (0x131f7c20, "asr w0, w1, #31"),
    (0x53001c20, "uxtb w0, w1"),
    (0x53003c20, "uxth w0, w1"),
    (0x93407c20, "sxtw x0, w1"),
    (0x13001c20, "sxtb w0, w1"),
    (0x53042c20, "ubfx w0, w1, #4, #8"),
    (0x93410820, "sbfx x0, x1, #1, #2"),
    (0xd37d3c20, "ubfiz x0, x1, #3, #16"),
    (0x131f0420, "sbfiz w0, w1, #1, #2"),
    (0x33181c20, "bfi w0, w1, #8, #8"),
    (0xb3507c20, "bfxil x0, x1, #16, #16"),
    (0x13811420, "ror w0, w1, #5"),
    (0x93c22020, "extr x0, x1, x2, #8"),
    (0x1ac22020, "lsl w0, w1, w2"),
    (0x9ac22c20, "ror x0, x1, x2"),
    (0x1b020c20, "madd w0, w1, w2, w3"),
    (0x9b028c20, "msub x0, x1, x2, x3"),
    (0x1b027c20, "mul w0, w1, w2"),
    (0x9b02fc20, "mneg x0, x1, x2"),
    (0x5ac00820, "rev w0, w1"),
    (0xdac00c20, "rev x0, x1"),
    (0x5ac00420, "rev16 w0, w1"),
    (0xdac00820, "rev32 x0, x1"),
    (0xdac00020, "rbit x0, x1"),
    (0xd503201f, "nop"),
    (0xd503245f, "bti c"),
    (0xd503237f, "pacibsp"),
    (0xd50323ff, "autibsp"),
    (0xd43e0060, "brk #0xf003"),
    (0x00000000, "udf #0"),
];

#[test]
fn reads_what_the_assembler_wrote() {
    let differing: Vec<_> = ASSEMBLED
        .iter()
        .map(|&(word, expected)| (word, text(&decode(word), 0), expected))
        .filter(|(_, got, expected)| got != expected)
        .collect();
    assert!(differing.is_empty(), "{differing:#x?}");
}

#[test]
fn addresses_count_from_the_instruction_or_its_page() {
    let adrp = decode(0xb000_0008);
    assert_eq!(adrp.pc_relative_address(0x1_4000_1ffc), Some(0x1_4000_2000));
    let back = decode(0x97ff_ffff); // bl .-4
    assert_eq!(back.branch_target(0x1_4000_1000), Some(0x1_4000_0ffc));
    let literal = decode(0x1800_0042); // ldr w2, .+8
    assert_eq!(literal.pc_relative_address(0x1000), Some(0x1008));
}

#[test]
fn register_31_is_the_stack_pointer_or_zero_by_place() {
    let Insn::AddSubImmediate { dst, src, .. } = decode(0x9100_03fd) else {
        panic!("mov x29, sp")
    };
    assert_eq!((dst, src), (Reg::R(29), Reg::Sp));
    let Insn::LogicalRegister { dst, lhs, .. } = decode(0xaa00_03f3) else {
        panic!("mov x19, x0")
    };
    assert_eq!((dst, lhs), (Reg::R(19), Reg::Zr));
}

#[test]
fn overwritten_registers() {
    let writes = |word| decode(word).writes();
    assert_eq!(writes(0xa9be_7bfd), RegSet::of(Reg::Sp)); // stp x29, x30, [sp, #-0x20]!
    let pair = RegSet::of(Reg::R(29))
        .union(RegSet::of(LINK))
        .union(RegSet::of(Reg::Sp));
    assert_eq!(writes(0xa8c2_7bfd), pair); // ldp x29, x30, [sp], #0x20
    assert_eq!(writes(0xd63f_0100), RegSet::of(LINK)); // blr x8
    assert_eq!(writes(0xb900_1fe2), RegSet::EMPTY); // str w2, [sp, #0x1c]
    assert_eq!(writes(0xb8e2_0003), RegSet::of(Reg::R(3))); // ldaddal w2, w3, [x0]
    assert_eq!(writes(0x1e26_0001), RegSet::of(Reg::R(1))); // fmov w1, s0
    assert_eq!(writes(0x1e27_0001), RegSet::EMPTY); // fmov s1, w0
    assert_eq!(writes(0x0e0c_3c02), RegSet::of(Reg::R(2))); // mov w2, v0.s[1]
    assert_eq!(writes(0x881f_7c02), RegSet::EMPTY); // stxr wzr, w2, [x0]
    assert_eq!(writes(0x8803_7c02), RegSet::of(Reg::R(3))); // stxr w3, w2, [x0]
    assert_eq!(writes(0xd538_d092), RegSet::of(Reg::R(18))); // mrs x18, tpidr_el1
    assert_eq!(writes(0x4c9f_7800), RegSet::of(Reg::R(0))); // st1 {v0.4s}, [x0], #16
}

#[test]
fn flow_ends_where_nothing_follows() {
    assert!(decode(0xd65f_03c0).ends_flow()); // ret
    assert!(decode(0x1400_0010).ends_flow()); // b
    assert!(decode(0xd61f_0200).ends_flow()); // br x16
    assert!(decode(0xd43e_0060).ends_flow()); // brk #0xf003: fast fail
    assert!(!decode(0xd43e_0000).ends_flow()); // brk #0xf000: breakpoint
    assert!(!decode(0x9400_0010).ends_flow() && decode(0x9400_0010).is_call()); // bl
    assert!(!decode(0x5400_0060).ends_flow()); // b.eq
    assert!(decode(0).ends_flow()); // udf
}

#[test]
fn vector_constants() {
    let pattern = |word| match decode(word) {
        Insn::VectorImmediate { pattern, .. } => Some(pattern),
        _ => None,
    };
    assert_eq!(pattern(0x6f00_e400), Some(0)); // movi v0.2d, #0
    assert_eq!(pattern(0x4f02_0541), Some(0x0000_004a_0000_004a)); // movi v1.4s, #0x4a
    assert_eq!(pattern(0x6f00_0400), Some(0xffff_ffff_ffff_ffff)); // mvni v0.4s, #0
    assert_eq!(pattern(0x2f00_e420), Some(0xff)); // movi d0, #0xff
}

#[test]
fn reserved_encodings_are_not_taken_for_instructions() {
    for word in [
        0x5280_0000 | 0x20_0000 << 1, // movz w with a shift of 32
        0x3200_fc00,                  // orr w immediate whose run fills its element
        0x3240_0000,                  // orr w immediate with a 64-bit element
        0x0b20_1400,                  // add extended, shift 5
        0x6880_0000 & !0x40_0000,     // stpsw, which does not exist
        0xffff_ffff,
    ] {
        assert!(
            matches!(decode(word), Insn::Other { .. }),
            "{word:#010x}: {:?}",
            decode(word)
        );
    }
}

/// The definition from the other end: every repeating rotated run of ones, built bit by
/// bit in a text of zeros and ones, with the fields that name it.
fn every_bitmask() -> Vec<(bool, u32, u32, u64)> {
    let mut all = Vec::new();
    for (size, imms_prefix) in [
        (2_usize, 0b11_1100),
        (4, 0b11_1000),
        (8, 0b11_0000),
        (16, 0b10_0000),
        (32, 0),
        (64, 0),
    ] {
        for ones in 1..size {
            for rotation in 0..size {
                let mut element = "0".repeat(size - ones) + &"1".repeat(ones);
                for _ in 0..rotation {
                    let last = element.pop().unwrap();
                    element.insert(0, last);
                }
                let value = u64::from_str_radix(&element.repeat(64 / size), 2).unwrap();
                let imms = imms_prefix | (ones as u32 - 1);
                all.push((size == 64, rotation as u32, imms, value));
            }
        }
    }
    all
}

#[test]
fn every_bitmask_constant_is_expanded() {
    let all = every_bitmask();
    assert_eq!(all.len(), 5334, "the architecture has 5,334 such constants");
    for (n, immr, imms, value) in all {
        assert_eq!(
            expand_bitmask(n, immr, imms, Width::X),
            Some(value),
            "{n} {immr} {imms}"
        );
        let narrow = (!n).then_some(value & 0xffff_ffff);
        assert_eq!(
            expand_bitmask(n, immr, imms, Width::W),
            narrow,
            "{n} {immr} {imms}"
        );
    }
}

proptest! {
    #[test]
    fn any_word_decodes_and_prints(word: u32, pc: u64) {
        let insn = decode(word);
        prop_assert!(!text(&insn, pc).is_empty());
        let _ = (insn.writes(), insn.branch_target(pc), insn.ends_flow());
        let _ = insn.pc_relative_address(pc);
    }

    #[test]
    fn bitmasks_outside_the_list_are_refused(n: bool, immr in 0_u32..64, imms in 0_u32..64) {
        let known = every_bitmask().into_iter().map(|(n, _, imms, _)| (n, imms));
        let encodable = known.into_iter().any(|key| key == (n, imms));
        prop_assert_eq!(expand_bitmask(n, immr, imms, Width::X).is_some(), encodable);
    }

    #[test]
    fn a_word_moved_in_halves_is_whole(tag: u32, reg in 0_u32..31) {
        let halves = [
            decode(0x5280_0000 | (tag & 0xffff) << 5 | reg),
            decode(0x72a0_0000 | (tag >> 16) << 5 | reg),
        ];
        let value = halves.iter().fold(0xdead_beef_u64, |value, insn| match *insn {
            Insn::MoveWide { op: MoveWide::Zero, imm, shift, .. } => u64::from(imm) << shift,
            Insn::MoveWide { op: MoveWide::Keep, imm, shift, .. } => {
                value & !(0xffff << shift) | u64::from(imm) << shift
            }
            other => panic!("{other:?}"),
        });
        prop_assert_eq!(value, u64::from(tag));
    }
}
