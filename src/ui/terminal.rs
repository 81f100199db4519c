//! What may be said where: data on standard output, talk and progress on standard error.

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use berth_core::ports::Clock;
use berth_core::run::Event;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::cli::{GlobalArgs, OutputForm};
use crate::clock::RunClock;
use crate::event_json;
use crate::failure::Failure;
use crate::settings::{CI, variable};
use crate::ui::bars::Bars;
use crate::ui::lines::Lines;
use crate::ui::render;

/// The user's terminal, or what stands in for it.
#[derive(Debug)]
pub(crate) struct Ui {
    form: OutputForm,
    quiet: bool,
    /// Others run at once.
    beside: bool,
    /// Whose lines these are, of several at once.
    whose: Option<String>,
    /// Data could not be written, for another reason than that nobody reads it any more.
    unwritten: AtomicBool,
}

impl Ui {
    /// A terminal that follows these flags.
    pub(crate) fn new(global: &GlobalArgs) -> Self {
        Self { form: global.output, quiet: global.quiet, beside: false, whose: None, unwritten: AtomicBool::new(false) }
    }

    /// The same terminal for one of several runs at once: no live lines, which would be drawn over each other, and no events among
    /// the data.
    pub(crate) fn beside(&self) -> Self {
        Self { form: self.form, quiet: self.quiet, beside: true, whose: None, unwritten: AtomicBool::new(false) }
    }

    /// The same, with a name before each line.
    pub(crate) fn beside_as(&self, name: &str) -> Self {
        Self { whose: Some(name.to_owned()), ..self.beside() }
    }

    /// Whether others run at once.
    pub(crate) fn is_beside(&self) -> bool {
        self.beside
    }

    fn say(&self, text: &str) {
        match &self.whose {
            None => say(text),
            Some(name) => {
                text.lines().filter(|line| !line.is_empty()).for_each(|line| say(&format!("[{name}] {line}")))
            }
        }
    }

    /// The form of data.
    pub(crate) fn form(&self) -> OutputForm {
        self.form
    }

    /// Whether data goes out as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.form == OutputForm::Json
    }

    /// Data: text in its final form.
    pub(crate) fn data(&self, text: &str) {
        self.put_data(text);
    }

    fn put_data(&self, text: &str) {
        if let Err(error) = put(&mut io::stdout().lock(), text)
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.unwritten.store(true, Ordering::Relaxed);
        }
    }

    /// Whether data was lost on the way out, on a full disk for example.
    pub(crate) fn has_lost_data(&self) -> bool {
        self.unwritten.load(Ordering::Relaxed)
    }

    /// Data: one JSON document, indented.
    pub(crate) fn json(&self, value: &impl Serialize) {
        self.put_data(&serde_json::to_string_pretty(value).unwrap_or_default());
    }

    /// Data: one JSON line of a stream.
    pub(crate) fn json_line(&self, value: &Value) {
        self.put_data(&value.to_string());
    }

    /// Data in the form that was asked for; the text is only made if it is wanted.
    pub(crate) fn report(&self, value: &Value, text: impl FnOnce() -> String) {
        if self.is_json() { self.json(value) } else { self.data(&text()) }
    }

    /// Talk, unless asked to be quiet.
    pub(crate) fn talk(&self, text: &str) {
        if !self.quiet {
            self.say(text);
        }
    }

    /// A warning; said even when quiet.
    pub(crate) fn warning(&self, text: &str) {
        self.say(&format!("warning: {text}"));
    }

    /// Something that was found and says itself how bad it is; said even when quiet.
    pub(crate) fn note(&self, text: &str) {
        self.say(text);
    }

    /// A failure with its causes, what is left behind, and hints.
    pub(crate) fn failure(&self, failure: &Failure) {
        say(&render::failure::text(failure));
        if self.is_json() {
            self.json_line(&render::failure::json(failure));
        }
    }

    /// Asks a question and gives the answer; `None` when nobody can answer.
    pub(crate) fn ask(&self, question: &str) -> Option<String> {
        if !io::stdin().is_terminal() {
            return None;
        }
        let mut err = io::stderr().lock();
        write!(err, "{question} ").and_then(|()| err.flush()).ok()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).ok()?;
        Some(answer.trim().to_owned())
    }

    /// Shows a run until its events end.
    pub(crate) async fn follow(&self, mut events: UnboundedReceiver<Event>, clock: RunClock) {
        let mut face = self.face(clock);
        while let Some(event) = events.recv().await {
            match &mut face {
                Face::Bars(bars) => bars.show(&event),
                Face::Lines(lines) => {
                    for line in lines.show(&event) {
                        self.say(&line);
                    }
                }
                Face::Json => self.json_line(&event_json::event(&event)),
                Face::Silent => {}
            }
        }
    }

    fn face(&self, clock: RunClock) -> Face {
        match (self.form, self.quiet) {
            (OutputForm::Json, _) if !self.beside => Face::Json,
            (_, true) => Face::Silent,
            (_, false) if !self.beside && io::stderr().is_terminal() && variable(CI).is_none() => {
                Face::Bars(Bars::new(Box::new(move || clock.now())))
            }
            (_, false) => Face::Lines(Lines::default()),
        }
    }
}

/// Who shows a run.
enum Face {
    Bars(Bars),
    Lines(Lines),
    Json,
    Silent,
}

/// Talks; when nobody listens there is no place left to say so.
fn say(text: &str) {
    drop(put(&mut io::stderr().lock(), text));
}

fn put(out: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(out, "{text}")?;
    out.flush()
}
