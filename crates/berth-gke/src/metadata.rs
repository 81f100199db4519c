//! Credentials of the machine this runs on, which need not be one of Google's.
//!
//! The auth library turns to the metadata server when it finds no file, without looking whether there is such a server. It asks
//! without a time limit, calls the silence transient, and asks again for every client; so it is asked here once, for a moment.

use std::time::Duration;

use berth_core::run::{Fault, FaultKind, LeftBehind, Retry};
use google_cloud_auth::credentials::AccessTokenCredentials;

use crate::classify;

/// How long a metadata server may take for the first token. It stands beside the machine and answers within milliseconds.
const LIMIT: Duration = Duration::from_secs(2);

/// Whether these credentials come from the metadata server.
///
/// The library does not say which of its sources it took; its debug text names the type.
pub(crate) fn gives(credentials: &AccessTokenCredentials) -> bool {
    format!("{credentials:?}").contains("MDSCredentials")
}

/// Gets a first token from the metadata server.
///
/// # Errors
/// It does not answer, or has no token to give.
pub(crate) async fn answers(credentials: &AccessTokenCredentials) -> Result<(), Fault> {
    match tokio::time::timeout(LIMIT, credentials.access_token()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) if !error.is_transient() => Err(classify::of_credentials("get an access token", &error)),
        Ok(Err(_)) | Err(_) => Err(Fault {
            kind: FaultKind::Credentials,
            tried: "find credentials".to_owned(),
            said: "there is no credentials file, and no metadata server answers; \
                   log in with `gcloud auth application-default login`"
                .to_owned(),
            left_behind: LeftBehind::Nothing,
            retry: Retry::Never,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Once;
    use std::time::Instant;

    use google_cloud_auth::credentials::{mds, user_account};
    use serde_json::json;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    static PROVIDER: Once = Once::new();

    fn at(listener: &TcpListener) -> AccessTokenCredentials {
        // Another test of this process may have been first.
        PROVIDER.call_once(|| drop(rustls::crypto::aws_lc_rs::default_provider().install_default()));
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        mds::Builder::default().with_endpoint(endpoint).build_access_token_credentials().unwrap()
    }

    #[tokio::test]
    async fn the_metadata_servers_credentials_are_told_from_a_files() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        assert!(gives(&at(&listener)));
        let file = json!({"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c"});
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let user = user_account::Builder::new(file).with_token_uri(endpoint).build_access_token_credentials().unwrap();
        assert!(!gives(&user));
    }

    #[tokio::test]
    async fn silence_is_noticed_soon_and_says_how_to_log_in() {
        // Connections stand, and nobody ever reads from them.
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (waiting, refused) = (at(&silent), at(&nobody));
        drop(nobody);
        let begun = Instant::now();
        for credentials in [waiting, refused] {
            let fault = answers(&credentials).await.unwrap_err();
            assert_eq!((fault.kind, fault.retry), (FaultKind::Credentials, Retry::Never));
            assert!(fault.said.ends_with("`gcloud auth application-default login`"), "{fault}");
        }
        assert!(begun.elapsed() < LIMIT + Duration::from_secs(2), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn a_metadata_server_that_answers_is_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let credentials = at(&listener);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let body = json!({"access_token": "sesame", "expires_in": 3600, "token_type": "Bearer"}).to_string();
                let head =
                    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
                stream.write_all(format!("{head}\r\nconnection: close\r\n\r\n{body}").as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        assert_eq!(answers(&credentials).await, Ok(()));
    }
}
