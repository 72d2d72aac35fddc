/*
 * The few kernel declarations that the sample drivers need, written for them.
 *
 * The samples are analysed, never run: types are no wider than what the code
 * below uses, and every DriverEntry ends in a failure status so that none of
 * the images could stay loaded anywhere.
 */
#ifndef SAMPLE_KERNEL_H
#define SAMPLE_KERNEL_H

typedef int NTSTATUS;
typedef unsigned char UCHAR;
typedef unsigned short USHORT;
typedef unsigned int ULONG;
typedef unsigned long long ULONG64;
typedef __SIZE_TYPE__ SIZE_T;

#define STATUS_SUCCESS ((NTSTATUS)0)
#define STATUS_INSUFFICIENT_RESOURCES ((NTSTATUS)0xC000009A)
#define STATUS_NOT_SUPPORTED ((NTSTATUS)0xC00000BB)

#if defined(__i386__)
#define KERNEL_CALL __attribute__((stdcall))
#else
#define KERNEL_CALL
#endif
#define IMPORTED __declspec(dllimport)
#define NOT_INLINED __attribute__((noinline))
#define PAGED_CODE_SECTION __attribute__((section("PAGE"), noinline))
#define INIT_CODE_SECTION __attribute__((section("INIT"), noinline))

/* POOL_TYPE and POOL_FLAGS values as documented for the allocation routines. */
#define POOL_NONPAGED 0
#define POOL_PAGED 1
#define POOL_NONPAGED_NX 512
#define POOL_FLAG_PAGED 0x100ull
#define POOL_FLAG_NON_PAGED 0x40ull

IMPORTED void *KERNEL_CALL ExAllocatePoolWithTag(int pool, SIZE_T bytes, ULONG tag);
IMPORTED void *KERNEL_CALL ExAllocatePool2(ULONG64 flags, SIZE_T bytes, ULONG tag);
IMPORTED void KERNEL_CALL ExFreePoolWithTag(void *block, ULONG tag);
IMPORTED int KERNEL_CALL NdisAllocateMemoryWithTag(void **block, ULONG bytes, ULONG tag);
IMPORTED ULONG DbgPrint(const char *format, ...);

struct request {
    struct request *next;
    void *buffer;
    SIZE_T length;
    ULONG code;
    NTSTATUS status;
};

typedef NTSTATUS(KERNEL_CALL *dispatch_fn)(struct request *request);

#define MAJOR_FUNCTIONS 28
struct driver {
    short type;
    short size;
    void *device;
    dispatch_fn major[MAJOR_FUNCTIONS];
};

#define MAJOR_CREATE 0
#define MAJOR_READ 3
#define MAJOR_WRITE 4
#define MAJOR_CONTROL 14

NTSTATUS KERNEL_CALL DriverEntry(struct driver *driver, void *registry_path);

#endif
