//! What http.sys has to say: noise all day, refusals while the pool is low.

use super::chance::Chance;
use super::pool::{MB, Model, TICK};

/// The documented level below which new connections are refused.
pub const THRESHOLD: f64 = 20.0 * MB;

/// One thing that http.sys logs, `second` after the story's start. Fields are by column name.
#[derive(Clone, Debug)]
pub struct Event {
    pub second: i64,
    pub fields: Vec<(&'static str, String)>,
    /// How many connections were refused, for the rows that say so.
    pub refused: Option<u64>,
}

impl Event {
    pub fn reason(&self) -> &str {
        self.field("s-reason")
    }

    pub fn field(&self, name: &str) -> &str {
        self.fields
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("-", |(_, value)| value)
    }
}

/// How refused connections are spelt in the reason column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    Usual,
    LowerCase,
    /// Without a count: then a row stands for at least one.
    Bare,
}

impl Spelling {
    pub fn draw(chance: &mut Chance) -> Self {
        match chance.whole(0, 19) {
            0 => Spelling::Bare,
            1 => Spelling::LowerCase,
            _ => Spelling::Usual,
        }
    }

    fn reason(self, count: u64) -> String {
        match self {
            Spelling::Usual => format!("{count}_Connections_Refused"),
            Spelling::LowerCase => format!("{count}_Connections_refused"),
            Spelling::Bare => "Connections_Refused".to_owned(),
        }
    }

    fn counted(self, count: u64) -> u64 {
        if self == Spelling::Bare { 1 } else { count }
    }
}

/// When a server refuses.
pub enum Refusing<'a> {
    /// While the model's headroom is under the threshold.
    Low(&'a Model),
    /// During the given spells, whatever the pool does.
    Spells(&'a [(i64, i64)]),
}

/// One row per grid point with refused connections in `from..to` seconds of the epoch.
pub fn refusals(
    chance: &mut Chance,
    refusing: &Refusing<'_>,
    seconds: i64,
    begin: i64,
    spelling: Spelling,
) -> Vec<Event> {
    let phase = chance.whole(0, TICK as u64 - 1) as i64;
    let mean = chance.magnitude(0.4, 6.0) * TICK as f64;
    let mut events = Vec::new();
    for when in (0..seconds - TICK)
        .step_by(TICK as usize)
        .map(|tick| tick + phase)
    {
        let now = match refusing {
            Refusing::Low(model) => model.headroom(when) < THRESHOLD,
            Refusing::Spells(spells) => spells.iter().any(|(a, b)| (*a..*b).contains(&when)),
        };
        let count = if now {
            (chance.between(0.0, 2.0 * mean) + 0.3) as u64
        } else {
            0
        };
        if count > 0 {
            events.push(Event {
                second: begin + when,
                fields: vec![("s-reason", spelling.reason(count))],
                refused: Some(spelling.counted(count)),
            });
        }
    }
    events
}

const NOISE: [(&str, u64); 12] = [
    ("Timer_ConnectionIdle", 60),
    ("Timer_HeaderWait", 6),
    ("Timer_MinBytesPerSecond", 5),
    ("Timer_EntityBody", 3),
    ("Connection_Dropped", 4),
    ("Client_Reset", 2),
    ("BadRequest", 3),
    ("URL", 2),
    ("Hostname", 2),
    ("Forbidden", 1),
    ("NotFound", 1),
    ("Request_Cancelled", 1),
];
const PATHS: [&str; 7] = [
    "/",
    "/default.aspx",
    "/api/orders",
    "/search?q=tag+pool&p=2",
    "/..%c0%af../winnt/system32",
    "/images/a%20b.png",
    "/very/long/path",
];

/// Timers, scanners and the odd failure between `from` and `to`.
pub fn noise(chance: &mut Chance, from: i64, to: i64) -> Vec<Event> {
    let per_hour = chance.magnitude(8.0, 60.0);
    let (queue, six) = (
        chance.pick(&["DefaultAppPool", "ShopPool", "Api"]),
        chance.odds(0.2),
    );
    let times = chance.arrivals(per_hour, from, to);
    let bag: Vec<&str> = NOISE
        .iter()
        .flat_map(|(name, weight)| vec![*name; *weight as usize])
        .collect();
    times
        .into_iter()
        .enumerate()
        .map(|(number, second)| {
            one(
                chance,
                second,
                number,
                chance_reason(&bag, number),
                queue,
                six,
            )
        })
        .collect()
}

/// Reasons in a fixed shuffle: every kind shows up in a log of any length.
fn chance_reason<'a>(bag: &[&'a str], number: usize) -> &'a str {
    bag[number * 37 % bag.len()]
}

fn one(
    chance: &mut Chance,
    second: i64,
    number: usize,
    reason: &str,
    queue: &str,
    six: bool,
) -> Event {
    let last = chance.whole(1, 254);
    let client = match (six, chance.pick(&["192.0.2.", "198.51.100.", "203.0.113."])) {
        (true, _) => format!("2001:db8::{last:x}%{}", last % 3),
        (false, net) => format!("{net}{last}"),
    };
    let mut fields = vec![
        ("c-ip", client),
        // Counting ports keep rows of one second apart.
        ("c-port", (1025 + number % 60000).to_string()),
        (
            "s-ip",
            if six {
                "2001:db8::80%0".to_owned()
            } else {
                "10.1.2.3".to_owned()
            },
        ),
        ("s-port", chance.pick(&["80", "443"]).to_owned()),
        ("s-reason", reason.to_owned()),
        ("transport", "TCP".to_owned()),
    ];
    if !reason.starts_with("Timer_C") && !reason.starts_with("Timer_H") {
        let version = chance.pick(&["HTTP/1.1", "HTTP/1.0", "HTTP/2.0"]);
        let uri = match chance.pick(&PATHS) {
            "/very/long/path" => format!("/{}", "segment/".repeat(chance.whole(5, 200) as usize)),
            path => path.to_owned(),
        };
        fields.extend([
            ("cs-version", version.to_owned()),
            (
                "cs-method",
                chance.pick(&["GET", "POST", "OPTIONS"]).to_owned(),
            ),
            ("cs-uri", uri),
            ("sc-status", status(reason).to_owned()),
            ("s-siteid", chance.pick(&["-", "1", "447434323"]).to_owned()),
            ("s-queuename", queue.to_owned()),
        ]);
    }
    Event {
        second,
        fields,
        refused: None,
    }
}

fn status(reason: &str) -> &'static str {
    match reason {
        "BadRequest" | "URL" | "Hostname" => "400",
        "Forbidden" => "403",
        "NotFound" => "404",
        "QueueFull" | "AppOffline" => "503",
        _ => "-",
    }
}

/// Full queues and an application pool that is offline, around the given spells.
pub fn rivals(chance: &mut Chance, spells: &[(i64, i64)]) -> Vec<Event> {
    let mut events = Vec::new();
    for (from, to) in spells {
        let times = chance.arrivals(240.0, from - 300, to + 300);
        for (number, second) in times.into_iter().enumerate() {
            let reason = chance.pick(&["QueueFull", "QueueFull", "AppOffline"]);
            events.push(one(
                chance,
                second,
                50_000 + number,
                reason,
                "ShopPool",
                false,
            ));
        }
    }
    events
}
