//! The table of well-known tags; see `wellknown` for what its columns mean.

use super::pattern::TagPattern;
use super::wellknown::{Blame, TagClass, WellKnown};

use Blame::{No, NotByTagAlone, Yes};
use TagClass::{
    Bookkeeping, Cache, Driver, FrameworkDefault, IoObject, KernelObject, SharedLibrary,
    TraceBuffer, WindowsComponent,
};

const fn known(
    tag: [u8; 4],
    class: TagClass,
    blame: Blame,
    owner: &'static str,
    grows: &'static str,
    holders: &'static str,
    source: &'static str,
) -> WellKnown {
    WellKnown {
        pattern: TagPattern::new(tag),
        class,
        owner,
        grows,
        holders,
        blame,
        source,
    }
}

// Ways to find the holder, each said once.
const BY_HANDLES: &str = "any process with handles to it, or a driver that keeps a reference: compare the handle counts of processes (Task Manager's Handles column, handle.exe -s, poolcollect's processes.tsv) over the same time; if no process's handles grow, a driver keeps references";
const BY_IO: &str = "a driver that never completes or frees it: look for a driver's own tag that grows in step, then Driver Verifier with pool tracking, which charges this memory to the driver";
const BY_FILTERS: &str = "file-system filters (antivirus, backup, containers) that keep files open or pin their structures: list them with fltmc, look for a filter's tag that grows in step";
const BY_SOCKETS: &str = "a process with very many sockets, or a network filter: netstat -anob, netsh wfp show state, and a filter driver's tag that grows in step";
const BY_TRACES: &str = "trace sessions: logman query -ets lists them with their buffers";
const BY_NOTHING: &str = "nobody in particular; compare with the number of files, processes or with memory in use before suspecting it";
const BY_IMAGES: &str = "every image in the case that is shown to allocate with it; the one whose call site matches the pool that grows, and a driver's own tag that grows in step, tell more";

// Where things are known from.
const LIST: &str = "Microsoft's pooltag.txt; Windows driver documentation";
const EVENTS: &str =
    "a published case of refused connections caused by leaked events (serverdevworker.com)";
const PROCESSES: &str = "github.com/microsoft/Windows-Dev-Performance issue 139";
const MDLS: &str = "github.com/virtio-win/kvm-guest-drivers-windows issue 73";
const PHYSICAL: &str = "github.com/winfsp/winfsp issue 534";
const CONTAINERS: &str = "github.com/microsoft/Windows-Containers issue 646";
const CORPUS: &str = "measured on 5,094 third-party driver images";
const HEALTHY: &str = "seen large on a healthy Windows 10";
const DEFAULTS: &str =
    "Microsoft's documentation of ExAllocatePool and code analysis warning C28147";
const FRAMEWORK: &str = "Microsoft's documentation of WDF_DRIVER_CONFIG";

