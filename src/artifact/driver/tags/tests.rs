//! One test a way on which a tag can reach a routine, and those on which it does not.

use super::*;
use crate::artifact::driver::image::Image;
use crate::artifact::driver::testing::{CODE, DATA, Driver, SLOTS, X64};
use crate::tag::{Pool, Tag};
use proptest::prelude::*;

const ALLOCATE: &str = "ExAllocatePoolWithTag";

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

/// The strongest finding for one tag, asked for alone.
fn best(driver: &Driver, text: &str) -> Option<Finding> {
    let bytes = driver.build();
    let image = Image::parse(&bytes).unwrap();
    let asked = [tag(text)];
    let found = analyse(&image, TagQuery::Only(&Wanted::new(&asked)), None);
    found.best(asked[0]).cloned()
}

/// Tags with a call site, all asked for.
fn proven(driver: &Driver) -> Vec<(String, &'static str)> {
    let bytes = driver.build();
    let image = Image::parse(&bytes).unwrap();
    let found = analyse(&image, TagQuery::All, None).findings;
    let sites = found.into_iter().filter(|f| f.grade == Grade::CallSite);
    sites
        .map(|f| (f.tag.to_string(), f.via.map_or("-", Via::name)))
        .collect()
}

/// `sub rsp,28h` / body / `add rsp,28h; ret`.
fn framed(body: X64) -> X64 {
    X64([vec![0x48, 0x83, 0xec, 0x28], body.0].concat()).raw(&[0x48, 0x83, 0xc4, 0x28, 0xc3])
}

#[test]
fn direct_call_on_x64_with_pool_and_proof() {
    // mov ecx,1 (paged); mov r8d,tag; call [slot]
    let code = X64(vec![0xb9, 1, 0, 0, 0])
        .tag(b"Leak")
        .to(&[0xff, 0x15], SLOTS)
        .raw(&[0xc3]);
    let driver = Driver::x64(&code.0, &[ALLOCATE]);
    let found = best(&driver, "Leak").unwrap();
    assert_eq!(
        (found.grade, found.via, found.pool),
        (Grade::CallSite, Some(Via::Direct), Some(Pool::Paged))
    );
    assert_eq!(found.site.unwrap().rva, CODE + 11);
    assert_eq!(found.proof, [CODE + 5, CODE + 11]);
}

#[test]
fn the_proof_is_shown_as_instructions() {
    let code = X64(vec![])
        .tag(b"Leak")
        .to(&[0xff, 0x15], SLOTS)
        .raw(&[0xc3]);
    let bytes = Driver::x64(&code.0, &[ALLOCATE]).build();
    let image = Image::parse(&bytes).unwrap();
    let found = analyse(&image, TagQuery::All, None);
    let lines = explain(&image, &found.findings[0]);
    assert_eq!(lines[0], "00001000  mov r8d,6B61654Ch");
    assert!(lines[1].contains("call"));
}

#[test]
fn direct_call_on_x86_takes_the_third_push() {
    // push tag; push 10h; push 0; call [slot]; ret
    let mut code = vec![0x68];
    code.extend(b"Leak");
    code.extend([0x6a, 0x10, 0x6a, 0, 0xff, 0x15]);
    code.extend((0x1_0000 + SLOTS).to_le_bytes());
    code.push(0xc3);
    let found = best(&Driver::x86(&code, &[ALLOCATE]), "Leak").unwrap();
    assert_eq!(
        (found.grade, found.pool),
        (Grade::CallSite, Some(Pool::NonPaged))
    );
}

#[test]
fn sixty_four_bit_flags_shift_the_tag_on_x86() {
    // push tag; push size; push 0 (flags, high); push 40h (flags, low); call
    let mut code = vec![0x68];
    code.extend(b"Two2");
    code.extend([0x6a, 0x10, 0x6a, 0, 0x6a, 0x40, 0xff, 0x15]);
    code.extend((0x1_0000 + SLOTS).to_le_bytes());
    code.push(0xc3);
    let found = best(&Driver::x86(&code, &["ExAllocatePool2"]), "Two2").unwrap();
    assert_eq!(
        (found.grade, found.pool),
        (Grade::CallSite, Some(Pool::NonPaged))
    );
}

