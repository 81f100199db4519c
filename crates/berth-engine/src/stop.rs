//! Asking a run to stop: once to finish what runs, twice to leave at once.

use tokio::sync::watch;

/// How far a run has been asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Not at all.
    No,
    /// Finish what runs, begin nothing new.
    Finish,
    /// Leave now, whatever runs.
    Leave,
}

/// Makes a stopper, and the signal that a run listens to.
pub fn stop_channel() -> (Stopper, StopSignal) {
    let (sender, receiver) = watch::channel(Stop::No);
    (Stopper { sender }, StopSignal { receiver })
}

/// Raises the signal; the command line does so at each Ctrl-C.
#[derive(Debug)]
pub struct Stopper {
    sender: watch::Sender<Stop>,
}

impl Stopper {
    /// Asks to finish what runs and to begin nothing new.
    pub fn finish(&self) {
        self.raise(Stop::Finish);
    }

    /// Asks to leave at once.
    pub fn leave(&self) {
        self.raise(Stop::Leave);
    }

    fn raise(&self, level: Stop) {
        self.sender.send_modify(|stop| *stop = level.max(*stop));
    }
}

/// What a run listens to; a signal whose stopper is gone never rises again.
#[derive(Debug, Clone)]
pub struct StopSignal {
    receiver: watch::Receiver<Stop>,
}

impl StopSignal {
    /// How far it has risen.
    pub fn level(&self) -> Stop {
        *self.receiver.borrow()
    }

    /// Waits until it stands higher than this, and gives where it stands then.
    pub async fn above(&mut self, level: Stop) -> Stop {
        let risen = self.receiver.wait_for(|stop| *stop > level).await.map(|stop| *stop);
        match risen {
            Ok(stop) => stop,
            Err(_) => std::future::pending().await,
        }
    }
}
