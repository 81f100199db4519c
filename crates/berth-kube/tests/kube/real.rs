//! A real kube-apiserver with its etcd, where `KUBEBUILDER_ASSETS` names a folder with both.
//!
//! There are no controllers behind it: quotas are never filled, namespaces never end, and Deployments make no pods.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use berth_core::observed::ClusterAccess;
use kube::Client;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

/// The one who may do everything.
pub(crate) const TOKEN: &str = "t1";
/// Looks, a quarter of a second apart, until the server has to be ready.
const LOOKS: u32 = 240;

/// A running control plane; it ends with this value.
pub(crate) struct Real {
    pub(crate) access: ClusterAccess,
    dir: TempDir,
    processes: Vec<Child>,
}

impl Drop for Real {
    fn drop(&mut self) {
        for process in self.processes.iter_mut().rev() {
            // One that has ended by itself needs no end.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// The folder with the programs; `None`, with a word on it, where there is none.
#[expect(clippy::print_stderr, reason = "a skipped witness is said so")]
pub(crate) fn assets() -> Option<PathBuf> {
    let folder = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: KUBEBUILDER_ASSETS names no folder with kube-apiserver and etcd");
    }
    folder
}

impl Real {
    /// Starts etcd and a kube-apiserver on ports that the system chooses.
    pub(crate) fn start(assets: &Path) -> Self {
        let dir = TempDir::new().unwrap();
        let [etcd, peer, api] = [free_port(), free_port(), free_port()];
        let ca_pem = write_keys(dir.path());
        let mut real = Self {
            access: ClusterAccess { server: format!("https://127.0.0.1:{api}"), ca_pem: Some(ca_pem) },
            dir,
            processes: Vec::new(),
        };
        let file = |name: &str| real.dir.path().join(name).display().to_string();
        let etcd_flags = [
            format!("--data-dir={}", file("etcd")),
            format!("--listen-client-urls=http://127.0.0.1:{etcd}"),
            format!("--advertise-client-urls=http://127.0.0.1:{etcd}"),
            format!("--listen-peer-urls=http://127.0.0.1:{peer}"),
        ];
        let api_flags = [
            format!("--etcd-servers=http://127.0.0.1:{etcd}"),
            "--bind-address=127.0.0.1".to_owned(),
            "--advertise-address=127.0.0.1".to_owned(),
            format!("--secure-port={api}"),
            format!("--tls-cert-file={}", file("server.crt")),
            format!("--tls-private-key-file={}", file("server.key")),
            format!("--cert-dir={}", file("certificates")),
            format!("--token-auth-file={}", file("tokens.csv")),
            "--authorization-mode=RBAC".to_owned(),
            "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
            "--service-account-issuer=https://127.0.0.1".to_owned(),
            format!("--service-account-key-file={}", file("accounts.pub")),
            format!("--service-account-signing-key-file={}", file("accounts.key")),
            // Nothing here makes the accounts of namespaces.
            "--disable-admission-plugins=ServiceAccount".to_owned(),
            "--allow-privileged=true".to_owned(),
        ];
        let started = [real.spawn(assets, "etcd", &etcd_flags), real.spawn(assets, "kube-apiserver", &api_flags)];
        real.processes.extend(started);
        real
    }

    fn spawn(&self, assets: &Path, name: &str, flags: &[String]) -> Child {
        let log = fs::File::create(self.dir.path().join(format!("{name}.log"))).unwrap();
        let mut command = Command::new(assets.join(name));
        command.args(flags).current_dir(self.dir.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        command.spawn().unwrap()
    }

    /// Waits until the server is ready and has the namespaces that every cluster has.
    pub(crate) async fn ready(&mut self, client: &Client) {
        for _ in 0..LOOKS {
            tokio::time::sleep(Duration::from_millis(250)).await;
            let ended = self.processes.iter_mut().any(|process| process.try_wait().unwrap().is_some());
            assert!(!ended, "the control plane ended: {}", self.logs());
            let ask = |path: &str| client.request_text(http::Request::get(path).body(Vec::new()).unwrap());
            if ask("/readyz").await.is_ok()
                && ask("/api/v1/namespaces/kube-system").await.is_ok()
                && ask("/api/v1/namespaces/default").await.is_ok()
            {
                return;
            }
        }
        panic!("the control plane is not ready: {}", self.logs());
    }

    /// The end of what the programs said.
    fn logs(&self) -> String {
        let mut said = String::new();
        for name in ["etcd", "kube-apiserver"] {
            let mut text = String::new();
            let _ = fs::File::open(self.dir.path().join(format!("{name}.log"))).unwrap().read_to_string(&mut text);
            let lines: Vec<&str> = text.lines().rev().take(15).collect();
            said.push_str(&lines.into_iter().rev().collect::<Vec<_>>().join("\n"));
        }
        said
    }
}

/// Certificates, keys and the token; gives the authority's certificate.
fn write_keys(dir: &Path) -> String {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    let accounts = KeyPair::generate().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.join(name), text).unwrap();
    write("server.crt", &certificate.pem());
    write("server.key", &key.serialize_pem());
    write("accounts.key", &accounts.serialize_pem());
    write("accounts.pub", &accounts.public_key_pem());
    write("tokens.csv", &format!("{TOKEN},admin,admin,\"system:masters\"\n"));
    issuer.pem()
}

/// A port that nobody has now. Another process could take it before it is used; then the start fails and says so.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