#[test]
fn hoisted_pointer_on_x86() {
    // push esi; mov esi,[slot]; push tag; push 8; push 1; call esi; pop esi; ret
    let mut code = vec![0x56, 0x8b, 0x35];
    code.extend((0x1_0000 + SLOTS).to_le_bytes());
    code.push(0x68);
    code.extend(b"Hois");
    code.extend([0x6a, 8, 0x6a, 1, 0xff, 0xd6, 0x5e, 0xc3]);
    let found = best(&Driver::x86(&code, &[ALLOCATE]), "Hois").unwrap();
    assert_eq!(
        (found.grade, found.pool),
        (Grade::CallSite, Some(Pool::Paged))
    );
}

#[test]
fn arm64_halves_meet_in_the_argument() {
    let page = (SLOTS - CODE) >> 12;
    let words = [
        0x528c_a982,                                       // mov w2, #0x654c
        0x72ad_6c22,                                       // movk w2, #0x6b61, lsl #16
        0x9000_0008 | (page & 3) << 29 | (page >> 2) << 5, // adrp x8, page of the slot
        0xf940_0108,                                       // ldr x8, [x8]
        0xd63f_0100,                                       // blr x8
        0xd65f_03c0,                                       // ret
    ];
    let driver = Driver::arm64(&words, &[ALLOCATE]);
    assert_eq!(best(&driver, "Leak").unwrap().grade, Grade::CallSite);
    assert_eq!(proven(&driver), [("Leak".to_owned(), "direct")]);
}

#[test]
fn a_wrapper_hands_on_its_second_parameter() {
    // 0: mov r8d,edx; mov rdx,rcx; xor ecx,ecx; jmp [slot]   wrapper(size, tag)
    // 20h: sub rsp,28h; mov edx,tag; call 0; add rsp,28h; ret
    let inner = X64(vec![0x41, 0x89, 0xd0, 0x48, 0x89, 0xca, 0x31, 0xc9])
        .to(&[0xff, 0x25], SLOTS)
        .pad(0x20);
    let code = inner
        .raw(&[0x48, 0x83, 0xec, 0x28, 0xba])
        .raw(b"Wrap")
        .to(&[0xe8], CODE)
        .raw(&[0x48, 0x83, 0xc4, 0x28, 0xc3]);
    let mut driver = Driver::x64(&code.0, &[ALLOCATE]);
    driver.functions = vec![(CODE + 0x20, CODE + 0x33)];
    let found = best(&driver, "Wrap").unwrap();
    assert_eq!(
        found.via,
        Some(Via::Wrapper {
            rva: CODE,
            depth: 1
        })
    );
    assert_eq!(found.pool, Some(Pool::NonPaged));
}

#[test]
fn two_tags_can_reach_one_call() {
    // mov eax,A; mov r8d,B; test ecx,ecx; cmovz r8d,eax; call
    let body = X64(vec![0xb8])
        .raw(b"TagA")
        .tag(b"TagB")
        .raw(&[0x85, 0xc9, 0x44, 0x0f, 0x44, 0xc0])
        .to(&[0xff, 0x15], SLOTS)
        .raw(&[0xc3]);
    let tags: Vec<String> = proven(&Driver::x64(&body.0, &[ALLOCATE]))
        .into_iter()
        .map(|p| p.0)
        .collect();
    assert_eq!(tags, ["TagA", "TagB"]);
}

