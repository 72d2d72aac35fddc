//! All cases in one SQLite file, with views that answer what no single case can: which driver, in
//! which versions, leaks most. `docs/batch.md` describes tables and views.
//!
//! The file is made from the finished cases in one go, in their order, so that the same cases
//! give the same bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use rusqlite::types::Value as Cell;
use rusqlite::{Connection, Row, params, params_from_iter};
use serde_json::Value;

use super::columns;
use super::images::{FILE, ImageRow};
use super::store::State;
use super::version_key::sort_key;

/// The version of tables and views.
const FORMAT: i32 = 1;

/// Marks our files among SQLite's (`PRAGMA application_id`): "PSlR".
const APPLICATION: i32 = 0x5053_6c52;

/// Tables and views behind that of the cases, whose columns are the record's.
const TABLES: &str = include_str!("rollup.sql");

/// A finished roll-up, for questions.
pub struct Rollup(Connection);

/// A driver in one of its versions.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionRow {
    /// The name it gives itself, folded.
    pub driver: String,
    /// Its file version.
    pub version: Option<String>,
    /// Its company.
    pub company: Option<String>,
    /// Judged cases in which it lies.
    pub cases: u64,
    /// Of these, leaking.
    pub leaking: u64,
    /// Judged cases in which it lies beside the version that leaks; none of the above.
    pub beside: u64,
    /// Mean slope of its leaks.
    pub growth: Option<f64>,
    /// The tags.
    pub tags: Option<String>,
}

/// A driver in all its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverRow {
    /// The name it gives itself, folded.
    pub driver: String,
    /// Judged cases in which it lies.
    pub cases: u64,
    /// Of these, leaking.
    pub leaking: u64,
    /// Versions seen.
    pub versions: u64,
    /// Of these, leaking somewhere.
    pub versions_leaking: u64,
}

/// A cell of the heat map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatCell {
    /// Driver and version.
    pub driver: (String, Option<String>),
    /// The tag.
    pub tag: String,
    /// Cases.
    pub cases: u64,
}

/// A host of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRow {
    /// The folder that its cases lie in.
    pub group: Option<String>,
    /// The host; `None` for all cases together that state none.
    pub host: Option<String>,
    /// Its cases.
    pub cases: u64,
    /// Of these, leaks.
    pub leaks: u64,
    /// Connections refused.
    pub refused: u64,
    /// Drivers that leak there.
    pub drivers: Option<String>,
}

impl Rollup {
    /// Makes the file at `path`, which must not exist; images are read from the reports' folders
    /// below `root`.
    ///
    /// # Errors
    /// When files cannot be read or written.
    pub fn create(path: &Path, root: &Path, states: &[State]) -> io::Result<Rollup> {
        let made = Connection::open(path).map_err(io::Error::other)?;
        let fill = || -> Result<(), rusqlite::Error> {
            made.pragma_update(None, "page_size", 4096)?;
            // The file is renamed into place when it is whole: until then nobody needs it safe.
            made.pragma_update(None, "journal_mode", "OFF")?;
            made.pragma_update(None, "synchronous", "OFF")?;
            made.pragma_update(None, "application_id", APPLICATION)?;
            made.pragma_update(None, "user_version", FORMAT)?;
            made.execute_batch("BEGIN")?;
            let names = columns::names();
            made.execute_batch(&format!(
                "CREATE TABLE cases ({}, PRIMARY KEY (key));",
                names.join(", ")
            ))?;
            made.execute_batch(TABLES)?;
            made.execute(
                "INSERT INTO batch VALUES ('schema_version', ?1), ('tool_version', ?2)",
                params![FORMAT.to_string(), env!("CARGO_PKG_VERSION")],
            )?;
            insert_cases(&made, states, names.len())
        };
        fill().map_err(io::Error::other)?;
        for state in states {
            insert_images(&made, root, state)?;
        }
        insert_versions(&made).map_err(io::Error::other)?;
        made.execute_batch("COMMIT").map_err(io::Error::other)?;
        Ok(Rollup(made))
    }

