use super::table::Ruler;
use super::*;
use proptest::prelude::*;

fn utf16(text: &str) -> Vec<u8> {
    let mark = std::iter::once(0xfeff);
    mark.chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect()
}

#[test]
fn driverquery_plain_says_installed_not_running() {
    let text = "\r\nModule Name  Display Name           Driver Type   Link Date\r\n\
        ============ ====================== ============= ======================\r\n\
        acmeflt      Acme File Filter       File System   3/14/2024 10:22:31 AM\r\n\
        ACPI         Microsoft ACPI Driver  Kernel\r\n";
    let listing = drivers(text.as_bytes());
    let said: Vec<_> = listing
        .rows
        .iter()
        .map(|d| (d.name.as_str(), d.running, d.link_date.as_deref(), d.line))
        .collect();
    assert_eq!(
        said,
        [
            ("acmeflt", None, Some("3/14/2024 10:22:31 AM"), 4),
            ("ACPI", None, None, 5)
        ]
    );
    assert_eq!(drivers(&utf16(text)), listing);
}

const VERBOSE_HEAD: &str = "\"Module Name\",\"Display Name\",\"Description\",\"Driver Type\",\"Start Mode\",\"State\",\"Status\",\"Accept Stop\",\"Accept Pause\",\"Paged Pool(bytes)\",\"Code(bytes)\",\"BSS(bytes)\",\"Link Date\",\"Path\",\"Init(bytes)\"";

fn verbose(name: &str, state: &str, path: &str) -> String {
    format!(
        "\"{name}\",\"A, B\",\"x\",\"Kernel \",\"Boot\",\"{state}\",\"OK\",\"TRUE\",\"FALSE\",\"4,096\",\"8,192\",\"0\",\"3/14/2024 10:22:31 AM\",\"{path}\",\"4,096\""
    )
}

#[test]
fn driverquery_with_commas_and_all_columns() {
    let path = r"C:\Windows\system32\drivers\acmeflt.sys";
    let text = format!(
        "{VERBOSE_HEAD}\r\n{}\r\n{}\r\n{}\r\n",
        verbose("acmeflt", "Running", path),
        verbose("old", "Stopped", r"C:\Windows\system32\drivers\old.sys"),
        verbose("fr", "En cours d\u{2019}ex\u{e9}cution", "")
    );
    let listing = drivers(text.as_bytes());
    let said: Vec<_> = listing
        .rows
        .iter()
        .map(|d| (d.name.as_str(), d.running, d.path.as_deref()))
        .collect();
    assert_eq!(
        said,
        [
            ("acmeflt", Some(true), Some(path)),
            (
                "old",
                Some(false),
                Some(r"C:\Windows\system32\drivers\old.sys")
            ),
            ("fr", Some(true), None)
        ]
    );
    assert_eq!(listing.rejected, 0);
    // Other headings, the same places.
    let german = text
        .replace("Module Name", "Modulname")
        .replace("Link Date", "Linkdatum");
    assert_eq!(drivers(german.as_bytes()), listing);
}

#[test]
fn blocks_of_sc_query_and_of_driverquery() {
    let text = "SERVICE_NAME: acmeflt\r\nDISPLAY_NAME: Acme: Filter\r\n        TYPE               : 2  FILE_SYSTEM_DRIVER\r\n        STATE              : 4  RUNNING\r\n                                (STOPPABLE, NOT_PAUSABLE)\r\n\r\n\
        SERVICE_NAME: W3SVC\r\n        TYPE               : 20  WIN32_SHARE_PROCESS\r\n        STATE              : 4  RUNNING\r\n\r\n\
        SERVICE_NAME: old\r\n        TYPE               : 1  KERNEL_DRIVER\r\n        STATE              : 1  STOPPED\r\n";
    let listing = drivers(text.as_bytes());
    let said: Vec<_> = listing
        .rows
        .iter()
        .map(|d| (d.name.as_str(), d.running))
        .collect();
    assert_eq!(said, [("acmeflt", Some(true)), ("old", Some(false))]);
    let text = "Module Name:       acmeflt\r\nState:             Running\r\nPath:              C:\\x\\acmeflt.sys\r\n\r\nModule Name:       b\r\nState:             Suspended\r\n";
    let listing = drivers(text.as_bytes());
    assert_eq!(listing.rows[0].path.as_deref(), Some(r"C:\x\acmeflt.sys"));
    assert_eq!(
        (listing.rows[0].running, listing.rows[1].running),
        (Some(true), None)
    );
}

