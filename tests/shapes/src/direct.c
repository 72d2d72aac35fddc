/* The routine is called where the tag stands: each API, each argument position. */
#include "shape.h"

#ifdef direct_ex /* shape */
OPAQUE void allocate(SIZE_T size)
{
    Result = ExAllocatePoolWithTag(0, size, TAG('D', 'e', '0', '1'));
    Result = ExAllocatePoolWithQuotaTag(1, size, TAG('D', 'e', '0', '2'));
    Result = ExAllocatePoolWithTagPriority(0, size, TAG('D', 'e', '0', '3'), 16);
}
#define BODY allocate(Unknown)
#endif

#ifdef direct_pool2 /* shape */
OPAQUE void allocate(SIZE_T size)
{
    Result = ExAllocatePool2(0x40, size, TAG('D', 'p', '2', 'a'));
    Result = ExAllocatePool3(0x40, size, TAG('D', 'p', '3', 'a'), 0, 0);
}
#define BODY allocate(Unknown)
#endif

#ifdef direct_free /* shape */
OPAQUE void release(PVOID block)
{
    ExFreePoolWithTag(block, TAG('F', 'r', 'e', '1'));
    ExFreePool2(block, TAG('F', 'r', 'e', '2'), 0, 0);
}
#define BODY release(Result)
#endif

#ifdef alloc_and_free /* shape */
OPAQUE void release(PVOID block) { ExFreePoolWithTag(block, TAG('B', 'o', 't', 'h')); }
OPAQUE void allocate(SIZE_T size)
{
    Result = ExAllocatePoolWithTag(0, size, TAG('B', 'o', 't', 'h'));
    if (Unknown) release(Result);
}
#define BODY allocate(Unknown)
#endif

#ifdef alloc_one_free_other /* shape */
OPAQUE void release(PVOID block) { ExFreePoolWithTag(block, TAG('O', 'n', 'l', 'F')); }
OPAQUE void allocate(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, TAG('O', 'n', 'l', 'A')); }
#define BODY allocate(Unknown), release(Result)
#endif

#ifdef direct_flt /* shape */
OPAQUE void use(PVOID instance)
{
    Result = FltAllocatePoolAlignedWithTag(instance, 0, 64, TAG('F', 'l', 'p', 'A'));
    FltFreePoolAlignedWithTag(instance, Result, TAG('F', 'l', 'p', 'F'));
}
#define BODY use(driver)
#endif

#ifdef direct_ndis /* shape */
OPAQUE void use(PVOID adapter)
{
    PVOID block;
    NdisAllocateMemoryWithTag(&block, 100, TAG('N', 'd', 'i', '1'));
    Result = NdisAllocateMemoryWithTagPriority(adapter, 200, TAG('N', 'd', 'i', '2'), 16);
    Result = NdisAllocateGenericObject(adapter, TAG('N', 'd', 'i', '3'), 300);
    NdisAllocateCloneOidRequest(adapter, block, TAG('N', 'd', 'i', '4'), &block);
    NdisAllocateNetBufferListContext(block, 16, 0, TAG('N', 'd', 'i', '5'));
    NdisFreeMemoryWithTag(block, TAG('N', 'd', 'i', '6'));
    NdisFreeMemoryWithTagPriority(adapter, block, TAG('N', 'd', 'i', '7'));
}
#define BODY use(driver)
#endif

#ifdef direct_storport /* shape: function 0 allocates, the tag is the fourth argument */
OPAQUE void use(PVOID extension)
{
    PVOID block;
    StorPortExtendedFunction(0, extension, 512, TAG('S', 't', 'o', 'r'), &block);
    Result = block;
}
#define BODY use(driver)
#endif

#ifdef storport_other_function /* shape: another function, so the fourth argument is no tag */
OPAQUE void use(PVOID extension)
{
    StorPortExtendedFunction(20, extension, 512, TAG('S', 't', 'n', 'o'), Result);
    Result = ExAllocatePoolWithTag(0, 16, TAG('S', 't', 'o', 'k'));
}
#define BODY use(driver)
#endif

#ifdef direct_videoport /* shape */
OPAQUE void use(PVOID extension) { Result = VideoPortAllocatePool(extension, 1, 64, TAG('V', 'i', 'd', 'P')); }
#define BODY use(driver)
#endif