#[test]
fn variables_initialised_and_set_at_run_time() {
    // mov r8d,[data]; call; mov dword [data+4],tag; mov r8d,[data+4]; call
    let body = X64(vec![0x48, 0x83, 0xec, 0x28])
        .to(&[0x44, 0x8b, 0x05], DATA)
        .to(&[0xff, 0x15], SLOTS)
        // The immediate stands behind the distance: four bytes more to the end.
        .to(&[0xc7, 0x05], DATA)
        .raw(b"RunT")
        .to(&[0x44, 0x8b, 0x05], DATA + 4)
        .to(&[0xff, 0x15], SLOTS)
        .raw(&[0x48, 0x83, 0xc4, 0x28, 0xc3]);
    let mut driver = Driver::x64(&body.0, &[ALLOCATE]);
    driver.data = b"Init\0\0\0\0".to_vec();
    let expected = [("Init".to_owned(), "global"), ("RunT".to_owned(), "global")];
    assert_eq!(proven(&driver), expected);
}

#[test]
fn lookaside_lists_take_the_tag_on_the_stack() {
    // mov dword [rsp+28h],tag; call
    let body = X64(vec![0xc7, 0x44, 0x24, 0x28])
        .raw(b"Look")
        .to(&[0xff, 0x15], SLOTS)
        .raw(&[0xc3]);
    let driver = Driver::x64(&body.0, &["ExInitializePagedLookasideList"]);
    let found = best(&driver, "Look").unwrap();
    assert_eq!(
        (found.via, found.pool),
        (Some(Via::Lookaside), Some(Pool::Paged))
    );
}

#[test]
fn free_is_told_from_allocate() {
    let body = X64(vec![0xba])
        .raw(b"Free")
        .to(&[0xff, 0x15], SLOTS)
        .raw(&[0xc3]);
    let found = best(&Driver::x64(&body.0, &["ExFreePoolWithTag"]), "Free").unwrap();
    assert_eq!(found.role, Some(crate::artifact::driver::api::Role::Free));
}

#[test]
fn stubs_stand_for_the_routine() {
    // call stub; ret ... stub: jmp [slot]
    let body = framed(X64(vec![]).tag(b"Stub").to(&[0xe8], CODE + 0x20 - 4)).pad(0x20);
    let code = body.to(&[0xff, 0x25], SLOTS);
    let mut driver = Driver::x64(&code.0, &[ALLOCATE]);
    driver.functions = vec![(CODE, CODE + 0x14)];
    assert_eq!(proven(&driver), [("Stub".to_owned(), "direct")]);
}

#[test]
fn the_wrong_argument_is_an_operand() {
    // mov edx,tag (the size); mov r8d,other; call
    let body = X64(vec![0xba])
        .raw(b"Size")
        .tag(b"True")
        .to(&[0xff, 0x15], SLOTS)
        .raw(&[0xc3]);
    let driver = Driver::x64(&body.0, &[ALLOCATE]);
    assert_eq!(best(&driver, "Size").unwrap().grade, Grade::Operand);
    assert_eq!(proven(&driver), [("True".to_owned(), "direct")]);
}

#[test]
fn a_comparison_and_a_reference_tag_are_operands() {
    // cmp ecx,tag; ret
    let body = X64(vec![0x81, 0xf9]).raw(b"Cmp1").raw(&[0xc3]);
    let found = best(&Driver::x64(&body.0, &[ALLOCATE]), "Cmp1").unwrap();
    assert_eq!(found.grade, Grade::Operand);
    let body = X64(vec![0xba])
        .raw(b"ObRf")
        .to(&[0xff, 0x15], SLOTS)
        .raw(&[0xc3]);
    let found = best(&Driver::x64(&body.0, &["ObReferenceObjectWithTag"]), "ObRf").unwrap();
    assert_eq!(
        (found.grade, found.api),
        (Grade::Operand, Some("ObReferenceObjectWithTag"))
    );
}

#[test]
fn a_call_in_between_destroys_the_argument() {
    // mov r8d,tag; call [slot 1] (other routine); call [slot 0]
    let body = X64(vec![])
        .tag(b"Gone")
        .to(&[0xff, 0x15], SLOTS + 8)
        .to(&[0xff, 0x15], SLOTS)
        .raw(&[0xc3]);
    let driver = Driver::x64(&body.0, &[ALLOCATE, "KeQueryTimeIncrement"]);
    assert_eq!(proven(&driver), []);
    assert_eq!(best(&driver, "Gone").unwrap().grade, Grade::Operand);
}

