/* The tag lies in memory before it is used: globals, structures, the framework. */
#include "shape.h"

#ifdef global_initialised /* shape */
ULONG PoolTag = TAG('G', 'l', 'o', 'I');
OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, PoolTag); }
#define BODY use(Unknown)
#endif

#ifdef global_set_once /* shape: a leaf function stores the tag at run time */
ULONG PoolTag;
OPAQUE void prepare(void) { PoolTag = TAG('G', 'l', 'o', 'S'); }
OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, PoolTag); }
#define BODY prepare(), use(Unknown)
#endif

#ifdef global_random /* shape: a constant or, on some systems, a random value */
ULONG PoolTag;
OPAQUE void prepare(ULONG seed)
{
    ULONG tag = TAG('G', 'l', 'o', 'R');
    if (seed & 1) tag = seed * 1103515245u + 12345;
    PoolTag = tag;
}
OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, PoolTag); }
#define BODY prepare(Unknown), use(Unknown)
#endif

#ifdef global_two_values /* shape: initial value and a later one */
ULONG PoolTag = TAG('G', '2', 'v', 'I');
OPAQUE void prepare(ULONG which) { if (which) PoolTag = TAG('G', '2', 'v', 'S'); }
OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, PoolTag); }
#define BODY prepare(Unknown), use(Unknown)
#endif

#ifdef global_through_wrapper /* shape: a global is what the caller hands to the wrapper | expects MyAlloc */
ULONG PoolTag = TAG('G', 'l', 'o', 'W');
OPAQUE PVOID MyAlloc(SIZE_T size, ULONG tag)
{
    PVOID block = ExAllocatePoolWithTag(0, size, tag);
    if (block) *(UCHAR *)block = 0;
    return block;
}
OPAQUE void use(SIZE_T size) { Result = MyAlloc(size, PoolTag); }
#define BODY use(Unknown)
#endif

#ifdef global_lookaside /* shape */
ULONG PoolTag = TAG('G', 'l', 'o', 'L');
static ULONG64 List[64];
OPAQUE void use(void) { ExInitializeNPagedLookasideList(List, 0, 0, 0, 128, PoolTag, 0); }
#define BODY use()
#endif

#ifdef global_unset /* shape: the global comes from outside; its neighbour is no tag of ours */
ULONG Neighbour = TAG('G', 'l', 'o', 'N'), PoolTag;
OPAQUE void prepare(void) { PoolTag = Unknown; Sink = Neighbour; }
OPAQUE void use(SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, PoolTag); }
#define BODY prepare(), use(Unknown)
#endif

typedef struct {
    UCHAR Type, Revision;
    USHORT Size;
    UCHAR ProtocolId, AllocateNetBuffer;
    USHORT ContextSize;
    ULONG PoolTag, DataSize, Flags;
} LIST_POOL;

#ifdef struct_on_stack /* shape: NdisAllocateNetBufferListPool takes the tag in a structure */
OPAQUE void use(PVOID adapter)
{
    volatile LIST_POOL pool;
    pool.Type = 0x80;
    pool.Revision = 1;
    pool.Size = sizeof pool;
    pool.ProtocolId = 0;
    pool.AllocateNetBuffer = 1;
    pool.ContextSize = 0;
    pool.PoolTag = TAG('S', 't', 'k', '1');
    pool.DataSize = 0;
    pool.Flags = 0;
    Result = NdisAllocateNetBufferListPool(adapter, &pool);
}
#define BODY use(driver)
#endif

#ifdef struct_folded /* shape: the compiler may merge the stores */
OPAQUE void use(PVOID adapter)
{
    LIST_POOL pool = {0x80, 1, sizeof pool, 0, 1, 0, TAG('S', 't', 'f', '1'), 0, 0};
    Result = NdisAllocateNetBufferListPool(adapter, &pool);
}
#define BODY use(driver)
#endif

#ifdef struct_in_data /* shape: the same structure, standing in .data */
LIST_POOL Pool = {0x80, 1, sizeof(LIST_POOL), 0, 1, 0, TAG('S', 't', 'd', '1'), 0, 0};
OPAQUE void use(PVOID adapter) { Result = NdisAllocateNetBufferListPool(adapter, &Pool); }
#define BODY use(driver)
#endif

