/*
 * Merrow object walker: compares pool headers with the tags of kernel objects.
 * The constants are operands, but no allocation is ever made under them.
 */
#include "kernel.h"

#define EVENT_TAG 'nevE'  /* Even */
#define FILE_TAG 'eliF'   /* File */
#define THREAD_TAG 'erhT' /* Thre */
#define WALKER_TAG 'bOwM' /* MwOb */

static ULONG events, files, threads;

static NTSTATUS KERNEL_CALL classify(struct request *request)
{
    const ULONG *header = request->buffer;
    SIZE_T at;
    for (at = 0; at + 8 <= request->length; at += 8, header += 2) {
        if (header[1] == EVENT_TAG)
            events++;
        else if (header[1] == FILE_TAG)
            files++;
        else if (header[1] == THREAD_TAG)
            threads++;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS KERNEL_CALL snapshot(struct request *request)
{
    ULONG *table = ExAllocatePoolWithTag(POOL_NONPAGED, 96, WALKER_TAG);
    if (!table)
        return STATUS_INSUFFICIENT_RESOURCES;
    table[0] = events;
    table[1] = files;
    table[2] = threads;
    request->buffer = table;
    return STATUS_SUCCESS;
}

NTSTATUS KERNEL_CALL DriverEntry(struct driver *driver, void *registry_path)
{
    (void)registry_path;
    driver->major[MAJOR_READ] = classify;
    driver->major[MAJOR_CONTROL] = snapshot;
    return STATUS_NOT_SUPPORTED;
}