#[test]
fn protected_padded_and_reversed_tags() {
    let body = X64(vec![])
        .tag(b"Lea\xeb")
        .to(&[0xff, 0x15], SLOTS)
        .raw(&[0xc3]);
    assert_eq!(
        best(&Driver::x64(&body.0, &[ALLOCATE]), "Leak")
            .unwrap()
            .grade,
        Grade::CallSite
    );
    let body = X64(vec![])
        .tag(b"Lak\0")
        .to(&[0xff, 0x15], SLOTS)
        .raw(&[0xc3]);
    let driver = Driver::x64(&body.0, &[ALLOCATE]);
    assert_eq!(best(&driver, "Lak ").unwrap().grade, Grade::CallSite);
    let bytes = driver.build();
    let image = Image::parse(&bytes).unwrap();
    let asked = [tag("\\x00kaL")];
    let found = analyse(&image, TagQuery::Only(&Wanted::new(&asked)), None);
    assert!(found.best(asked[0]).is_none());
    assert_eq!(found.reversed[0].tag, tag("Lak"));
}

#[test]
fn data_and_text() {
    let mut driver = Driver::x64(&[0xc3], &[ALLOCATE]);
    driver.data = b"\x01\0\0\0Tabl\0\0\0\0a message with Text in it\0".to_vec();
    driver.data.extend(b"\0W\0i\0d\0e\0!\0");
    assert_eq!(best(&driver, "Tabl").unwrap().grade, Grade::Data);
    assert_eq!(best(&driver, "Text").unwrap().grade, Grade::Text);
    assert_eq!(best(&driver, "Wide").unwrap().grade, Grade::Text);
    assert!(best(&driver, "Abst").is_none());
}

#[test]
fn zero_is_no_tag_and_none_is_asked_for() {
    let body = X64(vec![0x45, 0x31, 0xc0])
        .to(&[0xff, 0x15], SLOTS)
        .raw(&[0xc3]);
    let driver = Driver::x64(&body.0, &[ALLOCATE]);
    assert_eq!(proven(&driver), []);
    assert!(best(&driver, "\\x00\\x00\\x00\\x00").is_none());
    let driver = Driver::x64(&body.0, &["ExAllocatePool"]);
    assert_eq!(proven(&driver), []);
    assert_eq!(best(&driver, "None").unwrap().grade, Grade::CallSite);
}