#ifdef struct_buffer_pool /* shape: NET_BUFFER_POOL_PARAMETERS on the stack */
OPAQUE void use(PVOID adapter)
{
    volatile struct { UCHAR Type, Revision; USHORT Size; ULONG PoolTag, DataSize; } pool;
    pool.Type = 0x80;
    pool.Revision = 1;
    pool.Size = sizeof pool;
    pool.PoolTag = TAG('S', 't', 'b', '1');
    pool.DataSize = 1514;
    Result = NdisAllocateNetBufferPool(adapter, &pool);
}
#define BODY use(driver)
#endif

#ifdef struct_holds_tag /* shape: an own structure carries the tag from one function to another */
struct CONTEXT { PVOID owner; ULONG tag; };
OPAQUE void prepare(struct CONTEXT *context, PVOID owner)
{
    context->owner = owner;
    context->tag = TAG('S', 't', 'h', '1');
}
OPAQUE void use(struct CONTEXT *context, SIZE_T size) { Result = ExAllocatePoolWithTag(0, size, context->tag); }
static struct CONTEXT Context[4];
#define BODY prepare(&Context[Unknown & 3], driver), use(&Context[Unknown & 3], 16)
#endif

#ifdef flt_context /* shape: FLT_CONTEXT_REGISTRATION in .rdata, reached by FltRegisterFilter */
typedef struct {
    USHORT ContextType, Flags;
    PVOID Cleanup;
    SIZE_T Size;
    ULONG PoolTag;
    PVOID Allocate, Free, Reserved;
} CONTEXT_REGISTRATION;
typedef struct {
    USHORT Size, Version;
    ULONG Flags;
    const CONTEXT_REGISTRATION *Contexts;
    PVOID Operations, Unload, Callbacks[12];
} REGISTRATION;
const CONTEXT_REGISTRATION Contexts[] = {
    {1, 0, 0, 64, TAG('F', 'l', 'c', '1'), 0, 0, 0},
    {8, 0, 0, 128, TAG('F', 'l', 'c', '2'), 0, 0, 0},
    {0xffff, 0, 0, 0, 0, 0, 0, 0},
};
const REGISTRATION Registration = {sizeof(REGISTRATION), 0x203, 0, Contexts, 0, 0, {0}};
OPAQUE void use(PVOID driver)
{
    PVOID filter;
    FltRegisterFilter(driver, &Registration, &filter);
    Result = filter;
}
#define BODY use(driver)
#endif

#if defined(wdf_memory) || defined(wdf_lookaside) || defined(wdf_wrapper) || defined(wdf_driver_config) || defined(kdefname) || defined(wdfnext4) || defined(wdf_other_function)
/* The binding of a framework driver, version 1.11 and later: a pointer to the table. */
#define WDF
static const WCHAR Component[] = {'K', 'm', 'd', 'f', 'L', 'i', 'b', 'r', 'a', 'r', 'y', 0};
PVOID *WdfFunctions;
PVOID WdfDriverGlobals;
static struct {
    ULONG Size;
    const WCHAR *Component;
    ULONG Major, Minor, Build, FuncCount;
    PVOID FuncTable;
    PVOID Module;
} BindInfo = {sizeof BindInfo, Component, 1, 15, 0, 440, &WdfFunctions, 0};
#endif

#ifdef wdf_memory_in_place /* shape: version 1.9 and earlier: the table itself lies in the driver */
#define WDF
static const WCHAR Component[] = {'K', 'm', 'd', 'f', 'L', 'i', 'b', 'r', 'a', 'r', 'y', 0};
PVOID WdfFunctions[396];
PVOID WdfDriverGlobals;
static struct {
    ULONG Size;
    const WCHAR *Component;
    ULONG Major, Minor, Build, FuncCount;
    PVOID FuncTable;
    PVOID Module;
} BindInfo = {sizeof BindInfo, Component, 1, 9, 7600, 396, WdfFunctions, 0};
#endif

#ifdef WDF
typedef NTSTATUS(NTAPI *MEMORY_CREATE)(PVOID globals, PVOID attributes, ULONG pool, ULONG tag, SIZE_T size, PVOID *memory, PVOID *buffer);
typedef NTSTATUS(NTAPI *LOOKASIDE_CREATE)(PVOID globals, PVOID attributes, SIZE_T size, ULONG pool, PVOID memory, ULONG tag, PVOID *list);
typedef NTSTATUS(NTAPI *DRIVER_CREATE)(PVOID globals, PVOID driver, PVOID path, PVOID attributes, const volatile void *config, PVOID *handle);
#define WdfMemoryCreate(...) ((MEMORY_CREATE)WdfFunctions[192])(WdfDriverGlobals, __VA_ARGS__)
#define WdfLookasideListCreate(...) ((LOOKASIDE_CREATE)WdfFunctions[198])(WdfDriverGlobals, __VA_ARGS__)
#define WdfDriverCreate(...) ((DRIVER_CREATE)WdfFunctions[116])(WdfDriverGlobals, __VA_ARGS__)
#define WdfSomethingElse(...) ((MEMORY_CREATE)WdfFunctions[77])(WdfDriverGlobals, __VA_ARGS__)
#define BIND() WdfVersionBind(driver, path, &BindInfo, &WdfDriverGlobals)
#endif

