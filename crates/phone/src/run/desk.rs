//! The desk when the phone starts: what its clients show, the directory, and where it listens.
use super::start::random;
use super::{Serving, StartError};
use crate::config::Config;
use crate::runtime_dir::{PageFile, RuntimeDir};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use trialog_api::Contact;
use trialog_client::Address;
use trialog_desk::{CommandRequest, Contacts, Desk, Feed, PageKeys, Pairing, RoleKeys, Token};

/// The desk at work.
pub(super) struct OpenDesk {
    /// Where it is, and the token.
    pub(super) api: Address,
    /// Makes codes for browsers.
    pub(super) pairing: Pairing,
    pub(super) directory: Contacts,
    pub(super) serving: Serving,
}

/// Opens the API, and keeps what a page that is open finds the phone by when it is started anew.
pub(super) async fn open(
    config: &Config,
    runtime_dir: &RuntimeDir,
    commands: mpsc::Sender<CommandRequest>,
    feed: Feed,
) -> Result<OpenDesk, StartError> {
    let token = Token::new(random()?);
    let kept = runtime_dir.page();
    let kept_keys = |role: fn(&PageFile) -> Option<(&str, &str)>| kept.as_ref().and_then(role);
    let keys = RoleKeys {
        agent: page_keys(kept_keys(|page| Some((&page.cookie, &page.proof))))?,
        supervisor: page_keys(kept_keys(PageFile::supervisor))?,
    };
    let pairing = Pairing::new(keys.clone(), more_random);
    let directory: Contacts = directory(config)?.into();
    let desk = Desk {
        token: token.clone(),
        others: crate::tokens::others(&config.name),
        pairing: pairing.clone(),
        directory: directory.clone(),
        commands,
        feed,
    };
    let (at, serving) = serve(config, kept.map(|page| page.port), desk).await?;
    runtime_dir.keep_page(&PageFile {
        port: at.port(),
        cookie: keys.agent.cookie.reveal().to_owned(),
        proof: keys.agent.proof.reveal().to_owned(),
        supervisor_cookie: Some(keys.supervisor.cookie.reveal().to_owned()),
        supervisor_proof: Some(keys.supervisor.proof.reveal().to_owned()),
    })?;
    let api = Address {
        url: format!("http://{at}"),
        token: token.reveal().to_owned(),
        pid: std::process::id(),
    };
    Ok(OpenDesk {
        api,
        pairing,
        directory,
        serving,
    })
}

/// Opens the API and says where it is. Where the configuration leaves the port open, it is the one of the start before, if that is free,
/// so that a page which is still open finds the phone again.
async fn serve(
    config: &Config,
    before: Option<u16>,
    desk: Desk,
) -> Result<(SocketAddr, Serving), StartError> {
    let error = |error| StartError::Listen {
        key: "api.listen",
        transport: "TCP",
        address: config.api,
        error,
    };
    let again = before.filter(|_| config.api.port() == 0);
    let again = match again {
        Some(port) => TcpListener::bind((config.api.ip(), port)).await.ok(),
        None => None,
    };
    let listener = match again {
        Some(listener) => listener,
        None => TcpListener::bind(config.api).await.map_err(error)?,
    };
    let address = listener.local_addr().map_err(error)?;
    let (until, ended) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let until = async {
            let _ = ended.await;
        };
        if let Err(error) = trialog_desk::serve(listener, desk, until).await {
            tracing::error!(%error, "the API has ended");
        }
    });
    let serving = Serving {
        task,
        _until: until,
    };
    Ok((address, serving))
}

/// What the page's browsers show: what they did before the phone was started anew, where that was kept.
/// Cookie and proof, that is.
fn page_keys(kept: Option<(&str, &str)>) -> Result<PageKeys, StartError> {
    let before = kept.and_then(|(cookie, proof)| {
        Some(PageKeys {
            cookie: Token::kept(cookie)?,
            proof: Token::kept(proof)?,
        })
    });
    match before {
        Some(keys) => Ok(keys),
        None => Ok(PageKeys {
            cookie: Token::new(random()?),
            proof: Token::new(random()?),
        }),
    }
}

/// What the page finds numbers in.
pub(super) fn directory(config: &Config) -> Result<Vec<Contact>, StartError> {
    let Some(path) = &config.directory else {
        return Ok(Vec::new());
    };
    let contacts = crate::directory::read(path).map_err(|error| StartError::File {
        key: "directory.file",
        path: path.clone(),
        error,
    })?;
    if contacts.is_empty() {
        let expected =
            "CSV with a heading that has name and number, or vCards with FN and TEL or IMPP";
        tracing::warn!(key = "directory.file", path = %path.display(), expected, "the directory has no entry");
    }
    Ok(contacts)
}

/// For what is made while the phone runs.
fn more_random() -> [u8; 32] {
    random().expect("the system gave random bytes at the start, and does so from then on")
}
