/* Tarn USB function driver: a recent driver that allocates through ExAllocatePool2. */
#include "kernel.h"

#define URB_TAG 'rUrT'     /* TrUr */
#define CONTEXT_TAG 'tCrT' /* TrCt */

static NTSTATUS KERNEL_CALL submit(struct request *request)
{
    struct request *context = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *context, CONTEXT_TAG);
    if (!context)
        return STATUS_INSUFFICIENT_RESOURCES;
    context->buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, request->length, URB_TAG);
    if (!context->buffer) {
        ExFreePoolWithTag(context, CONTEXT_TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    context->next = request->next;
    request->next = context;
    return STATUS_SUCCESS;
}

NTSTATUS KERNEL_CALL DriverEntry(struct driver *driver, void *registry_path)
{
    (void)registry_path;
    driver->major[MAJOR_WRITE] = submit;
    return STATUS_NOT_SUPPORTED;
}
