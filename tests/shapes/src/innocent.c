/* The four bytes are there, and no memory is allocated with them. */
#include "shape.h"

#define ALLOCATE_OTHERWISE(tag) Result = ExAllocatePoolWithTag(0, Unknown, tag)

#ifdef compared_only /* shape: in a register */
OPAQUE ULONG use(ULONG value)
{
    ALLOCATE_OTHERWISE(TAG('C', 'm', 'o', 'k'));
    return value == TAG('C', 'm', 'p', '1') ? 5 : 9;
}
#define BODY Sink = use(Unknown)
#endif

#ifdef compared_in_memory /* shape: cmp dword [rcx], imm */
OPAQUE ULONG use(volatile ULONG *header)
{
    if (*header != TAG('C', 'm', 'p', 'm')) return 1;
    ALLOCATE_OTHERWISE(TAG('C', 'm', 'o', '2'));
    return 0;
}
#define BODY Sink = use((ULONG *)&Sink)
#endif

#ifdef compared_with_parameter /* shape: a wrapper treats one tag specially */
OPAQUE PVOID MyAlloc(SIZE_T size, ULONG tag)
{
    if (tag == TAG('C', 'm', 'p', 'p')) size += 16;
    return Result = ExAllocatePoolWithTag(0, size, tag);
}
OPAQUE void use(SIZE_T size) { MyAlloc(size, TAG('C', 'm', 'o', '3')); }
#define BODY use(Unknown)
#endif

#ifdef object_reference_tag /* shape */
OPAQUE void use(PVOID handle)
{
    PVOID object;
    ObReferenceObjectByHandleWithTag(handle, 0, 0, 0, TAG('O', 'b', 'r', 'f'), &object, 0);
    Result = object;
    ALLOCATE_OTHERWISE(TAG('O', 'b', 'o', 'k'));
}
#define BODY use(driver)
#endif

#ifdef remove_lock_tag /* shape */
OPAQUE void use(PVOID lock)
{
    IoAcquireRemoveLockEx(lock, (PVOID)(ULONG_PTR)TAG('R', 'm', 'l', 'k'), 0, 1, 32);
    IoInitializeRemoveLockEx(lock, TAG('R', 'm', 'l', 'i'), 0, 0, 32);
    ALLOCATE_OTHERWISE(TAG('R', 'm', 'o', 'k'));
}
#define BODY use(driver)
#endif

#ifdef wrong_argument /* shape: as size, as pool type, as priority */
OPAQUE void use(void)
{
    Result = ExAllocatePoolWithTag(0, TAG('q', 'S', 'i', 'z'), TAG('W', 'r', 'o', '1'));
    Result = ExAllocatePoolWithTag(TAG('7', 'K', 'y', 'p'), 8, TAG('W', 'r', 'o', '2'));
    Result = ExAllocatePoolWithTagPriority(0, 8, TAG('W', 'r', 'o', '3'), TAG('x', 'P', 'r', 'i'));
}
#define BODY use()
#endif

#ifdef left_in_register /* shape: the third argument's register holds it while a routine of two arguments is called | x64 arm64 only */
OPAQUE void use(SIZE_T size)
{
    ULONG value = TAG('L', 'f', 't', 'r');
#if defined(__x86_64__)
    __asm__ volatile("movl %0, %%r8d" : : "i"(TAG('L', 'f', 't', 'r')) : "r8");
#else
    __asm__ volatile("mov w2, #0x664c\n movk w2, #0x7274, lsl #16" : : : "x2");
#endif
    Result = ExAllocatePool(0, size);
    Sink = value;
}
#define BODY use(Unknown)
#endif

#ifdef after_the_call /* shape: stored into the new block as a signature */
OPAQUE void use(SIZE_T size)
{
    ULONG *block = ExAllocatePoolWithTag(0, size, TAG('A', 'f', 'o', 'k'));
    if (block) *(volatile ULONG *)block = TAG('A', 'f', 't', 'r');
    Result = block;
}
#define BODY use(Unknown)
#endif

#ifdef signature_field /* shape: written to a structure that no allocator sees */
struct { ULONG Signature, Count; } volatile Extension;
OPAQUE void use(void)
{
    Extension.Signature = TAG('S', 'i', 'g', 'n');
    Extension.Count = 1;
    ALLOCATE_OTHERWISE(TAG('S', 'i', 'o', 'k'));
}
#define BODY use()
#endif