#ifdef direct_usbd /* shape */
OPAQUE void use(PVOID device)
{
    PVOID handle;
    USBD_CreateHandle(device, device, 0x602, TAG('U', 's', 'b', '1'), &handle);
    USBD_ValidateConfigurationDescriptor(handle, 64, 3, &handle, TAG('U', 's', 'b', '2'));
    Result = handle;
}
#define BODY use(driver)
#endif

#ifdef direct_mm /* shape: the second argument, and deep on the stack */
OPAQUE void use(void)
{
    SIZE_T size = 4096;
    PVOID base;
    Result = MmAllocateMappingAddress(65536, TAG('M', 'm', 'm', 'a'));
    MmFreeMappingAddress(Result, TAG('M', 'm', 'm', 'f'));
    MmAllocateContiguousMemoryEx(&size, 0, ~0ull, 0, 0, 4, 0, TAG('M', 'm', 'c', 'e'), 0, &base);
    Result = base;
}
#define BODY use()
#endif

#ifdef direct_fsrtl /* shape: fifth and sixth argument */
OPAQUE void use(PVOID filter)
{
    PVOID context;
    FsRtlAllocateExtraCreateParameter(filter, 32, 0, 0, TAG('E', 'c', 'p', '1'), &context);
    FltAllocateExtraCreateParameter(filter, filter, 32, 0, 0, TAG('E', 'c', 'p', '2'), &context);
    Result = context;
}
#define BODY use(driver)
#endif

#ifdef direct_win32k /* shape */
OPAQUE void use(void)
{
    Result = EngAllocMem(1, 64, TAG('G', 'd', 'r', '1'));
    Result = EngAllocUserMem(64, TAG('G', 'd', 'r', '2'));
}
#define BODY use()
#endif

#ifdef direct_rundown /* shape */
OPAQUE void use(void) { Result = ExAllocateCacheAwareRundownProtection(512, TAG('R', 'u', 'n', 'd')); }
#define BODY use()
#endif

#ifdef direct_ks /* shape */
OPAQUE void use(PVOID bag)
{
    PVOID pointer = bag;
    _KsEdit(bag, &pointer, 64, 32, TAG('K', 's', 'E', 'd'));
    Result = pointer;
}
#define BODY use(driver)
#endif

#ifdef tagless /* shape: ExAllocatePool has no tag; poolmon shows `None` */
OPAQUE void use(void) { Result = ExAllocatePool(0, 64); }
#define BODY use()
#endif

#ifdef lookaside_np /* shape */
static ULONG64 List[64];
OPAQUE void use(void) { ExInitializeNPagedLookasideList(List, 0, 0, 0, 128, TAG('L', 'a', 'n', 'p'), 0); }
#define BODY use()
#endif

#ifdef lookaside_paged /* shape */
static ULONG64 List[64];
OPAQUE void use(void) { ExInitializePagedLookasideList(List, 0, 0, 0, 128, TAG('L', 'a', 'p', 'g'), 0); }
#define BODY use()
#endif

#ifdef lookaside_ex /* shape */
static ULONG64 List[64];
OPAQUE void use(void) { ExInitializeLookasideListEx(List, 0, 0, 512, 0, 128, TAG('L', 'a', 'e', 'x'), 0); }
#define BODY use()
#endif

#ifdef lookaside_ndis /* shape */
static ULONG64 List[64];
OPAQUE void use(void) { NdisInitializeNPagedLookasideList(List, 0, 0, 0, 128, TAG('L', 'a', 'n', 'd'), 0); }
#define BODY use()
#endif

#ifdef lookaside_ecp /* shape */
static ULONG64 List[64];
OPAQUE void use(PVOID filter)
{
    FsRtlInitExtraCreateParameterLookasideList(List, 0, 128, TAG('L', 'a', 'e', '1'));
    FltInitExtraCreateParameterLookasideList(filter, List, 0, 128, TAG('L', 'a', 'e', '2'));
}
#define BODY use(driver)
#endif

#ifdef lookaside_in_loop /* shape: the tag is computed before the loop, the call is in it */
static ULONG64 Lists[8][32];
OPAQUE void use(ULONG count)
{
    ULONG tag = TAG('L', 'a', 'l', 'p');
    HIDE(tag);
    for (ULONG i = 0; i < count && i < 8; i++) ExInitializeNPagedLookasideList(Lists[i], 0, 0, 0, 64, tag, 0);
}
#define BODY use(Unknown)
#endif

#include "entry.h"
