/* A fault-injection driver that leaks pool on request under the tag Leak. */
#include "kernel.h"

#define LEAK_TAG 'kaeL' /* Leak */
#define LEAK_NONPAGED 0x83350020u
#define LEAK_PAGED 0x83350024u

static NTSTATUS leak(int pool, SIZE_T bytes)
{
    UCHAR *block = ExAllocatePoolWithTag(pool, bytes, LEAK_TAG);
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;
    block[0] = 1;
    return STATUS_SUCCESS;
}

static NTSTATUS KERNEL_CALL inject(struct request *request)
{
    switch (request->code) {
    case LEAK_NONPAGED:
        return leak(POOL_NONPAGED, request->length);
    case LEAK_PAGED:
        return leak(POOL_PAGED, request->length);
    default:
        DbgPrint("myfault: unknown fault %x\n", request->code);
        return STATUS_NOT_SUPPORTED;
    }
}

NTSTATUS KERNEL_CALL DriverEntry(struct driver *driver, void *registry_path)
{
    (void)registry_path;
    driver->major[MAJOR_CONTROL] = inject;
    return STATUS_NOT_SUPPORTED;
}
