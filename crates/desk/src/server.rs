//! The HTTP server: it listens where the phone bound it, for a bounded number of clients, each of them for a bounded time.
use crate::command::CommandRequest;
use crate::contacts::Contacts;
use crate::linger::Lingering;
use crate::seats::{Seat, Seats};
use crate::{Feed, OtherTokens, Pairing, Token, guard, routes};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};

/// How many connections there may be at once; for one more, one that asks nothing is closed.
const CONNECTIONS: usize = 256;

/// So long a client may take for a request's head, and a connection may be idle.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);

/// The most headers of a request, and the most bytes of its head; more are answered with 431.
const HEADERS: usize = 64;
const HEAD: usize = 16 * 1024;

/// After an error of the listener that may pass: too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// What the desk needs of the phone.
#[derive(Clone, Debug)]
pub struct Desk {
    /// What a client must show.
    pub token: Token,
    /// What others may show instead.
    pub others: OtherTokens,
    /// What a browser shows instead.
    pub pairing: Pairing,
    /// What the page finds numbers in.
    pub directory: Contacts,
    /// To the phone's loop.
    pub commands: mpsc::Sender<CommandRequest>,
    /// From the phone's loop.
    pub feed: Feed,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) desk: Desk,
    /// Where the API listens.
    pub(crate) port: u16,
    /// How many pages are open; `hangup = "ask"` asks only where there is one.
    pub(crate) pages: AtomicUsize,
    /// One for each client that follows the events.
    pub(crate) readers: Arc<Semaphore>,
}

/// Serves the API until `end` is there, and then until every request is answered and every client that follows the events has the farewell; so the
/// caller ends the feed first, and waits no longer than it likes. The listener should be a loopback one.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    listener: TcpListener,
    desk: Desk,
    end: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let readers = Arc::new(Semaphore::new(crate::socket::READERS));
    let port = listener.local_addr()?.port();
    let router = router(desk, port, Arc::clone(&readers));
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let seats = Seats::default();
    let (ending, _) = watch::channel(false);
    let mut end = pin!(end);
    let result = loop {
        let accepted = async {
            let accepted = listener.accept().await;
            if connections.available_permits() == 0 {
                seats.make_room();
            }
            let place = Arc::clone(&connections).acquire_owned().await;
            (place, accepted)
        };
        let (place, accepted) = tokio::select! {
            both = accepted => both,
            () = &mut end => break Ok(()),
        };
        match accepted {
            Ok((stream, _)) => {
                let connection =
                    connection(stream, router.clone(), seats.take(), ending.subscribe());
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) if is_for_good(&error) => break Err(error),
            Err(error) => {
                tracing::warn!(%error, "the API can't take a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    };
    drop(listener);
    ending.send_replace(true);
    // Each gives its place back when it is done.
    let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
    let _ = connections.acquire_many(all).await;
    let all = u32::try_from(crate::socket::READERS).unwrap_or(u32::MAX);
    let _ = readers.acquire_many(all).await;
    result
}

/// The connection that was being accepted is gone already.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind as E;
    matches!(
        error.kind(),
        E::ConnectionAborted | E::ConnectionReset | E::ConnectionRefused | E::Interrupted
    )
}

fn is_for_good(error: &io::Error) -> bool {
    use io::ErrorKind as E;
    matches!(
        error.kind(),
        E::InvalidInput | E::NotConnected | E::Unsupported
    )
}

async fn connection(
    stream: TcpStream,
    router: Router,
    seat: Arc<Seat>,
    mut ending: watch::Receiver<bool>,
) {
    // Answers and events are small and whole: they need not wait for each other.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = service_fn(|request| {
        let asking = seat.asks();
        let answer = router.call(request);
        async move {
            let answer = answer.await;
            drop(asking);
            answer
        }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_PATIENCE)
            .max_headers(HEADERS)
            .max_buf_size(HEAD)
            .serve_connection(TokioIo::new(Lingering::new(stream)), service)
            .with_upgrades()
    );
    // What a connection ends with is the client's affair.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = seat.leave() => return,
        _ = ending.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

fn router(desk: Desk, port: u16, readers: Arc<Semaphore>) -> Router {
    let shared = Arc::new(Shared {
        desk,
        port,
        pages: AtomicUsize::new(0),
        readers,
    });
    routes::all()
        .layer(DefaultBodyLimit::max(routes::LONGEST_BODY))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&shared),
            guard::guard,
        ))
        .with_state(shared)
}
