/* A plain port driver, the bystander: allocates at load and per request, frees both. */
#include "kernel.h"

#define PORT_TAG 'tPnG'   /* GnPt */
#define BUFFER_TAG 'fBnG' /* GnBf */

static void *table;

INIT_CODE_SECTION static void make_table(void)
{
    table = ExAllocatePoolWithTag(POOL_NONPAGED, 4000, PORT_TAG);
}

static NTSTATUS KERNEL_CALL transfer(struct request *request)
{
    UCHAR *bounce = ExAllocatePoolWithTag(POOL_NONPAGED, request->length, BUFFER_TAG);
    if (!bounce)
        return STATUS_INSUFFICIENT_RESOURCES;
    bounce[0] = ((UCHAR *)request->buffer)[0];
    DbgPrint("genport: %u\n", bounce[0]);
    ExFreePoolWithTag(bounce, BUFFER_TAG);
    return STATUS_SUCCESS;
}

NTSTATUS KERNEL_CALL DriverEntry(struct driver *driver, void *registry_path)
{
    (void)registry_path;
    make_table();
    driver->major[MAJOR_READ] = transfer;
    driver->major[MAJOR_WRITE] = transfer;
    if (table)
        ExFreePoolWithTag(table, PORT_TAG);
    return STATUS_NOT_SUPPORTED;
}
