/* What compilers call by themselves to clear and copy structures; linked only where used. */
#include "shape.h"

void *memset(void *to, int value, SIZE_T size)
{
    for (volatile UCHAR *p = to; size--;) *p++ = (UCHAR)value;
    return to;
}

void *memcpy(void *to, const void *from, SIZE_T size)
{
    const volatile UCHAR *q = from;
    for (volatile UCHAR *p = to; size--;) *p++ = *q++;
    return to;
}
