/* Declarations that the shapes share, written for them from the published signatures.
 * Only what matters for code generation is right: widths, order, calling convention. */
#ifndef SHAPE_H
#define SHAPE_H

typedef unsigned char UCHAR;
typedef unsigned short USHORT, WCHAR;
typedef unsigned int ULONG;
typedef unsigned long long ULONG64;
typedef int LONG, NTSTATUS;
typedef __SIZE_TYPE__ SIZE_T, ULONG_PTR;
typedef void *PVOID;

#if defined(__i386__)
#define NTAPI __attribute__((stdcall))
#define FASTCALL __attribute__((fastcall))
#else
#define NTAPI
#define FASTCALL
#endif
#define IMPORT __attribute__((dllimport))
#define IN_SECTION(name) __attribute__((section(name)))

/* Neither inlined nor specialised: calls stay calls, parameters stay parameters. */
#if defined(__clang__)
#define OPAQUE __attribute__((noinline))
#else
#define OPAQUE __attribute__((noipa))
#endif

/* The compiler must hold the value in a register here and can no longer know it. No
 * instruction is emitted: the machine code still shows where the value comes from. */
#define HIDE(value) __asm__ volatile("" : "+r"(value))

/* A tag, its characters in the order in which poolmon shows them. */
#define TAG(a, b, c, d) \
    ((ULONG)(UCHAR)(a) | (ULONG)(UCHAR)(b) << 8 | (ULONG)(UCHAR)(c) << 16 | (ULONG)(UCHAR)(d) << 24)

typedef PVOID(NTAPI *ALLOCATE)(ULONG pool, SIZE_T size, ULONG tag);

