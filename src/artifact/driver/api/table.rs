//! The rows. Positions are those of the public reference (Microsoft, windows-driver-docs-ddi,
//! the page of each function) unless a row says otherwise.

use super::{Api, Arg, Family, Kind, PoolPlace, Role, TagPlace};
use crate::tag::Pool;

/// Public reference pages of the functions.
const DDI: &str = "Microsoft driver reference (windows-driver-docs-ddi)";
/// Function numbers and structure layouts of public KMDF headers.
const KMDF: &str = "public KMDF headers (wdffuncenum.h), arguments behind the globals";
/// Positions observed in shipped images; the reference has no page.
const SEEN: &str = "observed at call sites of shipped drivers";

const NONPAGED: PoolPlace = PoolPlace::Always(Pool::NonPaged);
const PAGED: PoolPlace = PoolPlace::Always(Pool::Paged);
const UNSAID: PoolPlace = PoolPlace::Unsaid;

const fn arg(index: u8) -> TagPlace {
    TagPlace::Argument(Arg::at(index))
}

const fn of_type(index: u8) -> PoolPlace {
    PoolPlace::Type(Arg::at(index))
}

const fn of_flags(index: u8) -> PoolPlace {
    PoolPlace::Flags(Arg::at(index))
}

const fn size(index: u8) -> Option<Arg> {
    Some(Arg::at(index))
}

const fn row(
    name: &'static str,
    family: Family,
    kind: Kind,
    tag: TagPlace,
    pool: PoolPlace,
    size: Option<Arg>,
) -> Api {
    Api {
        name,
        family,
        kind,
        role: Role::Allocate,
        tag,
        pool,
        size,
        source: DDI,
    }
}

const fn direct(
    name: &'static str,
    family: Family,
    tag: u8,
    pool: PoolPlace,
    size: Option<Arg>,
) -> Api {
    row(name, family, Kind::Direct, arg(tag), pool, size)
}

const fn lookaside(name: &'static str, family: Family, tag: u8, pool: PoolPlace, bytes: u8) -> Api {
    row(name, family, Kind::Lookaside, arg(tag), pool, size(bytes))
}

const fn free(name: &'static str, family: Family, tag: u8) -> Api {
    Api {
        role: Role::Free,
        ..direct(name, family, tag, UNSAID, None)
    }
}

const fn not_pool(name: &'static str, family: Family, tag: u8) -> Api {
    Api {
        kind: Kind::NotPool,
        ..direct(name, family, tag, UNSAID, None)
    }
}

const fn untagged(name: &'static str, pool: PoolPlace) -> Api {
    row(
        name,
        Family::Kernel,
        Kind::Direct,
        TagPlace::Fixed(*b"None"),
        pool,
        size(1),
    )
}

const fn field(name: &'static str, family: Family, pointer: u8, wide: u8, x86: u8) -> Api {
    let tag = TagPlace::Field {
        pointer: Arg::at(pointer),
        wide,
        x86,
    };
    row(name, family, Kind::Direct, tag, NONPAGED, None)
}

const fn split_flags(name: &'static str) -> Api {
    let tag = TagPlace::Argument(Arg::split(2, 3));
    row(
        name,
        Family::Kernel,
        Kind::Direct,
        tag,
        of_flags(0),
        Some(Arg::split(1, 2)),
    )
}

const fn from(source: &'static str, api: Api) -> Api {
    Api { source, ..api }
}

const fn framework(name: &'static str, tag: TagPlace, pool: PoolPlace, size: Option<Arg>) -> Api {
    from(
        KMDF,
        row(name, Family::Framework, Kind::Framework, tag, pool, size),
    )
}

