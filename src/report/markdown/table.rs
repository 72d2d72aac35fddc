//! Tables whose rows have as many cells as their heading.

/// At which side of its column a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Words.
    Left,
    /// Figures.
    Right,
}

/// A table; cells are Markdown already and hold no bar. Empty without rows.
pub fn table<const N: usize>(heading: [(&str, Side); N], rows: &[[String; N]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let names = heading.map(|(name, _)| name.to_owned());
    let rule = heading.map(|(_, side)| match side {
        Side::Left => "---".to_owned(),
        Side::Right => "---:".to_owned(),
    });
    let mut lines = vec![line(&names), line(&rule)];
    lines.extend(rows.iter().map(|row| line(row)));
    lines.join("\n")
}

fn line(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}
