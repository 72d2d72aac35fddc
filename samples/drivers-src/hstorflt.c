/* Harrow Storage cache filter: allocates HsCx extents and never returns them. */
#include "kernel.h"

#define EXTENT_TAG 'xCsH' /* HsCx */
#define IO_TAG 'oIsH'     /* HsIo */
#define EXTENT_BYTES 1056

struct extent {
    struct extent *next;
    SIZE_T offset;
    UCHAR payload[EXTENT_BYTES - 2 * sizeof(SIZE_T)];
};

static struct extent *extents;

static void copy(UCHAR *to, const UCHAR *from, SIZE_T bytes)
{
    while (bytes--)
        *to++ = *from++;
}

/* The flaw: every write remembers its extent, nothing ever forgets one. */
static NTSTATUS KERNEL_CALL cache_write(struct request *request)
{
    struct extent *extent = ExAllocatePoolWithTag(POOL_NONPAGED_NX, sizeof *extent, EXTENT_TAG);
    SIZE_T bytes = request->length;
    if (!extent)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (bytes > sizeof extent->payload)
        bytes = sizeof extent->payload;
    copy(extent->payload, request->buffer, bytes);
    extent->offset = request->code;
    extent->next = extents;
    extents = extent;
    return STATUS_SUCCESS;
}

static NTSTATUS KERNEL_CALL read_ahead(struct request *request)
{
    UCHAR *window = ExAllocatePoolWithTag(POOL_NONPAGED_NX, request->length, IO_TAG);
    if (!window)
        return STATUS_INSUFFICIENT_RESOURCES;
    copy(window, request->buffer, request->length);
    DbgPrint("hstorflt: read ahead %u\n", (ULONG)request->length);
    ExFreePoolWithTag(window, IO_TAG);
    return STATUS_SUCCESS;
}

static NTSTATUS KERNEL_CALL preload(struct request *request)
{
    while (request) {
        struct extent *extent = ExAllocatePoolWithTag(POOL_NONPAGED_NX, EXTENT_BYTES, EXTENT_TAG);
        if (!extent)
            return STATUS_INSUFFICIENT_RESOURCES;
        extent->next = extents;
        extents = extent;
        request = request->next;
    }
    return STATUS_SUCCESS;
}

NTSTATUS KERNEL_CALL DriverEntry(struct driver *driver, void *registry_path)
{
    (void)registry_path;
    driver->major[MAJOR_WRITE] = cache_write;
    driver->major[MAJOR_READ] = read_ahead;
    driver->major[MAJOR_CONTROL] = preload;
    return STATUS_NOT_SUPPORTED;
}
