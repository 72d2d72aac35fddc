//! Every call of Windows', and all `unsafe` of the program.
//!
//! What each call relies on stands above it. In general: structures are `repr(C)` with the layout
//! of the Windows SDK's headers and consist of plain numbers, for which all bit patterns are valid;
//! lengths that are passed are those of the buffers that are passed; text is UTF-16 and ends with
//! a NUL; handles are closed by the type that owns them.

#![allow(unsafe_code)]

use poolsleuth_collect::args::Priority;
use poolsleuth_collect::bytes::{u32_at, u64_at, wide_text};
use poolsleuth_collect::host::{Answer, Memory, Performance, Space, Stop, Value};
use std::ffi::{c_void, OsStr};
use std::mem::{size_of, zeroed};
use std::os::windows::ffi::OsStrExt;
use std::path::Path;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

type Handle = *mut c_void;
type Bool = i32;

#[link(name = "ntdll")]
extern "system" {
    fn NtQuerySystemInformation(
        class: u32,
        buffer: *mut c_void,
        length: u32,
        returned: *mut u32,
    ) -> i32;
    fn RtlGetVersion(version: *mut OsVersionInfo) -> i32;
}

#[link(name = "kernel32")]
extern "system" {
    fn K32GetPerformanceInfo(info: *mut PerformanceInfo, size: u32) -> Bool;
    fn GlobalMemoryStatusEx(status: *mut MemoryStatusEx) -> Bool;
    fn GetSystemTimeAsFileTime(time: *mut [u32; 2]);
    fn GetTickCount64() -> u64;
    fn GetDynamicTimeZoneInformation(zone: *mut DynamicTimeZone) -> u32;
    fn GetDiskFreeSpaceExW(
        folder: *const u16,
        free: *mut u64,
        total: *mut u64,
        all_free: *mut u64,
    ) -> Bool;
    fn GetNativeSystemInfo(info: *mut SystemInfo);
    fn GetActiveProcessorCount(group: u16) -> u32;
    fn GetComputerNameExW(kind: i32, name: *mut u16, length: *mut u32) -> Bool;
    fn GetCurrentProcess() -> Handle;
    fn IsWow64Process(process: Handle, wow64: *mut Bool) -> Bool;
    fn SetPriorityClass(process: Handle, class: u32) -> Bool;
    fn SetConsoleCtrlHandler(handler: extern "system" fn(u32) -> Bool, add: Bool) -> Bool;
    fn CreateEventW(security: *const c_void, manual: Bool, set: Bool, name: *const u16) -> Handle;
    fn SetEvent(event: Handle) -> Bool;
    fn CreateMutexW(security: *const c_void, own: Bool, name: *const u16) -> Handle;
    fn WaitForSingleObject(object: Handle, milliseconds: u32) -> u32;
    fn Sleep(milliseconds: u32);
    fn CloseHandle(object: Handle) -> Bool;
    fn GetLastError() -> u32;
    fn ExitProcess(code: u32) -> !;
}

#[link(name = "advapi32")]
extern "system" {
    fn OpenProcessToken(process: Handle, access: u32, token: *mut Handle) -> Bool;
    fn GetTokenInformation(
        token: Handle,
        class: u32,
        out: *mut c_void,
        size: u32,
        used: *mut u32,
    ) -> Bool;
    fn LookupPrivilegeValueW(system: *const u16, name: *const u16, luid: *mut [u32; 2]) -> Bool;
    fn AdjustTokenPrivileges(
        token: Handle,
        disable_all: Bool,
        new: *const Privileges,
        size: u32,
        old: *mut c_void,
        old_size: *mut u32,
    ) -> Bool;
    fn RegOpenKeyExW(
        key: Handle,
        path: *const u16,
        options: u32,
        access: u32,
        out: *mut Handle,
    ) -> i32;
    fn RegCloseKey(key: Handle) -> i32;
    fn RegQueryValueExW(
        key: Handle,
        name: *const u16,
        reserved: *mut u32,
        kind: *mut u32,
        data: *mut u8,
        size: *mut u32,
    ) -> i32;
    fn RegEnumKeyExW(
        key: Handle,
        index: u32,
        name: *mut u16,
        length: *mut u32,
        reserved: *mut u32,
        class: *mut u16,
        class_length: *mut u32,
        written: *mut [u32; 2],
    ) -> i32;
    fn RegEnumValueW(
        key: Handle,
        index: u32,
        name: *mut u16,
        length: *mut u32,
        reserved: *mut u32,
        kind: *mut u32,
        data: *mut u8,
        size: *mut u32,
    ) -> i32;
}

