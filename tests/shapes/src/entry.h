/* The entry point of a shape: runs BODY. */
NTSTATUS NTAPI DriverEntry(PVOID driver, PVOID path)
{
    (void)driver;
    (void)path;
    BODY;
    return 0;
}
