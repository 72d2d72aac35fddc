/* Harrow Storage monitor: frees HsCx blocks handed to it, allocates only HsMn. */
#include "kernel.h"

#define EXTENT_TAG 'xCsH'  /* HsCx, owned by hstorflt.sys */
#define MONITOR_TAG 'nMsH' /* HsMn */

static NTSTATUS KERNEL_CALL release_extents(struct request *request)
{
    while (request) {
        if (request->buffer) {
            ExFreePoolWithTag(request->buffer, EXTENT_TAG);
            request->buffer = 0;
        }
        request = request->next;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS KERNEL_CALL sample_counters(struct request *request)
{
    ULONG *counters = ExAllocatePoolWithTag(POOL_NONPAGED_NX, 256, MONITOR_TAG);
    if (!counters)
        return STATUS_INSUFFICIENT_RESOURCES;
    counters[0] = request->code;
    DbgPrint("hstormon: %u\n", counters[0]);
    ExFreePoolWithTag(counters, MONITOR_TAG);
    return STATUS_SUCCESS;
}

NTSTATUS KERNEL_CALL DriverEntry(struct driver *driver, void *registry_path)
{
    (void)registry_path;
    driver->major[MAJOR_CONTROL] = release_extents;
    driver->major[MAJOR_READ] = sample_counters;
    return STATUS_NOT_SUPPORTED;
}
