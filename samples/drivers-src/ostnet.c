/* Osterby network filter: OsNb through the executive, OsRx through NDIS. */
#include "kernel.h"

#define BUFFER_TAG 'bNsO'  /* OsNb */
#define RECEIVE_TAG 'xRsO' /* OsRx */

static struct request *pending;

static NTSTATUS KERNEL_CALL send_packet(struct request *request)
{
    struct request *copy = ExAllocatePoolWithTag(POOL_NONPAGED, sizeof *copy, BUFFER_TAG);
    if (!copy)
        return STATUS_INSUFFICIENT_RESOURCES;
    copy->buffer = ExAllocatePoolWithTag(POOL_NONPAGED, request->length + 64, BUFFER_TAG);
    if (!copy->buffer) {
        ExFreePoolWithTag(copy, BUFFER_TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    copy->next = pending;
    pending = copy;
    return STATUS_SUCCESS;
}

static NTSTATUS KERNEL_CALL receive_packet(struct request *request)
{
    void *block;
    if (NdisAllocateMemoryWithTag(&block, (ULONG)request->length, RECEIVE_TAG))
        return STATUS_INSUFFICIENT_RESOURCES;
    request->buffer = block;
    return STATUS_SUCCESS;
}

NTSTATUS KERNEL_CALL DriverEntry(struct driver *driver, void *registry_path)
{
    (void)registry_path;
    driver->major[MAJOR_WRITE] = send_packet;
    driver->major[MAJOR_READ] = receive_packet;
    return STATUS_NOT_SUPPORTED;
}
