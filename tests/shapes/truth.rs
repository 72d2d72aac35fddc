//! The labels: one row a tag of a shape, read from `truth.tsv`.

/// What an image says of one tag.
#[derive(Clone, Debug)]
pub struct Label {
    /// The shape, which is the file name without extension.
    pub shape: String,
    /// The builds that the row is about.
    builds: Vec<String>,
    /// The tag's bytes in hexadecimal, memory order.
    pub tag_hex: String,
    /// The right grades; `absent` stands for neither `call_site` nor `name`.
    pub grades: Vec<String>,
    /// The right values of `via`; empty where the table says nothing.
    pub via: Vec<String>,
    /// The right `role`.
    pub role: Option<String>,
    /// The right `api`.
    pub api: Option<String>,
    /// True for a `PoolTag` field of a structure that a routine reads through a pointer.
    pub in_structure: bool,
}

impl Label {
    fn parse(line: &str) -> Label {
        let mut cells = line.split('\t');
        let mut next = || cells.next().unwrap_or_else(|| panic!("short row: {line}"));
        let (shape, builds, tag, tag_hex, grades, via, role, api) = (
            next(),
            next(),
            next(),
            next(),
            next(),
            next(),
            next(),
            next(),
        );
        let one = |cell: &str| (cell != "-").then(|| cell.to_owned());
        let many = |cell: &str| match cell {
            "-" => Vec::new(),
            cell => cell.split('|').map(str::to_owned).collect(),
        };
        assert_eq!(tag_hex.len(), 8, "tag_hex of {shape} {tag}");
        Label {
            shape: shape.to_owned(),
            builds: builds.split(',').map(str::to_owned).collect(),
            tag_hex: tag_hex.to_owned(),
            grades: many(grades),
            via: many(via),
            role: one(role),
            api: one(api),
            in_structure: cells
                .next()
                .is_some_and(|note| note.starts_with("structure")),
        }
    }

    /// True when the row is about `build`.
    fn covers(&self, build: &str) -> bool {
        self.builds.iter().any(|pattern| matches(pattern, build))
    }

    /// True when `grade` is right.
    pub fn allows(&self, grade: &str) -> bool {
        let absent = !matches!(grade, "call_site" | "name");
        self.grades
            .iter()
            .any(|right| right == grade || (right == "absent" && absent))
    }

    /// True when the tag must be found at a call site.
    pub fn is_call_site(&self) -> bool {
        self.grades == ["call_site"]
    }

    /// True when a tool that lists only what it found may leave the tag out.
    pub fn may_be_missing(&self) -> bool {
        self.grades.iter().any(|grade| grade == "absent")
    }
}

/// `clang-*-O2` against `clang-x64-O2`: a star stands for one part, or alone for all.
fn matches(pattern: &str, build: &str) -> bool {
    let pairs = pattern.split('-').zip(build.split('-'));
    let open = pattern.ends_with('*');
    let same_length = pattern.split('-').count() == build.split('-').count();
    pairs.into_iter().all(|(p, b)| p == "*" || p == b) && (same_length || open)
}

/// The whole table.
pub struct Truth {
    /// Its rows, in order.
    pub labels: Vec<Label>,
}

impl Truth {
    /// Reads the table that stands beside this file.
    pub fn read() -> Truth {
        let lines = include_str!("truth.tsv").lines();
        Truth {
            labels: lines
                .filter(|line| !line.starts_with('#'))
                .map(Label::parse)
                .collect(),
        }
    }

    /// The labels of one image: of several rows for one tag the last that fits.
    pub fn of(&self, build: &str, shape: &str) -> Vec<&Label> {
        let mut found: Vec<&Label> = Vec::new();
        for label in self
            .labels
            .iter()
            .filter(|l| l.shape == shape && l.covers(build))
        {
            match found
                .iter_mut()
                .find(|earlier| earlier.tag_hex == label.tag_hex)
            {
                Some(earlier) => *earlier = label,
                None => found.push(label),
            }
        }
        found
    }
}