/// winternl.h / wdm.h: RTL_OSVERSIONINFOEXW.
#[repr(C)]
struct OsVersionInfo {
    size: u32,
    major: u32,
    minor: u32,
    build: u32,
    platform: u32,
    service_pack: [u16; 128],
    service_pack_major: u16,
    service_pack_minor: u16,
    suite: u16,
    product_type: u8,
    reserved: u8,
}

/// psapi.h: PERFORMANCE_INFORMATION.
#[repr(C)]
struct PerformanceInfo {
    size: u32,
    commit_total: usize,
    commit_limit: usize,
    commit_peak: usize,
    physical_total: usize,
    physical_available: usize,
    system_cache: usize,
    kernel_total: usize,
    kernel_paged: usize,
    kernel_nonpaged: usize,
    page_size: usize,
    handles: u32,
    processes: u32,
    threads: u32,
}

/// sysinfoapi.h: MEMORYSTATUSEX.
#[repr(C)]
struct MemoryStatusEx {
    size: u32,
    load: u32,
    total: u64,
    available: u64,
    page_file_total: u64,
    page_file_available: u64,
    virtual_total: u64,
    virtual_available: u64,
    extended: u64,
}

/// timezoneapi.h: DYNAMIC_TIME_ZONE_INFORMATION.
#[repr(C)]
struct DynamicTimeZone {
    bias: i32,
    standard_name: [u16; 32],
    standard_date: [u16; 8],
    standard_bias: i32,
    daylight_name: [u16; 32],
    daylight_date: [u16; 8],
    daylight_bias: i32,
    key_name: [u16; 128],
    dynamic_disabled: u8,
}

/// sysinfoapi.h: SYSTEM_INFO.
#[repr(C)]
struct SystemInfo {
    architecture: u16,
    reserved: u16,
    page_size: u32,
    lowest: usize,
    highest: usize,
    mask: usize,
    processors: u32,
    kind: u32,
    granularity: u32,
    level: u16,
    revision: u16,
}

/// winnt.h: TOKEN_PRIVILEGES with one entry.
#[repr(C)]
struct Privileges {
    count: u32,
    luid: [u32; 2],
    attributes: u32,
}

fn wide(text: impl AsRef<OsStr>) -> Vec<u16> {
    text.as_ref()
        .encode_wide()
        .filter(|&unit| unit != 0)
        .chain([0])
        .collect()
}

fn text_of(units: &[u16]) -> String {
    let units: Vec<u16> = units
        .iter()
        .copied()
        .take_while(|&unit| unit != 0)
        .collect();
    String::from_utf16_lossy(&units)
}

/// `NtQuerySystemInformation` into a buffer.
pub fn query_system_information(class: u32, buffer: &mut [u8]) -> Answer {
    let length = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
    let mut returned = 0;
    // SAFETY: the kernel writes at most `length` bytes, which the buffer has, and one u32.
    let status = unsafe {
        NtQuerySystemInformation(class, buffer.as_mut_ptr().cast(), length, &mut returned)
    };
    Answer {
        status: status as u32,
        length: returned,
    }
}

/// Version and product type.
pub fn version() -> ((u32, u32, u32), u32) {
    // SAFETY: plain numbers; the size tells the function which structure it fills.
    let info = unsafe {
        let mut info: OsVersionInfo = zeroed();
        info.size = size_of::<OsVersionInfo>() as u32;
        RtlGetVersion(&mut info);
        info
    };
    (
        (info.major, info.minor, info.build),
        info.product_type.into(),
    )
}

/// `K32GetPerformanceInfo`.
pub fn performance_info() -> Option<Performance> {
    let size = size_of::<PerformanceInfo>() as u32;
    // SAFETY: plain numbers; `size` bytes are written at most.
    let (info, done) = unsafe {
        let mut info: PerformanceInfo = zeroed();
        info.size = size;
        let done = K32GetPerformanceInfo(&mut info, size);
        (info, done)
    };
    (done != 0).then(|| Performance {
        commit_total: info.commit_total as u64,
        commit_limit: info.commit_limit as u64,
        commit_peak: info.commit_peak as u64,
        physical_total: info.physical_total as u64,
        physical_available: info.physical_available as u64,
        system_cache: info.system_cache as u64,
        kernel_total: info.kernel_total as u64,
        kernel_paged: info.kernel_paged as u64,
        kernel_nonpaged: info.kernel_nonpaged as u64,
        page_size: info.page_size as u64,
        handles: info.handles,
        processes: info.processes,
        threads: info.threads,
    })
}

