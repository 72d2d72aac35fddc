/* How control reaches the routine. */
#include "shape.h"

#ifdef thunk /* shape: E8 to a `jmp [IAT]` stub | defines CALL_THROUGH_THUNK */
OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, TAG('T', 'h', 'u', 'n')); }
#define BODY use(Unknown)
#endif

#ifdef thunk_of_thunk /* shape: call to `jmp stub`, stub is `jmp [IAT]`, as incremental linking leaves it | defines CALL_THROUGH_THUNK */
#if defined(__i386__)
__asm__(".text\n.globl _Stub@12\n_Stub@12: jmp _ExAllocatePoolWithTag@12\n");
#elif defined(__x86_64__)
__asm__(".text\n.globl Stub\nStub: jmp ExAllocatePoolWithTag\n");
#else
__asm__(".text\n.globl Stub\n.p2align 2\nStub: b ExAllocatePoolWithTag\n");
#endif
PVOID NTAPI Stub(ULONG pool, SIZE_T size, ULONG tag);
OPAQUE void use(SIZE_T size) { Result = Stub(0, size, TAG('T', 'h', 't', 'h')); }
#define BODY use(Unknown)
#endif

#ifdef tail_call /* shape: the routine returns to our caller's caller */
OPAQUE PVOID NTAPI use(ULONG pool, SIZE_T size, ULONG tag)
{
    Sink = tag;
#ifdef __clang__
    __attribute__((musttail))
#endif
    return ExAllocatePoolWithTag(pool, size, TAG('T', 'a', 'i', 'l'));
}
#define BODY Result = use(0, Unknown, 1)
#endif

#ifdef tail_call_thunk /* shape: jump to a stub that jumps | defines CALL_THROUGH_THUNK */
OPAQUE PVOID NTAPI use(ULONG pool, SIZE_T size, ULONG tag)
{
    Sink = tag;
#ifdef __clang__
    __attribute__((musttail))
#endif
    return ExAllocatePoolWithTag(pool, size, TAG('T', 'l', 't', 'h'));
}
#define BODY Result = use(0, Unknown, 1)
#endif

#ifdef tail_call_bare /* shape: a leaf without a frame: sets the registers and jumps | x64 arm64 only */
#if defined(__x86_64__)
__asm__(".text\n.globl use\nuse: movl $0x72614254, %r8d\n movl $16, %edx\n xorl %ecx, %ecx\n jmp *__imp_ExAllocatePoolWithTag(%rip)\n");
#else
__asm__(".text\n.globl use\n.p2align 2\nuse: mov w2, #0x4254\n movk w2, #0x7261, lsl #16\n mov x1, #16\n mov w0, #0\n"
        " adrp x8, __imp_ExAllocatePoolWithTag\n ldr x8, [x8, :lo12:__imp_ExAllocatePoolWithTag]\n br x8\n");
#endif
PVOID use(void);
PVOID (*Keep)(ULONG, SIZE_T, ULONG) = 0;
#define BODY Result = use(), Keep = (PVOID)ExAllocatePoolWithTag
#endif

#ifdef hoisted_pointer /* shape: mov reg,[IAT] once, call reg many times */
OPAQUE void use(SIZE_T size)
{
    ALLOCATE allocate = ExAllocatePoolWithTag;
    HIDE(allocate);
    Result = allocate(0, size, TAG('H', 'o', 'i', '1'));
    Result = allocate(1, size, TAG('H', 'o', 'i', '2'));
    Result = allocate(0, size + 8, TAG('H', 'o', 'i', '3'));
}
#define BODY use(Unknown)
#endif

#ifdef hoisted_in_loop /* shape: the pointer is loaded before the loop */
OPAQUE void use(ULONG count)
{
    ALLOCATE allocate = ExAllocatePoolWithTag;
    HIDE(allocate);
    while (count--) Result = allocate(0, count, TAG('H', 'l', 'o', 'p'));
}
#define BODY use(Unknown)
#endif

#ifdef delay_import /* shape: through the delay import table | links /delayload:ntoskrnl.exe | clang only */
#if defined(__i386__)
PVOID NTAPI __delayLoadHelper2(PVOID descriptor, PVOID slot) { (void)descriptor; return *(PVOID *)slot; }
#else
PVOID __delayLoadHelper2(PVOID descriptor, PVOID slot) { (void)descriptor; return *(PVOID *)slot; }
#endif
OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, TAG('D', 'e', 'l', 'y')); }
#define BODY use(Unknown)
#endif