/// Tags by class; within a class the ones that show up most come first.
#[rustfmt::skip]
pub(super) const TABLE: &[WellKnown] = &[
    // Objects behind handles.
    known(*b"Even", KernelObject, No, "event objects", "handles to events that are never closed, or a driver that never drops its reference", BY_HANDLES, EVENTS),
    known(*b"Sema", KernelObject, No, "semaphore objects", "handles to semaphores that are never closed", BY_HANDLES, LIST),
    known(*b"Muta", KernelObject, No, "mutex (mutant) objects", "handles to mutexes that are never closed", BY_HANDLES, LIST),
    known(*b"Time", KernelObject, No, "timer objects", "handles to timers that are never closed", BY_HANDLES, LIST),
    known(*b"Key ", KernelObject, No, "registry key objects", "registry keys that are opened and never closed", BY_HANDLES, LIST),
    known(*b"File", KernelObject, No, "file objects: open files, pipes, devices, sockets", "files that are opened and never closed, or references that a filter or antivirus driver keeps", BY_HANDLES, LIST),
    known(*b"Thre", KernelObject, No, "thread objects", "threads that never end, or ended threads that someone still has a handle or a reference to", BY_HANDLES, LIST),
    known(*b"Proc", KernelObject, No, "process objects", "ended processes that someone still has a handle or a reference to: compare their number with that of living processes", BY_HANDLES, PROCESSES),
    known(*b"Toke", KernelObject, No, "access tokens", "log-ons and impersonations whose tokens are never released", BY_HANDLES, LIST),
    known(*b"Sect", KernelObject, No, "section objects", "mapped files and shared memory that are never closed", BY_HANDLES, LIST),
    known(*b"ALPC", KernelObject, No, "ports for local calls between processes", "connections between processes that are never closed", BY_HANDLES, LIST),
    known(*b"IoCo", KernelObject, No, "I/O completion objects", "completion ports that are never closed", BY_HANDLES, LIST),
    known(*b"IoCc", KernelObject, No, "I/O completion contexts", "completion ports that are never closed", BY_HANDLES, LIST),
    known(*b"Icp ", KernelObject, No, "packets that wait at completion ports", "a program that no longer takes packets from its completion port", BY_HANDLES, LIST),
    known(*b"ICP ", KernelObject, No, "packets that wait at completion ports", "a program that no longer takes packets from its completion port", BY_HANDLES, LIST),
    known(*b"Driv", KernelObject, No, "driver objects", "drivers that are loaded again and again", BY_HANDLES, LIST),
    known(*b"Devi", KernelObject, No, "device objects", "devices that are created and never deleted", BY_HANDLES, LIST),
    known(*b"Dire", KernelObject, No, "directories of the object manager", "object directories that are never closed", BY_HANDLES, LIST),
    known(*b"Symb", KernelObject, No, "symbolic links of the object manager", "links that are never deleted", BY_HANDLES, LIST),
    known(*b"ObNm", KernelObject, No, "the object manager: names, handle tables, security of objects", "the number of objects and handles", BY_HANDLES, LIST),
    known(*b"ObNM", KernelObject, No, "the object manager: names, handle tables, security of objects", "the number of objects and handles", BY_HANDLES, LIST),
    known(*b"ObCI", KernelObject, No, "the object manager: names, handle tables, security of objects", "the number of objects and handles", BY_HANDLES, LIST),
    known(*b"ObCi", KernelObject, No, "the object manager: names, handle tables, security of objects", "the number of objects and handles", BY_HANDLES, LIST),
    known(*b"ObDi", KernelObject, No, "the object manager: names, handle tables, security of objects", "the number of objects and handles", BY_HANDLES, LIST),
    known(*b"ObHd", KernelObject, No, "the object manager: names, handle tables, security of objects", "the number of objects and handles", BY_HANDLES, LIST),
    known(*b"ObDm", KernelObject, No, "the object manager: names, handle tables, security of objects", "the number of objects and handles", BY_HANDLES, LIST),
    known(*b"ObSc", KernelObject, No, "the object manager: names, handle tables, security of objects", "the number of objects and handles", BY_HANDLES, LIST),
    known(*b"ObSq", KernelObject, No, "the object manager: names, handle tables, security of objects", "the number of objects and handles", BY_HANDLES, LIST),
    known(*b"ObSt", KernelObject, No, "the object manager: names, handle tables, security of objects", "the number of objects and handles", BY_HANDLES, LIST),
    known(*b"ObWm", KernelObject, No, "the object manager: names, handle tables, security of objects", "the number of objects and handles", BY_HANDLES, LIST),
    known(*b"ObRt", KernelObject, No, "the object manager: names, handle tables, security of objects", "the number of objects and handles", BY_HANDLES, LIST),
    known(*b"ObjT", KernelObject, No, "the object manager: names, handle tables, security of objects", "the number of objects and handles", BY_HANDLES, LIST),
    known(*b"Obtb", KernelObject, No, "the object manager: names, handle tables, security of objects", "the number of objects and handles", BY_HANDLES, LIST),
    known(*b"ObTR", KernelObject, No, "the object manager: names, handle tables, security of objects", "the number of objects and handles", BY_HANDLES, LIST),
    known(*b"Obeb", KernelObject, No, "the object manager: names, handle tables, security of objects", "the number of objects and handles", BY_HANDLES, LIST),
    // Memory that the kernel allocates for drivers' I/O.
    known(*b"Irp ", IoObject, No, "I/O request packets", "requests that some driver pends and never completes, or allocates and never frees", BY_IO, LIST),
    known(*b"Irps", IoObject, No, "I/O request packets and what belongs to them", "requests that are never completed", BY_IO, LIST),
    known(*b"Irpl", IoObject, No, "I/O request packets and what belongs to them", "requests that are never completed", BY_IO, LIST),
    known(*b"IrpX", IoObject, No, "I/O request packets and what belongs to them", "requests that are never completed", BY_IO, LIST),
    known(*b"Mdl ", IoObject, No, "descriptions of locked memory for I/O", "buffers that a driver describes and never frees; network drivers above all", BY_IO, MDLS),
    known(*b"Mmdi", IoObject, No, "descriptions of physical pages that drivers allocate", "physical memory that a driver allocates and never frees; the pages themselves are in no pool", BY_IO, PHYSICAL),
    known(*b"IoWI", IoObject, No, "work items of drivers", "work items that a driver allocates and never frees", BY_IO, "a published case in which IoWI grew in step with one driver's own tag"),
    known(*b"IoFE", IoObject, No, "extensions of file objects", "file objects that are kept alive, by filters above all", BY_FILTERS, CONTAINERS),
    known(*b"IoSB", IoObject, No, "system buffers of buffered I/O", "buffered requests that are never completed", BY_IO, LIST),
    known(*b"IoEr", IoObject, No, "packets for the system event log", "drivers that log faster than the log is written", BY_IO, LIST),
    known(*b"IoNm", IoObject, No, "names of files while and as long as they are open", "the number of open files", BY_HANDLES, LIST),
    known(*b"Strg", IoObject, No, "strings that run-time routines allocate for their callers", "a driver that never frees its strings", BY_IO, "github.com/sandboxie-plus/Sandboxie issue 444"),
    known(*b"Cont", IoObject, No, "contiguous memory of drivers", "buffers for devices, allocated when a driver starts", BY_IO, LIST),
    known(*b"ConT", IoObject, No, "contiguous memory, as it seems; no list has it", "tens of megabytes are normal on Windows 10 and 11", BY_IO, HEALTHY),
    // Caches.
    known(*b"MmCa", Cache, No, "control areas of mapped and cached files", "the number of files that were ever opened and are still cached", BY_NOTHING, HEALTHY),
    known(*b"MmSt", Cache, No, "page tables of mapped and cached files (paged)", "the size of files in the cache", BY_NOTHING, HEALTHY),
    known(*b"CcSc", Cache, No, "the cache manager's maps of files", "the number of files in the cache", BY_NOTHING, HEALTHY),
    known(*b"CcVa", Cache, No, "the cache manager's tables of views", "the number of files in the cache", BY_NOTHING, LIST),
    known(*b"FMsl", Cache, No, "the filter manager's list of contexts of each open stream", "the number of cached files; with filters that never release contexts, without end", BY_FILTERS, HEALTHY),
    known(*b"FMsc", Cache, No, "the filter manager's section contexts", "the number of cached files that filters look at", BY_FILTERS, HEALTHY),
    known(*b"FMfn", Cache, No, "the filter manager's cache of names", "the number of files in use", BY_FILTERS, HEALTHY),
    known(*b"Ntf?", Cache, No, "NTFS structures of open and cached files", "the number of cached files; without end where a filter pins them", BY_FILTERS, CONTAINERS),
    known(*b"NtFC", Cache, No, "NTFS structures of open and cached files", "the number of cached files; without end where a filter pins them", BY_FILTERS, CONTAINERS),
    known(*b"Ntx?", Cache, No, "NTFS structures of open and cached files that must not be paged", "the number of cached files; without end where a filter pins them", BY_FILTERS, CONTAINERS),
    known(*b"MSb+", Cache, No, "metadata cache of ReFS", "the metadata that was touched; early Windows Server 2016 kept too much of it", BY_NOTHING, "Microsoft KB4013429"),
    known(*b"MSde", Cache, No, "metadata cache of ReFS", "the metadata that was changed", BY_NOTHING, "Microsoft KB4013429"),
    known(*b"smNp", Cache, No, "nodes of the memory-compression store", "how much memory is compressed, in whole pages", BY_NOTHING, HEALTHY),
    known(*b"smBt", Cache, No, "the store of memory compression and ReadyBoost", "how much memory is compressed, in whole pages", BY_NOTHING, HEALTHY),
    known(*b"smCB", Cache, No, "the store of memory compression and ReadyBoost", "how much memory is compressed, in whole pages", BY_NOTHING, HEALTHY),
    known(*b"smSt", Cache, No, "the store of memory compression and ReadyBoost", "how much memory is compressed, in whole pages", BY_NOTHING, HEALTHY),
    known(*b"smXt", Cache, No, "the store of memory compression and ReadyBoost", "how much memory is compressed, in whole pages", BY_NOTHING, HEALTHY),
    known(*b"smAr", Cache, No, "the store of memory compression and ReadyBoost", "how much memory is compressed, in whole pages", BY_NOTHING, HEALTHY),
    known(*b"smRg", Cache, No, "the store of memory compression and ReadyBoost", "how much memory is compressed, in whole pages", BY_NOTHING, HEALTHY),
    known(*b"smCR", Cache, No, "the store of memory compression and ReadyBoost", "how much memory is compressed, in whole pages", BY_NOTHING, HEALTHY),
    known(*b"smMD", Cache, No, "the store of memory compression and ReadyBoost", "how much memory is compressed, in whole pages", BY_NOTHING, HEALTHY),
    known(*b"smWi", Cache, No, "the store of memory compression and ReadyBoost", "how much memory is compressed, in whole pages", BY_NOTHING, HEALTHY),
    known(*b"CM  ", Cache, No, "the registry", "the part of the registry that is in use; mostly paged", BY_NOTHING, HEALTHY),
    known(*b"CM16", Cache, No, "the registry", "the part of the registry that is in use; mostly paged", BY_NOTHING, HEALTHY),
    known(*b"CM25", Cache, No, "the registry", "the part of the registry that is in use; mostly paged", BY_NOTHING, HEALTHY),
    known(*b"CM31", Cache, No, "the registry", "the part of the registry that is in use; mostly paged", BY_NOTHING, HEALTHY),
    known(*b"CMkb", Cache, No, "the registry", "the part of the registry that is in use; mostly paged", BY_NOTHING, HEALTHY),
    // Tracing.
    known(*b"EtwB", TraceBuffer, No, "buffers of event tracing", "trace sessions with many or large buffers; hundreds of megabytes can be intended", BY_TRACES, HEALTHY),
    known(*b"Etw?", TraceBuffer, No, "event tracing", "providers and sessions", BY_TRACES, LIST),
    // Bookkeeping of memory and processes.
    known(*b"Vad ", Bookkeeping, No, "descriptions of processes' address ranges", "processes and what they map", BY_NOTHING, LIST),
    known(*b"Vad?", Bookkeeping, No, "descriptions of processes' address ranges", "processes and what they map", BY_NOTHING, LIST),
    known(*b"MmPb", Bookkeeping, No, "bitmaps of paging files", "the size of the paging files", BY_NOTHING, LIST),
    // Components that hold memory for others.
    known(*b"FM??", WindowsComponent, NotByTagAlone, "the filter manager, on behalf of file-system filters", "open files and the filters that look at them", BY_FILTERS, CONTAINERS),
    known(*b"WC??", WindowsComponent, NotByTagAlone, "the filter for containers (wcifs.sys); no list has it", "contexts of files in containers, which pin NTFS structures", BY_FILTERS, CONTAINERS),
    known(*b"Afd?", WindowsComponent, NotByTagAlone, "the socket layer (afd.sys)", "the number of sockets and the data that waits in them", BY_SOCKETS, LIST),
    known(*b"TcpE", WindowsComponent, NotByTagAlone, "TCP endpoints (tcpip.sys)", "the number of sockets", BY_SOCKETS, LIST),
    known(*b"UdpA", WindowsComponent, NotByTagAlone, "UDP endpoints (tcpip.sys)", "the number of sockets", BY_SOCKETS, LIST),
    known(*b"Ipng", WindowsComponent, NotByTagAlone, "IP buffers (tcpip.sys)", "traffic and filters that hold packets", BY_SOCKETS, LIST),
    known(*b"TNbl", WindowsComponent, NotByTagAlone, "packets of TCP (tcpip.sys)", "packets that a network driver or filter does not give back", BY_SOCKETS, LIST),
    known(*b"UNbl", WindowsComponent, NotByTagAlone, "packets of UDP (tcpip.sys)", "packets that a network driver or filter does not give back", BY_SOCKETS, LIST),
    known(*b"acrl", WindowsComponent, NotByTagAlone, "connection state of the filtering platform (tcpip.sys); no list has it", "connections under a filter that keeps them", BY_SOCKETS, "github.com/qbittorrent/qBittorrent issue 17218"),
    known(*b"Wfp?", WindowsComponent, NotByTagAlone, "the filtering platform (netio.sys)", "filters and the flows they follow", BY_SOCKETS, LIST),
    known(*b"NDpp", WindowsComponent, NotByTagAlone, "packet pools of network drivers (ndis.sys)", "network drivers that make pools of packets and do not free them", BY_SOCKETS, LIST),
    known(*b"NDnb", WindowsComponent, NotByTagAlone, "packet pools of network drivers (ndis.sys), as it seems; no list has it", "network drivers that make pools of packets and do not free them", BY_SOCKETS, LIST),
    known(*b"Ul??", WindowsComponent, NotByTagAlone, "the HTTP server (http.sys): connections, requests, its cache", "the number of connections and requests that wait, the response cache", "the web applications behind it: requests in flight and queues of application pools", LIST),
    known(*b"Uc??", WindowsComponent, NotByTagAlone, "the HTTP client side of http.sys", "outgoing requests", "the programs that make them", LIST),
    known(*b"LSwi", WindowsComponent, NotByTagAlone, "work contexts of the file server (srv.sys)", "requests of file-sharing clients", "the file server's clients and filters under it", LIST),
    known(*b"LSwr", WindowsComponent, NotByTagAlone, "work contexts of the file server (srv.sys)", "requests of file-sharing clients", "the file server's clients and filters under it", LIST),
    // Tags of static libraries and headers.
    known(*b"Wdm ", SharedLibrary, NotByTagAlone, "drivers that use the default tag of an old driver kit's header", "whatever such a driver allocates", BY_IMAGES, CORPUS),
    known(*b"Ddk ", SharedLibrary, NotByTagAlone, "drivers that use the default tag of an old driver kit's header", "whatever such a driver allocates", BY_IMAGES, DEFAULTS),
    known(*b"SeAl", SharedLibrary, NotByTagAlone, "the library for secure device objects, linked into drivers of many vendors", "device objects with security descriptors", BY_IMAGES, CORPUS),
    known(*b"SeSd", SharedLibrary, NotByTagAlone, "security descriptors: of the kernel, and of the library for secure device objects", "objects with security of their own", BY_IMAGES, CORPUS),
    known(*b"SeTs", SharedLibrary, NotByTagAlone, "the library for secure device objects, linked into drivers of many vendors", "device objects with security descriptors", BY_IMAGES, CORPUS),
    known(*b"PpUc", SharedLibrary, NotByTagAlone, "the library for secure device objects, linked into drivers of many vendors", "device objects with security descriptors", BY_IMAGES, CORPUS),
    known(*b"PpRb", SharedLibrary, NotByTagAlone, "the library for secure device objects, linked into drivers of many vendors", "device objects with security descriptors", BY_IMAGES, CORPUS),
    known(*b"PcCr", SharedLibrary, NotByTagAlone, "the audio port library, linked into audio drivers of many vendors", "audio streams and devices", BY_IMAGES, CORPUS),
    known(*b"PcNw", SharedLibrary, NotByTagAlone, "the audio port library, linked into audio drivers of many vendors", "audio streams and devices", BY_IMAGES, CORPUS),
    known(*b"Rx??", SharedLibrary, NotByTagAlone, "the library for network file systems: rdbss.sys and every redirector that links it", "open files and connections on network drives", BY_IMAGES, CORPUS),
    // Defaults.
    known(*b"None", FrameworkDefault, NotByTagAlone, "drivers that allocate without any tag", "whatever such a driver allocates", BY_IMAGES, DEFAULTS),
    known(*b"FxDr", FrameworkDefault, NotByTagAlone, "the driver framework (Wdf01000.sys), for drivers whose service name is too short for a tag of their own", "whatever such a driver allocates through the framework", BY_IMAGES, FRAMEWORK),
    known(*b"NDam", FrameworkDefault, NotByTagAlone, "ndis.sys, for network drivers that allocate without a tag", "whatever such a driver allocates", BY_IMAGES, LIST),
    // Single drivers that are often met.
    known(*b"Leak", Driver, Yes, "the leak of Sysinternals' NotMyFault (myfault.sys), made on purpose", "the test tool while it runs", "whoever runs the tool", "Sysinternals NotMyFault"),
    known(*b"SysR", Driver, Yes, "Sysinternals Sysmon (SysmonDrv.sys); no list has it", "a version of the driver that did not free its rules", "the driver; update it", "github.com/MicrosoftDocs/sysinternals issue 92"),
    known(*b"NVRM", Driver, Yes, "NVIDIA's display driver; no list has it", "graphics and compute work", "the driver; update it", "github.com/microsoft/WSL issue 12756"),
    known(*b"NPBL", Driver, Yes, "the packet capture driver npcap, as reported; no list has it", "captured packets that are never given back", "the driver; update it", "github.com/nmap/npcap issues 213, 318 and 688"),
    known(*b"4321", Driver, Yes, "the packet capture driver npcap, whose author wrote the tag backwards", "captured packets that are never given back", "the driver; update it", "github.com/nmap/npcap issues 213, 318 and 688"),
];
