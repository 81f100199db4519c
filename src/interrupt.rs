//! Ctrl-C, and the polite end a CI system asks for: counted for as long as a command runs, so that none goes unheard.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How often this command was asked to end.
#[derive(Debug, Clone)]
pub(crate) struct Interrupts {
    count: watch::Receiver<usize>,
}

impl Interrupts {
    /// Listens from now on; the signals no longer end the process by themselves.
    pub(crate) fn listen() -> Self {
        let (sender, count) = watch::channel(0);
        for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
            let sender = sender.clone();
            // Where a signal cannot be listened to, it ends the process as ever.
            let Ok(mut signals) = signal(kind) else { continue };
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    sender.send_modify(|count| *count += 1);
                }
            });
        }
        Self { count }
    }

    /// Whether the command was asked to end.
    pub(crate) fn any(&self) -> bool {
        *self.count.borrow() > 0
    }

    /// Waits until it has been asked to end more than `count` times.
    pub(crate) async fn more_than(&mut self, count: usize) {
        if self.count.wait_for(|now| *now > count).await.is_err() {
            // Nobody listens any more, so nothing will be heard.
            std::future::pending::<()>().await;
        }
    }
}