#ifdef retpoline_import /* shape: 48 FF 15 and a five-byte nop, as /guard:retpoline leaves it | x64 only */
OPAQUE void use(SIZE_T size)
{
    register ULONG64 a __asm__("rcx") = 512;
    register ULONG64 b __asm__("rdx") = size;
    register ULONG64 c __asm__("r8") = TAG('R', 'e', 't', 'p');
    register PVOID result __asm__("rax");
    __asm__ volatile("subq $32, %%rsp\n .byte 0x48\n call *__imp_ExAllocatePoolWithTag(%%rip)\n"
                     " .byte 0x0f, 0x1f, 0x44, 0, 0\n addq $32, %%rsp"
                     : "=r"(result), "+r"(a), "+r"(b), "+r"(c)
                     :
                     : "r9", "r10", "r11", "memory");
    Result = result;
}
PVOID (*Keep)(ULONG, SIZE_T, ULONG) = 0;
OPAQUE void keep(void) { Keep = ExAllocatePoolWithTag; }
#define BODY use(Unknown), keep()
#endif

#ifdef guarded_pointer /* shape: control flow guard checks the hoisted pointer | compiles -Xclang -cfguard | clang only */
PVOID volatile __guard_check_icall_fptr, __guard_dispatch_icall_fptr;
OPAQUE void use(SIZE_T size)
{
    ALLOCATE allocate = ExAllocatePoolWithTag;
    HIDE(allocate);
    Result = allocate(0, size, TAG('G', 'u', 'r', 'd'));
}
#define BODY use(Unknown)
#endif

#ifdef page_section /* shape: code in PAGE */
IN_SECTION("PAGE") OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(1, size, TAG('P', 'a', 'g', 'e')); }
#define BODY use(Unknown)
#endif

#ifdef init_section /* shape: code in INIT, discarded after load */
IN_SECTION("INIT") OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, TAG('I', 'n', 'i', 't')); }
#define BODY use(Unknown)
#endif

#ifdef imports_in_code /* shape: the import names stand in an executable section | links /merge:.idata=.text | clang only */
OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, TAG('I', 'n', 'c', 'o')); }
#define BODY use(Unknown)
#endif

#ifdef low_alignment /* shape: sections closer than a page, file offset equals address | links /align:128 /filealign:128 | x86 x64 only | clang only */
OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, TAG('L', 'o', 'a', 'l')); }
#define BODY use(Unknown)
#endif

#ifdef resolved_pointer /* shape: the routine is looked up at run time, its name unseen; the tag stays an operand */
static ALLOCATE Allocate;
OPAQUE void resolve(PVOID name) { Allocate = (ALLOCATE)MmGetSystemRoutineAddress(name); }
OPAQUE void use(SIZE_T size)
{
    Result = Allocate(0, size, TAG('R', 'e', 's', 'o'));
    Result = ExAllocatePoolWithTag(0, size, TAG('R', 'e', 's', 'd'));
}
#define BODY resolve(path), use(Unknown)
#endif

#ifdef leaf_keeps_register /* shape: a local leaf is called between tag and routine and leaves the register alone */
#if defined(__i386__)
__asm__(".text\n_leaf: ret\n.globl _use\n_use: pushl $0x6661654c\n pushl $16\n pushl $0\n call _leaf\n"
        " call *__imp__ExAllocatePoolWithTag@12\n movl %eax, _Result\n ret\n");
#elif defined(__x86_64__)
__asm__(".text\nleaf: xorl %eax, %eax\n ret\n.globl use\n.def use\n .scl 2\n .type 32\n .endef\n.seh_proc use\nuse: subq $40, %rsp\n .seh_stackalloc 40\n .seh_endprologue\n"
        " xorl %ecx, %ecx\n movl $16, %edx\n movl $0x6661654c, %r8d\n call leaf\n"
        " call *__imp_ExAllocatePoolWithTag(%rip)\n movq %rax, Result(%rip)\n addq $40, %rsp\n ret\n .seh_endproc\n");
#else
__asm__(".text\n.p2align 2\nleaf: mov w9, #0\n ret\n.globl use\n.def use\n .scl 2\n .type 32\n .endef\n.seh_proc use\nuse: stp x29, x30, [sp, #-16]!\n .seh_save_fplr_x 16\n .seh_endprologue\n"
        " mov w0, #0\n mov x1, #16\n mov w2, #0x654c\n movk w2, #0x6661, lsl #16\n bl leaf\n"
        " adrp x8, __imp_ExAllocatePoolWithTag\n ldr x8, [x8, :lo12:__imp_ExAllocatePoolWithTag]\n blr x8\n"
        " adrp x8, Result\n str x0, [x8, :lo12:Result]\n .seh_startepilogue\n ldp x29, x30, [sp], #16\n .seh_save_fplr_x 16\n .seh_endepilogue\n ret\n .seh_endproc\n");
#endif
void use(void);
PVOID (*Keep)(ULONG, SIZE_T, ULONG) = 0;
#define BODY use(), Keep = (PVOID)ExAllocatePoolWithTag
#endif

#include "entry.h"