#if defined(wdf_memory) /* shape */
OPAQUE void use(SIZE_T size)
{
    PVOID memory, buffer;
    WdfMemoryCreate(0, 512, TAG('W', 'd', 'f', 'M'), size, &memory, &buffer);
    Result = buffer;
}
#define BODY BIND(), use(Unknown)
#endif

#if defined(wdf_memory_in_place)
OPAQUE void use(SIZE_T size)
{
    PVOID memory, buffer;
    WdfMemoryCreate(0, 512, TAG('W', 'd', 'f', 'A'), size, &memory, &buffer);
    Result = buffer;
}
#define BODY BIND(), use(Unknown)
#endif

#if defined(wdf_lookaside) /* shape */
OPAQUE void use(SIZE_T size)
{
    PVOID list;
    WdfLookasideListCreate(0, size, 512, 0, TAG('W', 'd', 'f', 'L'), &list);
    Result = list;
}
#define BODY BIND(), use(Unknown)
#endif

#if defined(wdf_wrapper) /* shape | expects MyMemory */
OPAQUE PVOID MyMemory(ULONG tag, SIZE_T size)
{
    PVOID memory, buffer;
    WdfMemoryCreate(0, 512, tag, size, &memory, &buffer);
    return buffer;
}
OPAQUE void use(SIZE_T size) { Result = MyMemory(TAG('W', 'd', 'f', 'W'), size); }
#define BODY BIND(), use(Unknown)
#endif

#if defined(wdf_other_function) /* shape: the fourth argument of another entry of the table */
OPAQUE void use(SIZE_T size)
{
    PVOID memory, buffer;
    WdfSomethingElse(0, 512, TAG('W', 'd', 'f', 'X'), size, &memory, &buffer);
    Result = buffer;
}
#define BODY BIND(), use(Unknown)
#endif

#if defined(kdefname) /* shape: tag 0, no default tag: the first four letters of the service name */
OPAQUE void use(SIZE_T size)
{
    PVOID memory, buffer;
    WdfMemoryCreate(0, 512, 0, size, &memory, &buffer);
    Result = buffer;
}
#define BODY BIND(), use(Unknown)
#endif

#if defined(wdfnext4) /* shape: a service name that begins with WDF: the four letters after it */
OPAQUE void use(SIZE_T size)
{
    PVOID memory, buffer;
    WdfMemoryCreate(0, 512, 0, size, &memory, &buffer);
    Result = buffer;
}
#define BODY BIND(), use(Unknown)
#endif

#if defined(wdf_driver_config) /* shape: WDF_DRIVER_CONFIG.DriverPoolTag on the stack */
OPAQUE void use(PVOID driver, PVOID path)
{
    volatile struct { ULONG Size; PVOID DeviceAdd, Unload; ULONG InitFlags, DriverPoolTag; } config;
    PVOID handle;
    config.Size = sizeof config;
    config.DeviceAdd = 0;
    config.Unload = 0;
    config.InitFlags = 0;
    config.DriverPoolTag = TAG('W', 'd', 'f', 'C');
    WdfDriverCreate(driver, path, 0, &config, &handle);
    Result = handle;
}
#define BODY BIND(), use(driver, path)
#endif

#ifdef struct_timer /* shape: NDIS_TIMER_CHARACTERISTICS.AllocationTag on the stack */
typedef struct { UCHAR Type, Revision; USHORT Size; ULONG AllocationTag; PVOID Function, Context; } TIMER;
OPAQUE void use(PVOID adapter)
{
    volatile TIMER timer;
    timer.Type = 0x97;
    timer.Revision = 1;
    timer.Size = sizeof timer;
    timer.AllocationTag = TAG('S', 't', 't', '1');
    timer.Function = 0;
    timer.Context = 0;
    Result = NdisAllocateTimerObject(adapter, &timer);
}
#define BODY use(driver)
#endif

#include "entry.h"
