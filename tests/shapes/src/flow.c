/* How the tag reaches the argument. */
#include "shape.h"

#ifdef spilled /* shape: the tag lives across other calls */
OPAQUE void use(ULONG count)
{
    ULONG tag = TAG('S', 'p', 'i', 'l');
    HIDE(tag);
    for (ULONG i = 0; i < count; i++) DbgPrint("x %u\n", i);
    ExFreePool(Result);
    Result = ExAllocatePoolWithTag(0, count, tag);
}
#define BODY use(Unknown)
#endif

#ifdef spilled_to_stack /* shape: the tag is stored to the stack and read again */
OPAQUE void use(ULONG count)
{
    volatile ULONG tag = TAG('S', 'p', 's', 't');
    DbgPrint("y %u\n", count);
    Result = ExAllocatePoolWithTag(0, count, tag);
}
#define BODY use(Unknown)
#endif

#ifdef two_tags /* shape: a ternary: cmov, csel, csinc */
OPAQUE void use(ULONG which, SIZE_T size)
{
    Result = ExAllocatePoolWithTag(0, size, which ? TAG('T', 'w', 'o', 'A') : TAG('T', 'w', 'o', 'B'));
    Result = ExAllocatePoolWithTag(0, size, which > 7 ? TAG('a', 'T', 'w', 'n') : TAG('b', 'T', 'w', 'n'));
}
#define BODY use(Unknown, Unknown)
#endif

#ifdef two_tags_far /* shape: a ternary of two unlike tags */
OPAQUE void use(ULONG which, SIZE_T size)
{
    Result = ExAllocatePoolWithTag(0, size, which ? TAG('F', 'a', 'r', 'A') : TAG('n', 'e', 'x', '7'));
}
#define BODY use(Unknown, Unknown)
#endif

#ifdef two_tags_mask /* shape: the choice is a mask, sbb on x86 */
OPAQUE void use(ULONG which, SIZE_T size)
{
    ULONG mask;
#if defined(__i386__) || defined(__x86_64__)
    __asm__("negl %1\n\tsbbl %0, %0" : "=&r"(mask), "+r"(which)::"cc");
#else
    __asm__("cmp %w1, #0\n\tcsetm %w0, ne" : "=&r"(mask) : "r"(which) : "cc");
#endif
    mask &= TAG('M', 's', 'k', 'B') - TAG('M', 's', 'k', 'A');
    HIDE(mask);
    mask += TAG('M', 's', 'k', 'A');
    HIDE(mask);
    Result = ExAllocatePoolWithTag(0, size, mask);
}
#define BODY use(Unknown, Unknown)
#endif

#ifdef tag_switch /* shape: compares, no table | compiles -fno-jump-tables */
OPAQUE void use(ULONG which, SIZE_T size)
{
    ULONG tag;
    switch (which) {
    case 1: tag = TAG('S', 'w', 'i', '1'); DbgPrint("1"); break;
    case 5: tag = TAG('S', 'w', 'i', '2'); DbgPrint("5"); break;
    case 900: tag = TAG('S', 'w', 'i', '3'); DbgPrint("900"); break;
    default: tag = TAG('S', 'w', 'i', '0'); break;
    }
    Result = ExAllocatePoolWithTag(0, size, tag);
}
#define BODY use(Unknown, Unknown)
#endif

#ifdef tag_jump_table /* shape: the cases are reached through a table of addresses */
OPAQUE void use(ULONG which, SIZE_T size)
{
    switch (which) {
    case 0: Result = ExAllocatePoolWithTag(0, size, TAG('J', 't', 'b', '0')); break;
    case 1: DbgPrint("1"); Result = ExAllocatePoolWithTag(1, size, TAG('J', 't', 'b', '1')); break;
    case 2: ExFreePool(Result); Result = ExAllocatePoolWithTag(0, size + 1, TAG('J', 't', 'b', '2')); break;
    case 3: DbgPrint("3"); Result = ExAllocatePoolWithTag(0, size + 2, TAG('J', 't', 'b', '3')); break;
    case 4: Result = ExAllocatePoolWithTag(1, 4 * size, TAG('J', 't', 'b', '4')); DbgPrint("4"); break;
    case 5: Result = ExAllocatePoolWithTag(1, 5 * size, TAG('J', 't', 'b', '5')); ExFreePool(Result); break;
    }
}
#define BODY use(Unknown, Unknown)
#endif

#ifdef loop /* shape */
OPAQUE void use(ULONG count)
{
    for (ULONG i = 0; i < count; i++) {
        Result = ExAllocatePoolWithTag(0, i, TAG('L', 'o', 'o', 'p'));
        if (!Result) break;
    }
}
#define BODY use(Unknown)
#endif

#ifdef loop_changes_tag /* shape: the first round has one tag, later rounds another */
OPAQUE void use(ULONG count)
{
    ULONG tag = TAG('L', 'c', 'h', '1');
    do {
        Result = ExAllocatePoolWithTag(0, count, tag);
        tag = TAG('L', 'c', 'h', '2');
        HIDE(tag);
    } while (--count);
}
#define BODY use(Unknown)
#endif

#ifdef protected_bit /* shape: the old PROTECTED_POOL flag in bit 31 */
OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, TAG('P', 'r', 't', 'c') | 0x80000000u); }
#define BODY use(Unknown)
#endif

#ifdef three_chars /* shape: 'kaL' leaves the last byte NUL */
OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, TAG('L', 'a', 'k', 0)); }
#define BODY use(Unknown)
#endif

#ifdef space_padded /* shape */
OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, TAG('S', 'p', 'c', ' ')); }
#define BODY use(Unknown)
#endif

#ifdef binary_tag /* shape: not printable at all */
OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, 0x01676371); }
#define BODY use(Unknown)
#endif