#ifdef free_with_zero /* shape: tag 0 matches nothing */
OPAQUE void use(PVOID block)
{
    ExFreePoolWithTag(block, 0);
    ALLOCATE_OTHERWISE(TAG('F', 'z', 'o', 'k'));
}
#define BODY use(driver)
#endif

#ifdef in_text /* shape: a word of a message */
OPAQUE void use(void)
{
    DbgPrint("allocation with Txt1 failed\n");
    ALLOCATE_OTHERWISE(TAG('T', 'x', 'o', 'k'));
}
#define BODY use()
#endif

#ifdef in_longer_word /* shape */
OPAQUE void use(void)
{
    DbgPrint("CompleteLongWordTxt2Inside");
    ALLOCATE_OTHERWISE(TAG('L', 'w', 'o', 'k'));
}
#define BODY use()
#endif

#ifdef in_wide_text /* shape: UTF-16 */
static const WCHAR Name[] = {'\\', 'D', 'e', 'v', 'i', 'c', 'e', '\\', 'W', 'i', 'd', '1', 0};
OPAQUE void use(void)
{
    Result = (PVOID)Name;
    ALLOCATE_OTHERWISE(TAG('W', 'd', 'o', 'k'));
}
#define BODY use()
#endif

#ifdef in_data_table /* shape: numbers in a table that no allocator sees */
static const volatile ULONG Table[] = {7, TAG('T', 'a', 'b', '1'), 1, 9, TAG('T', 'a', 'b', '2'), 2};
OPAQUE void use(ULONG which)
{
    Sink = Table[which % 6];
    ALLOCATE_OTHERWISE(TAG('T', 'a', 'o', 'k'));
}
#define BODY use(Unknown)
#endif

#ifdef in_resource /* shape: bytes of a resource | links resource.res | clang only */
OPAQUE void use(void) { ALLOCATE_OTHERWISE(TAG('R', 's', 'o', 'k')); }
#define BODY use()
#endif

#ifdef printed_only /* shape: an argument of a variadic call */
OPAQUE void use(void)
{
    DbgPrint("%x %x %x\n", 1, 2, TAG('P', 'r', 'n', 't'));
    ALLOCATE_OTHERWISE(TAG('P', 'r', 'o', 'k'));
}
#define BODY use()
#endif

#ifdef other_driver_routine /* shape: third argument of a local function that allocates nothing with it */
OPAQUE ULONG compute(ULONG a, SIZE_T b, ULONG c) { return a * 31 + (ULONG)b * 17 + (c ^ Unknown); }
OPAQUE void use(SIZE_T size)
{
    Sink = compute(0, size, TAG('O', 't', 'h', 'r'));
    ALLOCATE_OTHERWISE(TAG('O', 't', 'o', 'k'));
}
#define BODY use(Unknown)
#endif

#ifdef dead_branch /* shape: between the constant and the call the function returns */
OPAQUE ULONG use(ULONG which, SIZE_T size)
{
    ULONG tag;
    if (which == 3) {
        tag = TAG('D', 'e', 'a', 'd');
        HIDE(tag);
        return tag;
    }
    tag = TAG('D', 'b', 'o', 'k');
    HIDE(tag);
    Result = ExAllocatePoolWithTag(0, size, tag);
    return 0;
}
#define BODY Sink = use(Unknown, Unknown)
#endif

#ifdef code_bytes /* shape: the end of one instruction and the start of the next | x64 only */
OPAQUE void use(void)
{
    __asm__ volatile("movl %%ecx, 0x20(%%rsp)\n movq %%rdx, %%rdx" : : : "memory"); /* 89 4c 24 20 48 89 d2 */
    ALLOCATE_OTHERWISE(TAG('C', 'b', 'o', 'k'));
}
#define BODY use()
#endif

#ifdef many_uses /* shape: text, comparison, free and allocation with one tag: the strongest counts */
OPAQUE ULONG use(ULONG value)
{
    DbgPrint("tag Many is ours\n");
    Result = ExAllocatePoolWithTag(0, value, TAG('M', 'a', 'n', 'y'));
    ExFreePoolWithTag(Result, TAG('M', 'a', 'n', 'y'));
    return value == TAG('M', 'a', 'n', 'y');
}
#define BODY Sink = use(Unknown)
#endif

#ifdef compared_with_bitmask /* shape: a repeating pattern that is only compared */
OPAQUE ULONG use(ULONG value)
{
    ALLOCATE_OTHERWISE(TAG('C', 'm', 'o', '4'));
    return value == TAG('f', 'f', 'f', 'f') ? 5 : 9;
}
#define BODY Sink = use(Unknown)
#endif

#include "entry.h"