#[test]
fn machines_whose_code_is_not_analysed_say_so() {
    let mut driver = Driver::x64(&[0; 16], &[ALLOCATE]);
    driver.machine = 0x200;
    let bytes = driver.build();
    let image = Image::parse(&bytes).unwrap();
    let found = analyse(&image, TagQuery::All, None);
    assert!(found.blind.contains(&Blind::Machine));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_code_is_analysed_without_panic(
        machine in prop::sample::select(vec![0x14c_u16, 0x8664, 0xaa64]),
        code in prop::collection::vec(any::<u8>(), 0..400),
        calls in prop::collection::vec(0usize..380, 0..4),
    ) {
        let mut driver = Driver::x64(&code, &[ALLOCATE, "ExFreePoolWithTag"]);
        driver.machine = machine;
        for at in calls {
            // A call through the slot somewhere in the noise.
            if at + 6 <= driver.code.len() {
                let to = if machine == 0x14c {
                    0x1_0000 + SLOTS
                } else {
                    SLOTS.wrapping_sub(CODE + at as u32 + 6)
                };
                driver.code[at..at + 2].copy_from_slice(&[0xff, 0x15]);
                driver.code[at + 2..at + 6].copy_from_slice(&to.to_le_bytes());
            }
        }
        let bytes = driver.build();
        let image = Image::parse(&bytes).unwrap();
        analyse(&image, TagQuery::All, Some("noise.sys"));
        let wanted = Wanted::new(&[tag("Leak")]);
        analyse(&image, TagQuery::Only(&wanted), Some("noise.sys"));
    }

    #[test]
    fn any_damage_is_parsed_without_panic(
        changes in prop::collection::vec((0usize..0x1000, any::<u8>()), 1..24),
        cut in 0usize..0x1400,
    ) {
        let code = X64(vec![]).tag(b"Leak").to(&[0xff, 0x15], SLOTS).raw(&[0xc3]);
        let mut driver = Driver::x64(&code.0, &[ALLOCATE]);
        driver.functions = vec![(CODE, CODE + 13)];
        let mut bytes = driver.build();
        for (at, value) in changes {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        bytes.truncate(bytes.len().saturating_sub(cut));
        if let Ok(image) = Image::parse(&bytes) {
            image.checksum();
            analyse(&image, TagQuery::All, None);
        }
    }
}

#[test]
fn frames_built_by_the_exception_helper_on_x86() {
    // Caller: push tag; push 8; call wrapper; ret.
    let mut code = vec![0x68];
    code.extend(b"SehW");
    code.extend([0x6a, 8, 0xe8, 0x14, 0, 0, 0, 0xc3]);
    code.resize(0x20, 0xcc);
    // Wrapper: push 10h; push table; call helper; push [ebp+0ch]; push [ebp+8]; push 0;
    // call [slot]; ret 8. The helper is somewhere else and not looked into.
    code.extend([0x6a, 0x10, 0x68]);
    code.extend((0x1_0000 + DATA).to_le_bytes());
    code.extend([
        0xe8, 0x34, 0, 0, 0, 0xff, 0x75, 0x0c, 0xff, 0x75, 0x08, 0x6a, 0, 0xff, 0x15,
    ]);
    code.extend((0x1_0000 + SLOTS).to_le_bytes());
    code.extend([0xc2, 0x08, 0]);
    code.resize(0x80, 0xcc);
    let found = best(&Driver::x86(&code, &[ALLOCATE]), "SehW").unwrap();
    let wrapper = Via::Wrapper {
        rva: CODE + 0x20,
        depth: 1,
    };
    assert_eq!((found.grade, found.via), (Grade::CallSite, Some(wrapper)));
}

#[test]
fn retpoline_helpers_call_what_rax_holds() {
    // mov r8d,tag; mov rax,[slot]; call helper; ret ... helper: lfence; jmp rax
    let code = X64(vec![])
        .tag(b"Retp")
        .to(&[0x48, 0x8b, 0x05], SLOTS)
        .to(&[0xe8], CODE + 0x20)
        .raw(&[0xc3])
        .pad(0x20)
        .raw(&[0x0f, 0xae, 0xe8, 0xff, 0xe0]);
    let driver = Driver::x64(&code.0, &[ALLOCATE]);
    assert_eq!(proven(&driver), [("Retp".to_owned(), "direct")]);
}

#[test]
fn a_call_of_something_else_while_rax_holds_the_routine_is_none() {
    // The same, but the helper returns instead.
    let code = X64(vec![])
        .tag(b"Nope")
        .to(&[0x48, 0x8b, 0x05], SLOTS)
        .to(&[0xe8], CODE + 0x20)
        .raw(&[0xc3])
        .pad(0x20)
        .raw(&[0xc3]);
    assert_eq!(proven(&Driver::x64(&code.0, &[ALLOCATE])), []);
}

#[test]
fn cases_of_a_switch_are_reached() {
    // sub rsp,28h; xor ecx,ecx; jmp rax; two cases that fall into one call.
    let code = X64(vec![0x48, 0x83, 0xec, 0x28, 0x31, 0xc9, 0xff, 0xe0])
        .tag(b"Cas1")
        .raw(&[0xeb, 0x06])
        .tag(b"Cas2")
        .to(&[0xff, 0x15], SLOTS)
        .raw(&[0x48, 0x83, 0xc4, 0x28, 0xc3]);
    let mut driver = Driver::x64(&code.0, &[ALLOCATE]);
    driver.functions = vec![(CODE, CODE + code.0.len() as u32)];
    let tags: Vec<String> = proven(&driver).into_iter().map(|p| p.0).collect();
    assert_eq!(tags, ["Cas1", "Cas2"]);
}
