/* The routine stands in a function of the driver that takes the tag from its callers. */
#include "shape.h"

#ifdef wrapper_first /* shape | expects MyAlloc */
OPAQUE PVOID MyAlloc(ULONG tag, SIZE_T size)
{
    PVOID block = ExAllocatePoolWithTag(0, size, tag);
    if (block) *(UCHAR *)block = 0;
    return block;
}
OPAQUE void use(SIZE_T size)
{
    Result = MyAlloc(TAG('W', 'f', '0', '1'), size);
    Result = MyAlloc(TAG('W', 'f', '0', '2'), size + 1);
}
#define BODY use(Unknown)
#endif

#ifdef wrapper_third /* shape | expects MyAlloc */
OPAQUE PVOID MyAlloc(SIZE_T size, ULONG flags, ULONG tag)
{
    PVOID block = ExAllocatePoolWithTag(flags & 1, size, tag);
    if (block) *(UCHAR *)block = 0;
    return block;
}
OPAQUE void use(SIZE_T size)
{
    Result = MyAlloc(size, 0, TAG('W', 't', '0', '1'));
    Result = MyAlloc(size, 1, TAG('W', 't', '0', '2'));
}
#define BODY use(Unknown)
#endif

#ifdef wrapper_stack /* shape: the parameter lies on the stack on x64 (seventh) | expects MyAlloc */
OPAQUE PVOID MyAlloc(ULONG a, ULONG b, ULONG c, SIZE_T size, ULONG d, ULONG e, ULONG tag)
{
    PVOID block = ExAllocatePoolWithTag(0, size + a + b + c + d + e, tag);
    if (block) *(UCHAR *)block = 0;
    return block;
}
OPAQUE void use(SIZE_T size)
{
    Result = MyAlloc(1, 2, 3, size, 4, 5, TAG('W', 's', '0', '1'));
    Result = MyAlloc(1, 2, 3, size, 4, 6, TAG('W', 's', '0', '2'));
}
#define BODY use(Unknown)
#endif

#ifdef wrapper_deep_stack /* shape: the tenth parameter, on the stack on every machine | expects MyAlloc */
OPAQUE PVOID MyAlloc(ULONG a, ULONG b, ULONG c, SIZE_T size, ULONG d, ULONG e, ULONG f, ULONG g, ULONG h, ULONG tag)
{
    PVOID block = ExAllocatePoolWithTag(0, size + a + b + c + d + e + f + g + h, tag);
    if (block) *(UCHAR *)block = 0;
    return block;
}
OPAQUE void use(SIZE_T size) { Result = MyAlloc(1, 2, 3, size, 4, 5, 6, 7, 8, TAG('W', 'd', 's', '1')); }
#define BODY use(Unknown)
#endif

#ifdef wrapper_depth2 /* shape | expects Inner Outer */
OPAQUE PVOID Inner(SIZE_T size, ULONG tag)
{
    PVOID block = ExAllocatePoolWithTag(0, size, tag);
    if (block) *(UCHAR *)block = 0;
    return block;
}
OPAQUE PVOID Outer(ULONG tag, SIZE_T count)
{
    PVOID block = Inner(count * 24, tag);
    if (!block) DbgPrint("no memory\n");
    return block;
}
OPAQUE void use(SIZE_T size)
{
    Result = Outer(TAG('W', '2', '0', '1'), size);
    Result = Outer(TAG('W', '2', '0', '2'), size);
    Result = Inner(size, TAG('W', '2', '0', '3'));
}
#define BODY use(Unknown)
#endif

#ifdef wrapper_cross_section /* shape: caller in PAGE, wrapper in INIT and .text | expects Inner Outer */
OPAQUE PVOID Inner(SIZE_T size, ULONG tag)
{
    PVOID block = ExAllocatePoolWithTag(0, size, tag);
    if (block) *(UCHAR *)block = 0;
    return block;
}
IN_SECTION("INIT") OPAQUE PVOID Outer(ULONG tag, SIZE_T count)
{
    PVOID block = Inner(count * 24, tag);
    if (!block) DbgPrint("no memory\n");
    return block;
}
IN_SECTION("PAGE") OPAQUE void use(SIZE_T size)
{
    Result = Outer(TAG('W', 'x', '0', '1'), size);
    Result = Inner(size, TAG('W', 'x', '0', '2'));
}
#define BODY use(Unknown)
#endif

#ifdef wrapper_tail /* shape: wrapper and caller end in jumps | expects MyAlloc */
OPAQUE PVOID NTAPI MyAlloc(ULONG pool, SIZE_T size, ULONG tag)
{
    Sink = pool;
#ifdef __clang__
    __attribute__((musttail))
#endif
    return ExAllocatePoolWithTag(pool | 512, size, tag);
}
OPAQUE PVOID NTAPI use(ULONG pool, SIZE_T size, ULONG unused)
{
    Sink = unused;
#ifdef __clang__
    __attribute__((musttail))
#endif
    return MyAlloc(pool, size, TAG('W', 't', 'a', 'l'));
}
#define BODY Result = use(0, Unknown, 1)
#endif