/// Every API that carries a tag.
pub static TABLE: &[Api] = &[
    // Kernel: pool.
    direct(
        "ExAllocatePoolWithTag",
        Family::Kernel,
        2,
        of_type(0),
        size(1),
    ),
    direct(
        "ExAllocatePoolWithQuotaTag",
        Family::Kernel,
        2,
        of_type(0),
        size(1),
    ),
    direct(
        "ExAllocatePoolWithTagPriority",
        Family::Kernel,
        2,
        of_type(0),
        size(1),
    ),
    split_flags("ExAllocatePool2"),
    split_flags("ExAllocatePool3"),
    untagged("ExAllocatePool", of_type(0)),
    untagged("ExAllocatePoolWithQuota", of_type(0)),
    free("ExFreePoolWithTag", Family::Kernel, 1),
    free("ExFreePool2", Family::Kernel, 1),
    direct("ExCreatePool", Family::Kernel, 1, UNSAID, None),
    // Inline in current headers, so imported only from images of unusual toolchains.
    direct("ExAllocatePoolZero", Family::Kernel, 2, of_type(0), size(1)),
    direct(
        "ExAllocatePoolUninitialized",
        Family::Kernel,
        2,
        of_type(0),
        size(1),
    ),
    direct(
        "ExAllocatePoolQuotaZero",
        Family::Kernel,
        2,
        of_type(0),
        size(1),
    ),
    direct(
        "ExAllocatePoolQuotaUninitialized",
        Family::Kernel,
        2,
        of_type(0),
        size(1),
    ),
    direct(
        "ExAllocatePoolPriorityZero",
        Family::Kernel,
        2,
        of_type(0),
        size(1),
    ),
    direct(
        "ExAllocatePoolPriorityUninitialized",
        Family::Kernel,
        2,
        of_type(0),
        size(1),
    ),
    direct(
        "FsRtlAllocatePoolWithTag",
        Family::Kernel,
        2,
        of_type(0),
        size(1),
    ),
    direct(
        "FsRtlAllocatePoolWithQuotaTag",
        Family::Kernel,
        2,
        of_type(0),
        size(1),
    ),
    // Kernel: lookaside lists.
    lookaside(
        "ExInitializeNPagedLookasideList",
        Family::Kernel,
        5,
        NONPAGED,
        4,
    ),
    lookaside(
        "ExInitializePagedLookasideList",
        Family::Kernel,
        5,
        PAGED,
        4,
    ),
    lookaside(
        "ExInitializeLookasideListEx",
        Family::Kernel,
        6,
        of_type(3),
        5,
    ),
    lookaside(
        "FsRtlInitExtraCreateParameterLookasideList",
        Family::Kernel,
        3,
        UNSAID,
        2,
    ),
    // Kernel: other objects with a tag of the caller.
    direct(
        "ExAllocateCacheAwareRundownProtection",
        Family::Kernel,
        1,
        of_type(0),
        None,
    ),
    direct(
        "MmAllocateMappingAddress",
        Family::Kernel,
        1,
        UNSAID,
        size(0),
    ),
    direct(
        "MmAllocateMappingAddressEx",
        Family::Kernel,
        1,
        UNSAID,
        size(0),
    ),
    free("MmFreeMappingAddress", Family::Kernel, 1),
    row(
        "MmAllocateContiguousMemoryEx",
        Family::Kernel,
        Kind::Direct,
        TagPlace::Argument(Arg::split(7, 10)),
        NONPAGED,
        None,
    ),
    direct(
        "FsRtlAllocateExtraCreateParameter",
        Family::Kernel,
        4,
        UNSAID,
        size(1),
    ),
    direct(
        "FsRtlAllocateAePushLock",
        Family::Kernel,
        1,
        of_type(0),
        None,
    ),
    // Kernel: tags that are no pool tags, or only checked against one.
    not_pool("ObReferenceObjectWithTag", Family::Kernel, 1),
    not_pool("ObfReferenceObjectWithTag", Family::Kernel, 1),
    not_pool("ObReferenceObjectByPointerWithTag", Family::Kernel, 4),
    not_pool("ObReferenceObjectByHandleWithTag", Family::Kernel, 4),
    not_pool("ObReferenceObjectSafeWithTag", Family::Kernel, 1),
    not_pool("ObOpenObjectByPointerWithTag", Family::Kernel, 6),
    not_pool("ObDereferenceObjectWithTag", Family::Kernel, 1),
    not_pool("ObfDereferenceObjectWithTag", Family::Kernel, 1),
    not_pool("ObDereferenceObjectDeferDeleteWithTag", Family::Kernel, 1),
    not_pool("IoInitializeRemoveLockEx", Family::Kernel, 1),
    not_pool("IoAcquireRemoveLockEx", Family::Kernel, 1),
    not_pool("IoReleaseRemoveLockEx", Family::Kernel, 1),
    not_pool("IoReleaseRemoveLockAndWaitEx", Family::Kernel, 1),
    not_pool("MmMapLockedPagesWithReservedMapping", Family::Kernel, 1),
    not_pool("MmUnmapReservedMapping", Family::Kernel, 1),
    not_pool("ExSecurePoolUpdate", Family::Kernel, 1),
    not_pool("ExSecurePoolValidate", Family::Kernel, 1),
    // Filter manager.
    direct(
        "FltAllocatePoolAlignedWithTag",
        Family::FilterManager,
        3,
        of_type(1),
        size(2),
    ),
    free("FltFreePoolAlignedWithTag", Family::FilterManager, 2),
    direct(
        "FltAllocateExtraCreateParameter",
        Family::FilterManager,
        5,
        UNSAID,
        size(2),
    ),
    lookaside(
        "FltInitExtraCreateParameterLookasideList",
        Family::FilterManager,
        4,
        UNSAID,
        3,
    ),
    row(
        "FltRegisterFilter",
        Family::FilterManager,
        Kind::Direct,
        TagPlace::FilterContexts(Arg::at(1)),
        UNSAID,
        None,
    ),
    // NDIS.
    direct(
        "NdisAllocateMemoryWithTag",
        Family::Ndis,
        2,
        NONPAGED,
        size(1),
    ),
    direct(
        "NdisAllocateMemoryWithTagPriority",
        Family::Ndis,
        2,
        NONPAGED,
        size(1),
    ),
    free("NdisFreeMemoryWithTag", Family::Ndis, 1),
    free("NdisFreeMemoryWithTagPriority", Family::Ndis, 2),
    lookaside(
        "NdisInitializeNPagedLookasideList",
        Family::Ndis,
        5,
        NONPAGED,
        4,
    ),
    direct(
        "NdisAllocateGenericObject",
        Family::Ndis,
        1,
        NONPAGED,
        size(2),
    ),
    direct(
        "NdisAllocateCloneOidRequest",
        Family::Ndis,
        2,
        NONPAGED,
        None,
    ),
    direct(
        "NdisAllocateNetBufferListContext",
        Family::Ndis,
        3,
        NONPAGED,
        size(1),
    ),
    field("NdisAllocateNetBufferListPool", Family::Ndis, 1, 8, 8),
    field("NdisAllocateNetBufferPool", Family::Ndis, 1, 4, 4),
    field("NdisAllocateTimerObject", Family::Ndis, 1, 4, 4),
    // Port drivers.
    from(
        "storport.h: StorPortAllocatePool is function 0 of StorPortExtendedFunction",
        row(
            "StorPortExtendedFunction",
            Family::StorPort,
            Kind::Direct,
            TagPlace::ArgumentWhen {
                tag: Arg::at(3),
                first: 0,
            },
            NONPAGED,
            size(2),
        ),
    ),
    direct(
        "VideoPortAllocatePool",
        Family::VideoPort,
        3,
        PoolPlace::VideoType(Arg::at(1)),
        size(2),
    ),
    direct("USBD_CreateHandle", Family::Usb, 3, NONPAGED, None),
    direct(
        "USBD_ValidateConfigurationDescriptor",
        Family::Usb,
        4,
        NONPAGED,
        None,
    ),
    direct("_KsEdit", Family::Streaming, 4, UNSAID, size(2)),
    from(
        SEEN,
        direct(
            "_RxAllocatePoolWithTag",
            Family::Rdbss,
            2,
            of_type(0),
            size(1),
        ),
    ),
    direct("EngAllocMem", Family::Win32k, 2, PAGED, size(1)),
    direct("EngAllocUserMem", Family::Win32k, 1, UNSAID, size(0)),
    from(
        SEEN,
        direct("Win32AllocPool", Family::Win32k, 1, PAGED, size(0)),
    ),
    from(
        SEEN,
        direct("Win32AllocPoolZInit", Family::Win32k, 1, PAGED, size(0)),
    ),
    from(
        SEEN,
        direct("Win32AllocPoolWithQuota", Family::Win32k, 1, PAGED, size(0)),
    ),
    from(
        SEEN,
        direct(
            "Win32AllocPoolWithQuotaZInit",
            Family::Win32k,
            1,
            PAGED,
            size(0),
        ),
    ),
    from(
        SEEN,
        direct(
            "Win32AllocPoolNonPaged",
            Family::Win32k,
            1,
            NONPAGED,
            size(0),
        ),
    ),
    from(
        SEEN,
        direct(
            "Win32AllocPoolNonPagedNX",
            Family::Win32k,
            1,
            NONPAGED,
            size(0),
        ),
    ),
    from(
        SEEN,
        direct(
            "Win32AllocPoolNonPagedNXZInit",
            Family::Win32k,
            1,
            NONPAGED,
            size(0),
        ),
    ),
    // Framework: arguments behind the globals pointer, which the table functions take first.
    framework("WdfMemoryCreate", arg(3), of_type(2), size(4)),
    framework("WdfLookasideListCreate", arg(5), of_type(3), size(2)),
    framework(
        "WdfDriverCreate",
        TagPlace::Field {
            pointer: Arg::at(4),
            wide: 28,
            x86: 16,
        },
        UNSAID,
        None,
    ),
];

/// Framework functions by their index in the function table. The numbers are part of the
/// binary interface and the same in all versions.
pub(super) const FRAMEWORK_INDICES: [(u32, &str); 3] = [
    (116, "WdfDriverCreate"),
    (192, "WdfMemoryCreate"),
    (198, "WdfLookasideListCreate"),
];