/// `GlobalMemoryStatusEx`.
pub fn memory_status() -> Option<Memory> {
    // SAFETY: plain numbers; the size tells the function how much it may write.
    let (status, done) = unsafe {
        let mut status: MemoryStatusEx = zeroed();
        status.size = size_of::<MemoryStatusEx>() as u32;
        let done = GlobalMemoryStatusEx(&mut status);
        (status, done)
    };
    (done != 0).then(|| Memory {
        total: status.total,
        available: status.available,
        page_file_total: status.page_file_total,
        page_file_available: status.page_file_available,
    })
}

/// 100-ns units since 1601, UTC.
pub fn system_time() -> u64 {
    let mut time = [0; 2];
    // SAFETY: two u32 are written: low part, high part.
    unsafe { GetSystemTimeAsFileTime(&mut time) };
    u64::from(time[1]) << 32 | u64::from(time[0])
}

/// Milliseconds since the system started.
pub fn tick_count() -> u64 {
    // SAFETY: no arguments.
    unsafe { GetTickCount64() }
}

/// Name of the time zone and minutes to add to local time for UTC.
pub struct TimeZone {
    /// Windows' own name, whatever the language.
    pub name: String,
    /// Without daylight saving.
    pub bias: i32,
    /// At this moment.
    pub bias_now: i32,
}

/// The time zone.
pub fn time_zone() -> TimeZone {
    const DAYLIGHT: u32 = 2;
    const INVALID: u32 = u32::MAX;
    // SAFETY: the structure is filled or left at zeros.
    let (zone, which) = unsafe {
        let mut zone: DynamicTimeZone = zeroed();
        let which = GetDynamicTimeZoneInformation(&mut zone);
        (zone, which)
    };
    let extra = match which {
        DAYLIGHT => zone.daylight_bias,
        INVALID => 0,
        _ => zone.standard_bias,
    };
    let key = text_of(&zone.key_name);
    let name = if key.is_empty() {
        text_of(&zone.standard_name)
    } else {
        key
    };
    TimeZone {
        name,
        bias: zone.bias,
        bias_now: zone.bias.saturating_add(extra),
    }
}

/// Room on the volume of a folder.
pub fn free_space(folder: &Path) -> Option<Space> {
    let (mut free, mut total) = (0, 0);
    let folder = wide(folder);
    // SAFETY: the text ends with a NUL; two u64 are written, the third is not wanted.
    let done = unsafe { GetDiskFreeSpaceExW(folder.as_ptr(), &mut free, &mut total, null_mut()) };
    (done != 0).then(|| Space { free, total })
}

/// Architecture and number of logical processors.
pub fn processors() -> (&'static str, u32) {
    /// winnt.h: ALL_PROCESSOR_GROUPS.
    const ALL: u16 = 0xffff;
    // SAFETY: plain numbers, all written by the function; the other takes a number.
    let (info, count) = unsafe {
        let mut info: SystemInfo = zeroed();
        GetNativeSystemInfo(&mut info);
        (info, GetActiveProcessorCount(ALL))
    };
    // winnt.h: PROCESSOR_ARCHITECTURE_*.
    let name = match info.architecture {
        0 => "x86",
        9 => "x64",
        12 => "arm64",
        _ => "unknown",
    };
    (name, count.max(info.processors))
}

/// The computer's name.
pub fn computer_name() -> String {
    /// sysinfoapi.h: ComputerNamePhysicalDnsHostname.
    const PHYSICAL_DNS_HOST_NAME: i32 = 5;
    let mut name = [0; 256];
    let mut length = name.len() as u32;
    // SAFETY: at most `length` units are written, a NUL at the end.
    let done =
        unsafe { GetComputerNameExW(PHYSICAL_DNS_HOST_NAME, name.as_mut_ptr(), &mut length) };
    if done != 0 {
        text_of(&name)
    } else {
        String::new()
    }
}

/// True for a 32-bit process on 64-bit Windows.
pub fn is_wow64() -> bool {
    let mut wow64 = 0;
    // SAFETY: the pseudo handle needs no closing; one Bool is written.
    let done = unsafe { IsWow64Process(GetCurrentProcess(), &mut wow64) };
    done != 0 && wow64 != 0
}

/// Sets the priority of this process.
pub fn set_priority(priority: Priority) -> bool {
    // processthreadsapi.h.
    let class = match priority {
        Priority::Idle => 0x40,
        Priority::Background => 0x0010_0000,
        Priority::Normal => 0x20,
    };
    // SAFETY: the pseudo handle needs no closing.
    unsafe { SetPriorityClass(GetCurrentProcess(), class) != 0 }
}