#[test]
fn the_drivers_of_a_report_of_msinfo32() {
    let text = "System Information report written at: 03/02/26\r\n[System Summary]\r\n\r\nItem\tValue\t\r\n\r\n[System Drivers]\r\n\r\n\
        Name\tDescription\tFile\tType\tStarted\tStart Mode\tState\tStatus\tError Control\tAccept Pause\tAccept Stop\t\r\n\
        acmeflt\tAcme\tc:\\windows\\system32\\drivers\\acmeflt.sys\tFile System Driver\tYes\tBoot\tRunning\tOK\tNormal\tNo\tYes\t\r\n\r\n[Signed Drivers]\r\n\r\nx\ty\r\n";
    assert_eq!(msinfo_drivers(b"Host Name: x"), None);
    let listing = msinfo_drivers(text.as_bytes()).unwrap();
    assert_eq!((listing.rows.len(), listing.rejected), (1, 0));
    let row = &listing.rows[0];
    assert_eq!(
        (row.name.as_str(), row.running, row.line),
        ("acmeflt", Some(true), 9)
    );
    assert!(row.path.as_ref().unwrap().ends_with("acmeflt.sys"));
}

#[test]
fn fltmc_filters_and_instances() {
    let text = "\r\nFilter Name                     Num Instances    Altitude    Frame\r\n\
        ------------------------------  -------------  ------------  -----\r\n\
        bindflt                                 1       409800         0\r\n\
        Acme Filter of a Name Beyond Thirty     6       385201.5       0\r\n\
        SymEvent                                                   <Legacy>\r\n\
        nonsense\r\n";
    let listing = filters(text.as_bytes());
    let said: Vec<_> = listing
        .rows
        .iter()
        .map(|f| (f.name.as_str(), f.altitude.as_deref()))
        .collect();
    assert_eq!(
        said,
        [
            ("bindflt", Some("409800")),
            ("Acme Filter of a Name Beyond Thirty", Some("385201.5")),
            ("SymEvent", None)
        ]
    );
    assert_eq!(listing.rejected, 1);
    assert_eq!(group_of("385201.5"), Some("activity monitor"));
    assert_eq!(group_of("5"), None);
    let text = "Filter                Volume Name                              Altitude        Instance Name       Frame   SprtFtrs  VlStatus\r\n\
        --------------------  -------------------------------------  ------------  ----------------------  -----   --------  --------\r\n\
        acmeflt               C:                                        385201     Acme Instance            0     0000000f\r\n\
        acmeflt               \\Device\\Mup                               385201     Acme Instance            0     0000000f\r\n";
    let listing = filters(text.as_bytes());
    assert_eq!(listing.rows.len(), 1, "{listing:?}");
    assert_eq!(listing.rows[0].altitude.as_deref(), Some("385201"));
}

#[test]
fn tasklist_in_its_forms() {
    let plain = "\r\nImage Name                     PID Session Name        Session#    Mem Usage\r\n\
        ========================= ======== ================ =========== ============\r\n\
        System Idle Process              0 Services                   0          8 K\r\n\
        w3wp.exe                      4711 Services                   0    201,332 K\r\n";
    let listing = processes(plain.as_bytes());
    assert_eq!(listing.rows.len(), 2, "{listing:?}");
    assert_eq!(
        (listing.rows[1].image.as_str(), listing.rows[1].pid),
        ("w3wp.exe", 4711)
    );
    let services = "Image Name                     PID Services\r\n\
        ========================= ======== ============================================\r\n\
        svchost.exe                   1234 DcomLaunch, Power,\r\n\
        \x20                                  SystemEventsBroker\r\n\
        csrss.exe                      400 N/A\r\n";
    let listing = processes(services.as_bytes());
    assert_eq!(
        listing.rows[0].services,
        ["DcomLaunch", "Power", "SystemEventsBroker"]
    );
    assert!(listing.rows[1].services.is_empty());
    let commas =
        "\"Image Name\",\"PID\",\"Services\"\r\n\"svchost.exe\",\"1234\",\"DcomLaunch,Power\"\r\n";
    let listing = processes(commas.as_bytes());
    assert_eq!(listing.rows[0].services, ["DcomLaunch", "Power"]);
    assert_eq!(listing.rejected, 0);
}

#[test]
fn rulers() {
    assert!(Ruler::of("==== ===").is_some());
    for line in ["====", "== text ==", "", "=-= =", "   "] {
        assert_eq!(Ruler::of(line), None, "{line:?}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        drivers(&bytes);
        filters(&bytes);
        processes(&bytes);
    }

    #[test]
    fn arbitrary_lines_never_panic(text in "[-= \"a-z0-9:,.\u{e9}\n]{0,300}") {
        let listed = [
            drivers(text.as_bytes()).rows.len(),
            filters(text.as_bytes()).rows.len(),
            processes(text.as_bytes()).rows.len(),
        ];
        prop_assert!(listed.iter().all(|rows| *rows <= text.lines().count()));
    }
}