    fn rows<T>(
        &self,
        sql: &str,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> io::Result<Vec<T>> {
        let rows = || -> rusqlite::Result<Vec<T>> {
            let mut statement = self.0.prepare(sql)?;
            statement.query_map([], |row| read(row))?.collect()
        };
        rows().map_err(io::Error::other)
    }

    /// Drivers that leak anywhere, in all versions seen; the most cases of leaks first.
    ///
    /// # Errors
    /// Those of the file.
    pub fn versions(&self) -> io::Result<Vec<VersionRow>> {
        self.rows(
            "SELECT driver, version, company, cases, leaking, beside_leak, \
             mean_growth_bytes_per_hour, tags FROM driver_versions \
             ORDER BY sum(leaking) OVER (PARTITION BY driver) DESC, driver, leaking DESC, version_key",
            |row| {
                Ok(VersionRow {
                    driver: row.get(0)?,
                    version: row.get(1)?,
                    company: row.get(2)?,
                    cases: row.get(3)?,
                    leaking: row.get(4)?,
                    beside: row.get(5)?,
                    growth: row.get(6)?,
                    tags: row.get(7)?,
                })
            },
        )
    }

    /// The driver that leaks in most cases.
    ///
    /// # Errors
    /// Those of the file.
    pub fn foremost(&self) -> io::Result<Option<DriverRow>> {
        let rows = self.rows(
            "SELECT driver, cases, leaking, versions, versions_leaking FROM drivers \
             ORDER BY leaking DESC, driver LIMIT 1",
            |row| {
                Ok(DriverRow {
                    driver: row.get(0)?,
                    cases: row.get(1)?,
                    leaking: row.get(2)?,
                    versions: row.get(3)?,
                    versions_leaking: row.get(4)?,
                })
            },
        )?;
        Ok(rows.into_iter().next())
    }

    /// The cells of the heat map, the drivers with most cases first.
    ///
    /// # Errors
    /// Those of the file.
    pub fn heat(&self) -> io::Result<Vec<HeatCell>> {
        self.rows(
            "SELECT driver, version, tag, cases FROM heat ORDER BY \
             sum(cases) OVER (PARTITION BY driver, version) DESC, driver, version_key, tag",
            |row| {
                Ok(HeatCell {
                    driver: (row.get(0)?, row.get(1)?),
                    tag: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
                    cases: row.get(3)?,
                })
            },
        )
    }

    /// Hosts by group.
    ///
    /// # Errors
    /// Those of the file.
    pub fn hosts(&self) -> io::Result<Vec<HostRow>> {
        self.rows(
            "SELECT group_name, host, cases, leaks, refused, drivers FROM hosts ORDER BY group_name, host",
            |row| {
                Ok(HostRow {
                    group: row.get(0)?,
                    host: row.get(1)?,
                    cases: row.get(2)?,
                    leaks: row.get(3)?,
                    refused: row.get(4)?,
                    drivers: row.get(5)?,
                })
            },
        )
    }
}

fn insert_cases(made: &Connection, states: &[State], width: usize) -> rusqlite::Result<()> {
    let places = vec!["?"; width].join(", ");
    let mut case = made.prepare(&format!("INSERT INTO cases VALUES ({places})"))?;
    let mut path = made.prepare("INSERT INTO paths VALUES (?1, ?2)")?;
    let mut issue = made.prepare("INSERT OR IGNORE INTO issues VALUES (?1, ?2)")?;
    let mut point = made.prepare("INSERT OR IGNORE INTO curves VALUES (?1, ?2, ?3)")?;
    for record in states.iter().map(|state| &state.record) {
        case.execute(params_from_iter(
            columns::values(record).into_iter().map(cell),
        ))?;
        for one in &record.paths {
            path.execute(params![record.key, one])?;
        }
        for one in &record.known_issues {
            issue.execute(params![record.key, one])?;
        }
        for (snapshot, bytes) in &record.curve {
            let snapshot = i64::try_from(*snapshot).unwrap_or(i64::MAX);
            point.execute(params![record.key, snapshot, bytes])?;
        }
    }
    Ok(())
}

/// Every version that is named anywhere, with the key that sorts it.
fn insert_versions(made: &Connection) -> rusqlite::Result<()> {
    let mut stated = made.prepare(
        "SELECT version FROM images WHERE version IS NOT NULL UNION \
         SELECT driver_version FROM cases WHERE driver_version IS NOT NULL ORDER BY 1",
    )?;
    let stated: Vec<String> = stated
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut insert = made.prepare("INSERT INTO versions VALUES (?1, ?2)")?;
    for version in stated {
        insert.execute(params![version, sort_key(&version)])?;
    }
    Ok(())
}

/// A JSON value as SQLite keeps it; counts beyond its integers are as large as they can be.
fn cell(value: Value) -> Cell {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => Cell::Null,
        Value::Bool(is) => Cell::Integer(i64::from(is)),
        Value::String(text) => Cell::Text(text),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Cell::Integer(whole),
            (None, _) if number.is_u64() => Cell::Integer(i64::MAX),
            (None, fraction) => fraction.map_or(Cell::Null, Cell::Real),
        },
    }
}

fn insert_images(made: &Connection, root: &Path, state: &State) -> io::Result<()> {
    let Some(folder) = &state.record.report else {
        return Ok(());
    };
    let mut insert = made
        .prepare_cached("INSERT OR IGNORE INTO images VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        .map_err(io::Error::other)?;
    for line in BufReader::new(File::open(root.join(folder).join(FILE))?).lines() {
        let image: ImageRow = serde_json::from_str(&line?)?;
        let row = params![
            state.record.key,
            image.name,
            image.sha256,
            image.original,
            image.version,
            image.company
        ];
        insert.execute(row).map_err(io::Error::other)?;
    }
    Ok(())
}