#ifdef wrapper_free /* shape: only frees | expects MyFree */
OPAQUE void MyFree(PVOID block, ULONG tag)
{
    if (block) ExFreePoolWithTag(block, tag);
    Sink = 1;
}
OPAQUE void use(PVOID block)
{
    MyFree(block, TAG('W', 'f', 'r', '1'));
    MyFree(Result, TAG('W', 'f', 'r', '2'));
}
#define BODY use(Result)
#endif

#ifdef wrapper_default_tag /* shape: zero means the wrapper's own tag | expects MyAlloc */
OPAQUE PVOID MyAlloc(SIZE_T size, ULONG tag)
{
    if (!tag) tag = TAG('W', 'd', 'e', 'f');
    return Result = ExAllocatePoolWithTag(0, size, tag);
}
OPAQUE void use(SIZE_T size)
{
    MyAlloc(size, 0);
    MyAlloc(size, TAG('W', 'g', 'i', 'v'));
}
#define BODY use(Unknown)
#endif

#ifdef wrapper_fastcall /* shape: registers on x86 too | expects MyAlloc */
OPAQUE PVOID FASTCALL MyAlloc(SIZE_T size, ULONG tag)
{
    PVOID block = ExAllocatePoolWithTag(0, size, tag);
    if (block) *(UCHAR *)block = 0;
    return block;
}
OPAQUE void use(SIZE_T size) { Result = MyAlloc(size, TAG('W', 'f', 'a', 's')); }
#define BODY use(Unknown)
#endif

#ifdef wrapper_stdcall /* shape | expects MyAlloc */
OPAQUE PVOID NTAPI MyAlloc(PVOID context, ULONG tag, SIZE_T size)
{
    PVOID block = FltAllocatePoolAlignedWithTag(context, 0, size, tag);
    if (block) *(UCHAR *)block = 0;
    return block;
}
OPAQUE void use(PVOID context)
{
    Result = MyAlloc(context, TAG('W', 's', 't', '1'), 8);
    Result = MyAlloc(context, TAG('W', 's', 't', '2'), 16);
}
#define BODY use(driver)
#endif

#ifdef wrapper_pool2 /* shape: a 64-bit flag argument before the tag | expects MyAlloc */
OPAQUE PVOID MyAlloc(SIZE_T size, ULONG tag)
{
    PVOID block = ExAllocatePool2(0x40, size, tag);
    if (block) *(UCHAR *)block = 0;
    return block;
}
OPAQUE void use(SIZE_T size) { Result = MyAlloc(size, TAG('W', 'p', 'l', '2')); }
#define BODY use(Unknown)
#endif

#ifdef wrapper_lookaside /* shape | expects MyInit */
static ULONG64 Lists[4][32];
OPAQUE void MyInit(ULONG n, ULONG size, ULONG tag)
{
    ExInitializeNPagedLookasideList(Lists[n & 3], 0, 0, 0, size, tag, 0);
    Sink = n;
}
OPAQUE void use(void)
{
    MyInit(0, 64, TAG('W', 'l', 'k', '1'));
    MyInit(1, 128, TAG('W', 'l', 'k', '2'));
}
#define BODY use()
#endif

#ifdef wrapper_two_tags_in /* shape: the caller chooses between two | expects MyAlloc */
OPAQUE PVOID MyAlloc(SIZE_T size, ULONG tag)
{
    PVOID block = ExAllocatePoolWithTag(0, size, tag);
    if (block) *(UCHAR *)block = 0;
    return block;
}
OPAQUE void use(ULONG which) { Result = MyAlloc(which, which & 4 ? TAG('W', 'c', 'h', 'A') : TAG('W', 'c', 'h', 'B')); }
#define BODY use(Unknown)
#endif

#ifdef wrapper_size_is_constant /* shape: the tag-like constant is the wrapper's size | expects MyAlloc */
OPAQUE PVOID MyAlloc(ULONG size, ULONG tag)
{
    PVOID block = ExAllocatePoolWithTag(0, size, tag);
    if (block) *(UCHAR *)block = 0;
    return block;
}
OPAQUE void use(void) { Result = MyAlloc(TAG('W', 's', 'i', 'z'), TAG('W', 's', 'o', 'k')); }
#define BODY use()
#endif

#ifdef wrapper_through_pointer /* shape: the wrapper is only called through a pointer: stays an operand | expects MyAlloc */
OPAQUE PVOID MyAlloc(SIZE_T size, ULONG tag)
{
    PVOID block = ExAllocatePoolWithTag(0, size, tag);
    if (block) *(UCHAR *)block = 0;
    return block;
}
PVOID (*volatile Method)(SIZE_T, ULONG);
OPAQUE void install(void) { Method = MyAlloc; }
OPAQUE void use(SIZE_T size) { Result = Method(size, TAG('W', 'p', 't', 'r')); }
#define BODY install(), use(Unknown)
#endif