#ifdef byte_swapped /* shape: the author forgot that the compiler reverses: pawS is what allocates */
OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, TAG('p', 'a', 'w', 'S')); }
#define BODY use(Unknown)
#endif

#ifdef swapped_at_run_time /* shape: bswap / rev of a constant */
OPAQUE void use(SIZE_T size)
{
    ULONG tag = TAG('n', 'u', 'r', 'B');
    HIDE(tag);
    tag = __builtin_bswap32(tag);
    Result = ExAllocatePoolWithTag(0, size, tag);
}
#define BODY use(Unknown)
#endif

#ifdef built_by_or /* shape: two halves put together */
OPAQUE void use(SIZE_T size)
{
    ULONG tag = TAG(0, 0, 'O', 'r');
    HIDE(tag);
    tag |= TAG('B', 'y', 0, 0);
    HIDE(tag);
    Result = ExAllocatePoolWithTag(0, size, tag);
}
#define BODY use(Unknown)
#endif

#ifdef built_by_arithmetic /* shape: a base plus a constant, minus another, exclusive-or */
OPAQUE void use(SIZE_T size)
{
    ULONG tag = TAG('A', 'r', 'i', '0');
    HIDE(tag);
    tag += 3u << 24;
    HIDE(tag);
    Result = ExAllocatePoolWithTag(0, size, tag);
    tag = TAG('A', 'r', 'j', '5') ^ 0x5a5a5a5a;
    HIDE(tag);
    tag ^= 0x5a5a5a5a;
    Result = ExAllocatePoolWithTag(0, size, tag);
}
#define BODY use(Unknown)
#endif

#ifdef built_by_lea /* shape: lea reg,[reg+distance] makes the second tag from the first */
OPAQUE void use(SIZE_T size)
{
    ULONG_PTR tag = TAG('L', 'e', 'a', '1'), second;
    HIDE(tag);
    Result = ExAllocatePoolWithTag(0, size, (ULONG)tag);
#if defined(__i386__)
    __asm__ volatile("leal 0x01000000(%1), %0" : "=r"(second) : "r"(tag));
#elif defined(__x86_64__)
    __asm__ volatile("leaq 0x01000000(%1), %0" : "=r"(second) : "r"(tag));
#else
    __asm__ volatile("add %0, %1, %2" : "=r"(second) : "r"(tag), "r"((ULONG_PTR)0x01000000));
#endif
    Result = ExAllocatePoolWithTag(0, size, (ULONG)second);
}
#define BODY use(Unknown)
#endif

#ifdef literal_pool /* shape: ldr w2,=tag | arm64 only */
OPAQUE void use(SIZE_T size)
{
    ULONG tag;
    __asm__ volatile("ldr %w0, 1f\n b 2f\n1: .word 0x3174694c\n2:" : "=r"(tag));
    Result = ExAllocatePoolWithTag(0, size, tag);
}
#define BODY use(Unknown)
#endif

#ifdef add_zero_moves /* shape: moved by `add w2, w21, #0`, as MSVC writes it | arm64 only */
OPAQUE void use(SIZE_T size)
{
    ULONG tag = TAG('A', 'd', 'd', '0'), moved;
    HIDE(tag);
    __asm__ volatile("add %w0, %w1, #0" : "=r"(moved) : "r"(tag));
    Result = ExAllocatePoolWithTag(0, size, moved);
}
#define BODY use(Unknown)
#endif

#ifdef constant_in_rdata /* shape: the tag is read from a constant that nothing writes */
const volatile ULONG Constant = TAG('C', 'o', 'r', 'd');
OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, Constant); }
#define BODY use(Unknown)
#endif

#ifdef both_branches /* shape: two calls, one tag each, joined afterwards */
OPAQUE void use(ULONG which, SIZE_T size)
{
    PVOID block;
    if (which & 1) block = ExAllocatePoolWithTag(0, size, TAG('B', 'r', 'a', 'X'));
    else block = ExAllocatePoolWithQuotaTag(1, size, TAG('B', 'r', 'a', 'Y'));
    Result = block;
}
#define BODY use(Unknown, Unknown)
#endif

#ifdef tag_or_unknown /* shape: one path brings a constant, the other a value from outside */
OPAQUE void use(ULONG which, SIZE_T size)
{
    ULONG tag = Unknown;
    if (which) tag = TAG('O', 'r', 'u', 'n');
    HIDE(tag);
    Result = ExAllocatePoolWithTag(0, size, tag);
}
#define BODY use(Unknown, Unknown)
#endif

#ifdef overwritten /* shape: the constant is lost before the call */
OPAQUE void use(SIZE_T size)
{
    ULONG tag = TAG('O', 'v', 'e', 'r');
    HIDE(tag);
    Sink = tag;
    tag = Unknown;
    HIDE(tag);
    Result = ExAllocatePoolWithTag(0, size, tag);
}
#define BODY use(Unknown)
#endif

#ifdef bitmask_immediate /* shape: a repeating pattern: one orr of a bitmask on ARM64 */
OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, TAG('3', '3', '3', '3')); }
#define BODY use(Unknown)
#endif

#ifdef two_letters /* shape: half of the tag is zero: one instruction on ARM64 */
OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, TAG('a', 'b', 0, 0)); }
#define BODY use(Unknown)
#endif

#ifdef family_of_unknowns /* shape: the last letter is computed at run time, as in DC_0 to DC_9 */
OPAQUE void use(ULONG number)
{
    ULONG tag = TAG('D', 'C', '_', '0') + (number << 24);
    HIDE(tag);
    Result = ExAllocatePoolWithTag(0, 64, tag);
}
#define BODY use(Unknown)
#endif

#include "entry.h"
