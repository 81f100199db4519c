//! A small HTTP server around a store, on loopback, for clients that only speak over sockets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use berth_sim::kube::{Reply, Request, Store, User, Watch};
use bytes::Bytes;
use jiff::Timestamp;

/// The store and what was asked of it, as `METHOD path?query -> status`.
pub(crate) struct Served {
    pub(crate) store: Mutex<Store>,
    pub(crate) log: Mutex<Vec<String>>,
    began: Timestamp,
    /// How many seconds pass in the cluster while one passes here.
    speed: i32,
}

impl Served {
    /// The time in the cluster.
    pub(crate) fn now(&self) -> Timestamp {
        self.began + Timestamp::now().duration_since(self.began) * self.speed
    }
}

/// A running server; it ends with the process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) served: Arc<Served>,
}

impl Server {
    pub(crate) fn start(store: Store, speed: i32) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let served =
            Arc::new(Served { store: Mutex::new(store), log: Mutex::new(Vec::new()), began: Timestamp::now(), speed });
        let shared = Arc::clone(&served);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let served = Arc::clone(&shared);
                std::thread::spawn(move || while serve_one(&stream, &served).is_some() {});
            }
        });
        Server { address, served }
    }

    /// What was asked since the last call.
    pub(crate) fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.served.log.lock().unwrap())
    }
}

/// Answers one request; nothing when the connection ended.
fn serve_one(stream: &TcpStream, served: &Served) -> Option<()> {
    let request = read(stream)?;
    let reply = served.store.lock().unwrap().handle(served.now(), &request);
    let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let status = match &reply {
        Reply::Once { status, .. } => *status,
        Reply::Watch(_) => 200,
    };
    let line = format!("{} {}?{} -> {status}", request.method, request.path, query.join("&"));
    served.log.lock().unwrap().push(line);
    let mut out = stream;
    match reply {
        Reply::Once { status, headers, body } => {
            let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            out.write_all(format!("{head}\r\n").as_bytes()).ok()?;
            out.write_all(&body).ok()
        }
        Reply::Watch(watch) => stream_watch(stream, served, watch),
    }
}

fn stream_watch(mut out: &TcpStream, served: &Served, mut watch: Watch) -> Option<()> {
    // A client counts its time-outs by the wall.
    watch.restart_clock(Timestamp::now());
    let head =
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: {}\r\n\r\n", watch.content_type());
    out.write_all(head.as_bytes()).ok()?;
    loop {
        let mut store = served.store.lock().unwrap();
        store.settle(served.now());
        let said = store.poll_watch(&mut watch, Timestamp::now());
        drop(store);
        if !said.bytes.is_empty() {
            out.write_all(format!("{:x}\r\n", said.bytes.len()).as_bytes()).ok()?;
            out.write_all(&said.bytes).ok()?;
            out.write_all(b"\r\n").ok()?;
        }
        if said.done {
            return out.write_all(b"0\r\n\r\n").ok();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers: Vec<(String, String)> = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let header = |name: &str| headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    let length = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let url = url::Url::parse(&format!("http://x{target}")).ok()?;
    Some(Request {
        method,
        path: url.path().to_owned(),
        query: url.query_pairs().into_owned().collect(),
        accept: header("accept").unwrap_or_default(),
        content_type: header("content-type"),
        user_agent: header("user-agent"),
        if_none_match: header("if-none-match"),
        body: Bytes::from(body),
        user: User::Named { name: "admin".to_owned(), groups: Vec::new() },
    })
}