/// An access token, closed when dropped.
struct Token(Handle);

impl Token {
    fn of_process(access: u32) -> Option<Token> {
        let mut token = null_mut();
        // SAFETY: one handle is written, and owned by the value returned.
        let done = unsafe { OpenProcessToken(GetCurrentProcess(), access, &mut token) };
        (done != 0).then(|| Token(token))
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        // SAFETY: the handle is open and not used afterwards.
        unsafe { CloseHandle(self.0) };
    }
}

/// True if the process has an administrator's full rights.
pub fn is_elevated() -> bool {
    const QUERY: u32 = 8;
    const TOKEN_ELEVATION: u32 = 20;
    let token = match Token::of_process(QUERY) {
        Some(token) => token,
        None => return false,
    };
    let (mut elevated, mut used) = (0_u32, 0);
    // SAFETY: TOKEN_ELEVATION is one u32, whose address and size are passed.
    let done = unsafe {
        let out = (&mut elevated as *mut u32).cast();
        GetTokenInformation(
            token.0,
            TOKEN_ELEVATION,
            out,
            size_of::<u32>() as u32,
            &mut used,
        )
    };
    done != 0 && elevated != 0
}

/// Enables SeDebugPrivilege for this process, where it is held: newer systems name the kernel's
/// modules only then. Failing is no harm.
pub fn enable_debug_privilege() {
    const QUERY_AND_ADJUST: u32 = 8 | 0x20;
    const ENABLED: u32 = 2;
    let token = match Token::of_process(QUERY_AND_ADJUST) {
        Some(token) => token,
        None => return,
    };
    let name = wide("SeDebugPrivilege");
    let mut luid = [0; 2];
    // SAFETY: texts end with NULs, a LUID is two u32, and the old state is not wanted.
    unsafe {
        if LookupPrivilegeValueW(null(), name.as_ptr(), &mut luid) != 0 {
            let new = Privileges {
                count: 1,
                luid,
                attributes: ENABLED,
            };
            AdjustTokenPrivileges(token.0, 0, &new, 0, null_mut(), null_mut());
        }
    }
}

/// Makes this the only instance on the machine: a mutex that lives as long as the process.
pub fn claim_instance() -> bool {
    const ALREADY_EXISTS: u32 = 183;
    let name = wide("Global\\poolsleuth-collect");
    // SAFETY: the text ends with a NUL. The handle is left open on purpose: Windows closes it
    // with the process, also with one that is killed.
    let (mutex, error) = unsafe { (CreateMutexW(null(), 0, name.as_ptr()), GetLastError()) };
    // Another user's instance may not be opened at all; that there is one is the answer.
    !mutex.is_null() && error != ALREADY_EXISTS
}

/// Set by the console's handler, which runs in a thread of its own.
static STOP: AtomicU32 = AtomicU32::new(0);
/// Wakes a pause; created before the handler can run.
static WAKE: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

const ASKED: u32 = 1;
const SHUTDOWN: u32 = 2;

/// Watches for Ctrl-C, the closed window, logoff and shutdown.
pub fn watch_console() {
    // SAFETY: an event without a name; its handle lives as long as the process. The handler is a
    // function that may be called at any time from any thread.
    unsafe {
        let event = CreateEventW(null(), 1, 0, null());
        WAKE.store(event, Ordering::SeqCst);
        SetConsoleCtrlHandler(on_console_event, 1);
    }
}

extern "system" fn on_console_event(event: u32) -> Bool {
    // wincon.h: CTRL_C_EVENT 0, CTRL_BREAK_EVENT 1, CTRL_CLOSE_EVENT 2, LOGOFF 5, SHUTDOWN 6.
    let reason = if event <= 2 { ASKED } else { SHUTDOWN };
    let before = STOP.swap(reason, Ordering::SeqCst);
    // SAFETY: the handle is that of an event or null, which SetEvent refuses. ExitProcess may be
    // called from any thread. After a close, logoff or shutdown Windows ends the process when
    // this returns, so it waits for the program to end itself.
    unsafe {
        if event <= 1 && before != 0 {
            ExitProcess(130);
        }
        SetEvent(WAKE.load(Ordering::SeqCst));
        if event >= 2 {
            Sleep(u32::MAX);
        }
    }
    1
}

