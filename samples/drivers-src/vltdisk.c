/* Veldt disk driver: every tag travels through one private wrapper. */
#include "kernel.h"

#define REQUEST_TAG 'qRlV' /* VlRq */
#define GATHER_TAG 'gSlV'  /* VlSg */
#define CONTROL_TAG 'tClV' /* VlCt */

static ULONG outstanding;

NOT_INLINED static void *veldt_allocate(SIZE_T bytes, ULONG tag)
{
    UCHAR *block = ExAllocatePoolWithTag(POOL_NONPAGED, bytes + 16, tag);
    if (!block)
        return 0;
    outstanding++;
    block[0] = 0;
    return block + 16;
}

static NTSTATUS KERNEL_CALL queue_request(struct request *request)
{
    struct request *queued = veldt_allocate(sizeof *queued, REQUEST_TAG);
    if (!queued)
        return STATUS_INSUFFICIENT_RESOURCES;
    queued->buffer = veldt_allocate(request->length / 8, GATHER_TAG);
    queued->next = request->next;
    request->next = queued;
    return STATUS_SUCCESS;
}

static NTSTATUS KERNEL_CALL control(struct request *request)
{
    request->buffer = veldt_allocate(request->code & 0xfff, CONTROL_TAG);
    return request->buffer ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS KERNEL_CALL DriverEntry(struct driver *driver, void *registry_path)
{
    (void)registry_path;
    driver->major[MAJOR_WRITE] = queue_request;
    driver->major[MAJOR_CONTROL] = control;
    return STATUS_NOT_SUPPORTED;
}
