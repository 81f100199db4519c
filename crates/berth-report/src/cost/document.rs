//! Tables and lists under a heading: the same as text for a terminal and as Markdown for a comment on a change.

use crate::table::{self, Align, Column};

/// What is shown.
pub(super) struct Document {
    pub(super) heading: String,
    /// Tables; those without rows are left out.
    pub(super) sections: Vec<Section>,
    /// Lists with their titles; empty ones are left out.
    pub(super) lists: Vec<(&'static str, Vec<String>)>,
}

/// A table with what it shows.
pub(super) struct Section {
    pub(super) title: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Document {
    /// As tables that read well on a terminal.
    pub(super) fn text(self) -> String {
        let lists = self.lists();
        let mut blocks = vec![self.heading];
        for section in self.sections.into_iter().filter(Section::has_rows) {
            blocks.push(format!("{}\n{}", section.title, table::text(&section.columns, section.rows)));
        }
        for (title, lines) in lists {
            let lines: Vec<String> = lines.iter().map(|line| format!("  {line}")).collect();
            blocks.push(format!("{title}\n{}", lines.join("\n")));
        }
        blocks.join("\n\n")
    }

    /// As Markdown, for a pull request's comment.
    pub(super) fn markdown(self) -> String {
        let mut blocks = vec![format!("## {}", escaped(&self.heading))];
        for section in self.sections.iter().filter(|section| section.has_rows()) {
            blocks.push(format!("### {}\n\n{}", escaped(&section.title), grid(section)));
        }
        for (title, lines) in self.lists() {
            let lines: Vec<String> = lines.iter().map(|line| format!("- {}", escaped(line))).collect();
            blocks.push(format!("### {title}\n\n{}", lines.join("\n")));
        }
        blocks.join("\n\n")
    }

    fn lists(&self) -> Vec<(&'static str, Vec<String>)> {
        self.lists.iter().filter(|(_, lines)| !lines.is_empty()).cloned().collect()
    }
}

impl Section {
    fn has_rows(&self) -> bool {
        !self.rows.is_empty()
    }
}

/// A column of words.
pub(super) fn left(name: &'static str) -> Column {
    Column(name, Align::Left)
}

/// A column of numbers.
pub(super) fn right(name: &'static str) -> Column {
    Column(name, Align::Right)
}

fn grid(section: &Section) -> String {
    let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let rule = |column: &Column| if column.1 == Align::Right { "---:" } else { "---" }.to_owned();
    let head = row(section.columns.iter().map(|column| column.0.to_owned()).collect());
    let rule = row(section.columns.iter().map(rule).collect());
    let rows = section.rows.iter().map(|cells| row(cells.iter().map(|cell| escaped(cell)).collect()));
    [head, rule].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

/// What Markdown would take for its own signs.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '<' | '>' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
