/*
 * Kestrel Vale audit driver, the decoy: it names other drivers' tags in its
 * texts and allocates only under its own, from pageable code.
 */
#include "kernel.h"

#define AUDIT_TAG 'uAvK' /* KvAu */

static const char *const watched[] = {
    "pool tag HsCx (storage cache extents)",
    "pool tag Leak (fault injection)",
    "pool tag OsNb (network buffers)",
    "pool tag VlRq (disk requests)",
    "pool tag TrUr (USB requests)",
    "object tag Even (event objects), File, Thre",
};

PAGED_CODE_SECTION static NTSTATUS KERNEL_CALL report(struct request *request)
{
    ULONG *record = ExAllocatePoolWithTag(POOL_PAGED, 512, AUDIT_TAG);
    if (!record)
        return STATUS_INSUFFICIENT_RESOURCES;
    record[0] = request->code;
    DbgPrint("kvaudit: %s %u\n", watched[request->code % 6], record[0]);
    ExFreePoolWithTag(record, AUDIT_TAG);
    return STATUS_SUCCESS;
}

NTSTATUS KERNEL_CALL DriverEntry(struct driver *driver, void *registry_path)
{
    (void)registry_path;
    driver->major[MAJOR_CONTROL] = report;
    return STATUS_NOT_SUPPORTED;
}