#ifdef CALL_THROUGH_THUNK /* without dllimport the call goes to a `jmp [IAT]` stub */
PVOID NTAPI ExAllocatePoolWithTag(ULONG pool, SIZE_T size, ULONG tag);
#else
IMPORT PVOID NTAPI ExAllocatePoolWithTag(ULONG pool, SIZE_T size, ULONG tag);
#endif
IMPORT PVOID NTAPI ExAllocatePool(ULONG pool, SIZE_T size);
IMPORT PVOID NTAPI ExAllocatePoolWithQuotaTag(ULONG pool, SIZE_T size, ULONG tag);
IMPORT PVOID NTAPI ExAllocatePoolWithTagPriority(ULONG pool, SIZE_T size, ULONG tag, ULONG priority);
IMPORT PVOID NTAPI ExAllocatePool2(ULONG64 flags, SIZE_T size, ULONG tag);
IMPORT PVOID NTAPI ExAllocatePool3(ULONG64 flags, SIZE_T size, ULONG tag, PVOID parameters, ULONG count);
IMPORT void NTAPI ExFreePool(PVOID block);
IMPORT void NTAPI ExFreePoolWithTag(PVOID block, ULONG tag);
IMPORT void NTAPI ExFreePool2(PVOID block, ULONG tag, PVOID parameters, ULONG count);
IMPORT void NTAPI ExInitializeNPagedLookasideList(PVOID list, PVOID allocate, PVOID release, ULONG flags, SIZE_T size, ULONG tag, USHORT depth);
IMPORT void NTAPI ExInitializePagedLookasideList(PVOID list, PVOID allocate, PVOID release, ULONG flags, SIZE_T size, ULONG tag, USHORT depth);
IMPORT NTSTATUS NTAPI ExInitializeLookasideListEx(PVOID list, PVOID allocate, PVOID release, ULONG pool, ULONG flags, SIZE_T size, ULONG tag, USHORT depth);
IMPORT PVOID NTAPI ExAllocateCacheAwareRundownProtection(ULONG pool, ULONG tag);
IMPORT PVOID NTAPI MmAllocateMappingAddress(SIZE_T size, ULONG tag);
IMPORT void NTAPI MmFreeMappingAddress(PVOID base, ULONG tag);
IMPORT NTSTATUS NTAPI MmAllocateContiguousMemoryEx(SIZE_T *size, ULONG64 lowest, ULONG64 highest, ULONG64 boundary, ULONG node, ULONG protect, PVOID partition, ULONG tag, ULONG flags, PVOID *base);
IMPORT PVOID NTAPI MmGetSystemRoutineAddress(PVOID name);
IMPORT NTSTATUS NTAPI FsRtlAllocateExtraCreateParameter(PVOID type, ULONG size, ULONG flags, PVOID cleanup, ULONG tag, PVOID *context);
IMPORT void NTAPI FsRtlInitExtraCreateParameterLookasideList(PVOID list, ULONG flags, SIZE_T size, ULONG tag);
IMPORT NTSTATUS NTAPI ObReferenceObjectByHandleWithTag(PVOID handle, ULONG access, PVOID type, UCHAR mode, ULONG tag, PVOID *object, PVOID information);
IMPORT NTSTATUS NTAPI IoAcquireRemoveLockEx(PVOID lock, PVOID tag, PVOID file, ULONG line, ULONG size);
IMPORT void NTAPI IoInitializeRemoveLockEx(PVOID lock, ULONG tag, ULONG minutes, ULONG mark, ULONG size);
IMPORT ULONG DbgPrint(const char *format, ...);
IMPORT PVOID NTAPI FltAllocatePoolAlignedWithTag(PVOID instance, ULONG pool, SIZE_T size, ULONG tag);
IMPORT void NTAPI FltFreePoolAlignedWithTag(PVOID instance, PVOID block, ULONG tag);
IMPORT NTSTATUS NTAPI FltAllocateExtraCreateParameter(PVOID filter, PVOID type, ULONG size, ULONG flags, PVOID cleanup, ULONG tag, PVOID *context);
IMPORT void NTAPI FltInitExtraCreateParameterLookasideList(PVOID filter, PVOID list, ULONG flags, SIZE_T size, ULONG tag);
IMPORT NTSTATUS NTAPI FltRegisterFilter(PVOID driver, const void *registration, PVOID *filter);
IMPORT NTSTATUS NTAPI NdisAllocateMemoryWithTag(PVOID *block, ULONG length, ULONG tag);
IMPORT PVOID NTAPI NdisAllocateMemoryWithTagPriority(PVOID adapter, ULONG length, ULONG tag, ULONG priority);
IMPORT void NTAPI NdisFreeMemoryWithTag(PVOID block, ULONG tag);
IMPORT void NTAPI NdisFreeMemoryWithTagPriority(PVOID adapter, PVOID block, ULONG tag);
IMPORT void NTAPI NdisInitializeNPagedLookasideList(PVOID list, PVOID allocate, PVOID release, ULONG flags, ULONG size, ULONG tag, USHORT depth);
IMPORT PVOID NTAPI NdisAllocateGenericObject(PVOID driver, ULONG tag, USHORT size);
IMPORT NTSTATUS NTAPI NdisAllocateCloneOidRequest(PVOID source, PVOID request, ULONG tag, PVOID *clone);
IMPORT NTSTATUS NTAPI NdisAllocateNetBufferListContext(PVOID list, USHORT size, USHORT fill, ULONG tag);
IMPORT PVOID NTAPI NdisAllocateNetBufferListPool(PVOID adapter, const volatile void *parameters);
IMPORT PVOID NTAPI NdisAllocateNetBufferPool(PVOID adapter, const volatile void *parameters);
IMPORT PVOID NTAPI NdisAllocateTimerObject(PVOID adapter, const volatile void *parameters);
IMPORT ULONG StorPortExtendedFunction(ULONG function, PVOID extension, ...);
IMPORT PVOID NTAPI VideoPortAllocatePool(PVOID extension, ULONG pool, SIZE_T size, ULONG tag);
IMPORT NTSTATUS NTAPI USBD_CreateHandle(PVOID device, PVOID target, ULONG version, ULONG tag, PVOID *handle);
IMPORT NTSTATUS NTAPI USBD_ValidateConfigurationDescriptor(PVOID descriptor, ULONG length, USHORT level, PVOID *offset, ULONG tag);
IMPORT PVOID NTAPI EngAllocMem(ULONG flags, ULONG size, ULONG tag);
IMPORT PVOID NTAPI EngAllocUserMem(SIZE_T size, ULONG tag);
IMPORT NTSTATUS NTAPI _KsEdit(PVOID bag, PVOID *pointer, ULONG newer, ULONG older, ULONG tag);
IMPORT NTSTATUS NTAPI WdfVersionBind(PVOID driver, PVOID path, PVOID bind, PVOID *globals);

/* Where results go, where unknown values come from and where uninteresting ones end: no
 * tag is ever stored to Result or Unknown. */
extern PVOID volatile Result;
extern ULONG volatile Unknown, Sink;

NTSTATUS NTAPI DriverEntry(PVOID driver, PVOID path);

#endif