/// Why to end, once there is a reason.
pub fn stop_reason() -> Option<Stop> {
    match STOP.load(Ordering::SeqCst) {
        ASKED => Some(Stop::Asked),
        SHUTDOWN => Some(Stop::Shutdown),
        _ => None,
    }
}

/// Waits, unless there is a reason to end.
pub fn wait_for_stop(milliseconds: u64) {
    let event = WAKE.load(Ordering::SeqCst);
    let milliseconds = u32::try_from(milliseconds).unwrap_or(u32::MAX - 1);
    // SAFETY: an open event, or null where it could not be created.
    unsafe {
        if event.is_null() {
            Sleep(milliseconds.min(1_000));
        } else {
            WaitForSingleObject(event, milliseconds);
        }
    }
}

/// A key below HKEY_LOCAL_MACHINE, opened for reading, closed when dropped.
pub struct Key(Handle);

/// Longest name of a key or value, and a NUL (Microsoft, "Registry Element Size Limits").
const MOST_NAME: usize = 16_384;
/// Subkeys or values that are listed at most.
const MOST_ENTRIES: u32 = 20_000;
/// Bytes of a value that are read at most; those that are wanted have a few.
const MOST_DATA: usize = 64 << 10;

impl Key {
    /// Opens a key.
    pub fn open(path: &str) -> Option<Key> {
        // winreg.h: a predefined handle, a sign-extended 32-bit number.
        const LOCAL_MACHINE: usize = 0x8000_0002_u32 as i32 as isize as usize;
        const READ: u32 = 0x0002_0019;
        let path = wide(path);
        let mut key = null_mut();
        // SAFETY: the text ends with a NUL; one handle is written, owned by the value returned.
        let status =
            unsafe { RegOpenKeyExW(LOCAL_MACHINE as Handle, path.as_ptr(), 0, READ, &mut key) };
        (status == 0).then(|| Key(key))
    }

    /// A value, if there is one of this name and it is not too long.
    pub fn value(&self, name: &str) -> Option<Value> {
        let name = wide(name);
        let mut data = vec![0_u8; MOST_DATA];
        let (mut kind, mut size) = (0, data.len() as u32);
        // SAFETY: the text ends with a NUL; at most `size` bytes are written.
        let status = unsafe {
            RegQueryValueExW(
                self.0,
                name.as_ptr(),
                null_mut(),
                &mut kind,
                data.as_mut_ptr(),
                &mut size,
            )
        };
        data.truncate(size as usize);
        (status == 0).then(|| value(kind, data))
    }

    /// The names of its subkeys.
    pub fn names(&self) -> Vec<String> {
        listed(|index, name, length| {
            // SAFETY: at most `length` units are written; class and time are not wanted.
            unsafe {
                RegEnumKeyExW(
                    self.0,
                    index,
                    name,
                    length,
                    null_mut(),
                    null_mut(),
                    null_mut(),
                    null_mut(),
                )
            }
        })
    }

    /// The names of its values.
    pub fn value_names(&self) -> Vec<String> {
        listed(|index, name, length| {
            // SAFETY: at most `length` units are written; kind and data are not wanted.
            unsafe {
                RegEnumValueW(
                    self.0,
                    index,
                    name,
                    length,
                    null_mut(),
                    null_mut(),
                    null_mut(),
                    null_mut(),
                )
            }
        })
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the key is open and not used afterwards.
        unsafe { RegCloseKey(self.0) };
    }
}

fn listed(next: impl Fn(u32, *mut u16, *mut u32) -> i32) -> Vec<String> {
    let mut name = vec![0_u16; MOST_NAME];
    let mut names = Vec::new();
    for index in 0..MOST_ENTRIES {
        let mut length = name.len() as u32;
        if next(index, name.as_mut_ptr(), &mut length) != 0 {
            break;
        }
        names.push(text_of(&name[..name.len().min(length as usize)]));
    }
    names
}

/// winnt.h: REG_SZ 1, REG_EXPAND_SZ 2, REG_DWORD 4, REG_MULTI_SZ 7, REG_QWORD 11.
fn value(kind: u32, data: Vec<u8>) -> Value {
    let text = || wide_text(&data).trim_end_matches('\0').to_owned();
    match kind {
        1 | 2 => Value::Text(text()),
        7 => Value::Texts(text().split('\0').map(str::to_owned).collect()),
        4 => u32_at(&data, 0).map_or(Value::Other(4, data.clone()), Value::Number),
        11 => u64_at(&data, 0).map_or(Value::Other(11, data.clone()), Value::Large),
        _ => Value::Other(kind, data),
    }
}
