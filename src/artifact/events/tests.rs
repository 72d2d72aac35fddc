//! Events written by hand, one oddity each; whole logs are built in the integration tests.

use super::*;
use proptest::prelude::*;

fn file(text: &str) -> EventFile {
    let (file, trouble) = read(text.as_bytes());
    assert!(trouble.is_none());
    file
}

fn kinds(file: &EventFile) -> Vec<u32> {
    file.marks.iter().map(|mark| mark.kind.id()).collect()
}

const EMPTY_POOL: &str = "<Event xmlns='u'><System><Provider Name='Srv'/><EventID>2019</EventID><TimeCreated SystemTime='2026-03-01T10:00:00Z'/><EventRecordID>77</EventRecordID><Computer>K</Computer></System><EventData/></Event>";

#[test]
fn an_element_is_read_wherever_its_lines_break() {
    let broken = EMPTY_POOL.replace("><", ">\r\n  <").replace('\'', "\"");
    let found = file(&format!(
        "<?xml version='1.0'?>\n<Events>\n{broken}\n</Events>"
    ));
    assert_eq!(
        (found.form, found.events, kinds(&found)),
        (Form::Xml, 1, vec![2019])
    );
    let mark = &found.marks[0];
    assert_eq!((mark.number, mark.place), (Some(77), Place::Line(3)));
    assert_eq!(
        mark.when,
        When::Utc("2026-03-01T10:00:00Z".parse().unwrap())
    );
    assert!(found.computers.contains("K"));
}

#[test]
fn references_prefixes_and_data_of_a_provider() {
    let text = "<e:Event xmlns:e='u'/><Event><System><Provider Name='Microsoft-Windows-UserPnp'/><EventID>20003</EventID></System><UserData><AddServiceID xmlns='v'><ServiceName>a&amp;b&#x41;</ServiceName><DriverFileName><![CDATA[\\SystemRoot\\d\\q.sys]]></DriverFileName></AddServiceID></UserData></Event>";
    let found = file(text);
    let Kind::Installed { service, image } = &found.marks[0].kind else {
        panic!("{found:?}");
    };
    assert_eq!(service.as_deref(), Some("a&bA"));
    assert_eq!(image.as_deref(), Some("q.sys"));
    assert_eq!(found.marks[0].when, When::Unknown);
}

#[test]
fn a_torn_element_costs_itself_only() {
    let torn = &EMPTY_POOL[..90];
    let found = file(&format!("{EMPTY_POOL}\n{torn}\n{EMPTY_POOL}\n{torn}"));
    assert_eq!((found.events, found.damaged), (2, 2));
    assert_eq!(found.marks[1].place, Place::Line(3));
}

#[test]
fn tables_by_any_separator_with_headers_that_recur() {
    let row = |sign: &str| ["7", "Srv", "2019", "01.03.2026 11:00:00"].join(sign);
    for sign in [",", ";", "\t"] {
        let header = ["RecordId", "ProviderName", "Id", "TimeCreated"].join(sign);
        let text = format!(
            "#TYPE Selected.Event\n{header}\n{}\n{header}\n\n{}\n",
            row(sign),
            row(sign)
        );
        let found = file(&text);
        assert_eq!(
            (found.form, found.events, found.damaged),
            (Form::Table, 2, 0),
            "{sign:?}"
        );
        let mark = &found.marks[1];
        assert_eq!((mark.number, mark.place), (Some(7), Place::Line(6)));
        assert_eq!(mark.when, When::Local("01.03.2026 11:00:00".into()));
    }
}

#[test]
fn cells_with_lines_and_quotes_keep_rows_apart() {
    let text = "TimeCreated,Id,ProviderName,Message\r\n2026-03-01T10:00:00Z,2019,Srv,\"a\r\n\"\"b\"\"\r\n\"\r\n2026-03-01T10:00:01Z,2020,Srv,x";
    let found = file(text);
    assert_eq!(kinds(&found), [2019, 2020]);
    assert_eq!(found.marks[1].place, Place::Line(5));
}

#[test]
fn a_listing_of_an_older_wevtutil_has_local_times() {
    let text = "Event[0]\n  Source: Srv\n  Date: 2026-03-01T10:00:00.000\n  Event ID: 2019\n  Description: \nx\nSource: no\n\nEvent[1]\n  Source: Srv\n";
    let found = file(text);
    assert_eq!(
        (found.form, kinds(&found), found.damaged),
        (Form::Listing, vec![2019], 1)
    );
    assert_eq!(
        found.marks[0].when,
        When::Local("2026-03-01T10:00:00.000".into())
    );
}

#[test]
fn what_is_no_log_gives_no_events() {
    for text in [
        "",
        "a,b\n1,2\n",
        "<html></html>",
        "\u{0}\u{0}\u{0}\u{0}LfLe\u{0}",
    ] {
        assert_eq!(file(text).events, 0, "{text:?}");
    }
    assert_eq!(file("\u{0}\u{0}\u{0}\u{0}LfLe").form, Form::Evt);
}

proptest! {
    #[test]
    fn marks_never_exceed_events(text in "(<Event |<EventID>2019</EventID>|</Event>|Srv|[\\n,;\"]|<System>|x){0,60}") {
        let found = file(&text);
        prop_assert!(found.marks.len() as u64 <= found.events);
    }
}