#ifdef wrapper_recursive /* shape: the wrapper calls itself with its own parameter | expects MyAlloc */
OPAQUE PVOID MyAlloc(SIZE_T size, ULONG tag)
{
    PVOID block = ExAllocatePoolWithTag(0, size, tag);
    if (!block && size > 16) block = MyAlloc(size / 2, tag);
    Result = block;
    return block;
}
OPAQUE void use(SIZE_T size) { Result = MyAlloc(size, TAG('W', 'r', 'e', 'c')); }
#define BODY use(Unknown)
#endif

#ifdef wrapper_of_own_tag /* shape: the wrapper has a fixed tag; what callers pass is something else | expects MyAlloc */
OPAQUE PVOID MyAlloc(SIZE_T size, ULONG mark)
{
    PVOID block = ExAllocatePoolWithTag(0, size, TAG('W', 'o', 'w', 'n'));
    if (block) *(ULONG *)block = mark;
    return block;
}
OPAQUE void use(SIZE_T size) { Result = MyAlloc(size, TAG('W', 'm', 'r', 'k')); }
#define BODY use(Unknown)
#endif

#ifdef wrapper_hoisted /* shape: wrapper loads the import once and calls it in a loop | expects MyAlloc */
OPAQUE PVOID MyAlloc(ULONG tag, SIZE_T size)
{
    ALLOCATE allocate = ExAllocatePoolWithTag;
    PVOID block;
    HIDE(allocate);
    do block = allocate(0, size, tag); while (!block && (size >>= 1));
    return block;
}
OPAQUE void use(SIZE_T size) { Result = MyAlloc(TAG('W', 'h', 'o', 'i'), size); }
#define BODY use(Unknown)
#endif

#ifdef wrapper_variadic_neighbour /* shape: a cdecl call stands between the pushes on x86 | expects MyAlloc */
OPAQUE PVOID MyAlloc(SIZE_T size, ULONG tag)
{
    DbgPrint("size %u tag %x\n", (ULONG)size, tag);
    PVOID block = ExAllocatePoolWithTag(0, size, tag);
    DbgPrint("block %p\n", block);
    return block;
}
OPAQUE void use(SIZE_T size) { Result = MyAlloc(DbgPrint("%u", (ULONG)size), TAG('W', 'v', 'a', 'r')); }
#define BODY use(Unknown)
#endif

#ifdef wrapper_via_stub /* shape: callers reach the wrapper by a stub that jumps */
OPAQUE PVOID NTAPI MyAlloc(SIZE_T size, ULONG tag)
{
    PVOID block = ExAllocatePoolWithTag(0, size, tag);
    if (block) *(UCHAR *)block = 0;
    return block;
}
#if defined(__i386__)
__asm__(".text\n.globl _Stub@8\n_Stub@8: jmp _MyAlloc@8\n");
#elif defined(__x86_64__)
__asm__(".text\n.globl Stub\nStub: jmp MyAlloc\n");
#else
__asm__(".text\n.globl Stub\n.p2align 2\nStub: b MyAlloc\n");
#endif
PVOID NTAPI Stub(SIZE_T size, ULONG tag);
OPAQUE void use(SIZE_T size) { Result = Stub(size, TAG('W', 's', 't', 'b')); }
#define BODY use(Unknown)
#endif

#ifdef wrapper_thiscall /* shape: an object in ecx, the tag on the stack | x86 only | expects MyAlloc */
OPAQUE __attribute__((thiscall)) PVOID MyAlloc(PVOID self, ULONG tag, SIZE_T size)
{
    PVOID block = ExAllocatePoolWithTag(0, size, tag);
    *(PVOID volatile *)self = block;
    return block;
}
OPAQUE void use(SIZE_T size) { Result = MyAlloc((PVOID)&Sink, TAG('W', 't', 'h', 'i'), size); }
#define BODY use(Unknown)
#endif

#ifdef wrapper_storport /* shape: the header's inline function, not inlined | expects MyAlloc */
OPAQUE ULONG MyAlloc(PVOID extension, ULONG size, ULONG tag, PVOID *block)
{
    return StorPortExtendedFunction(0, extension, size, tag, block);
}
OPAQUE void use(PVOID extension)
{
    PVOID block = 0;
    MyAlloc(extension, 96, TAG('W', 's', 'p', '1'), &block);
    Result = block;
}
#define BODY use(driver)
#endif

#ifdef wrapper_and_direct /* shape: one tag, once through a wrapper and once directly | expects MyAlloc */
OPAQUE PVOID MyAlloc(SIZE_T size, ULONG tag) { return ExAllocatePoolWithTag(1, size, tag); }
OPAQUE void use(SIZE_T size)
{
    Result = MyAlloc(size, TAG('W', 'b', 't', 'h'));
    Result = ExAllocatePoolWithTag(0, size, TAG('W', 'b', 't', 'h'));
}
#define BODY use(Unknown)
#endif

#include "entry.h"
