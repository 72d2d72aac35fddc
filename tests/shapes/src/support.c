/* Storage, linked to every shape. */
#include "shape.h"

PVOID volatile Result;
ULONG volatile Unknown, Sink;
