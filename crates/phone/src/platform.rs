//! What differs between systems: signals, and folders and files that nobody but the user may read. Everything else of the
//! phone is the same everywhere.
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

pub(crate) use system::{Signals, for_user_only, more_descriptors, private_folder, receive_buffer};

/// Writes a file that only the user may read, in place of an older one, whole or not at all.
pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    use io::Write;
    let fresh = path.with_extension("new");
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut file: File = for_user_only(options.write(true).create_new(true)).open(&fresh)?;
    file.write_all(text.as_bytes())?;
    drop(file);
    std::fs::rename(&fresh, path)
}

#[cfg(unix)]
mod system {
    use std::fs::{DirBuilder, OpenOptions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
    use std::path::Path;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// The wish to end the program, from outside.
    #[derive(Debug)]
    pub(crate) struct Signals {
        interrupt: Signal,
        terminate: Signal,
        hang_up: Signal,
    }

    impl Signals {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
            })
        }

        /// The next one.
        pub(crate) async fn next(&mut self) {
            tokio::select! {
                _ = self.interrupt.recv() => {}
                _ = self.terminate.recv() => {}
                _ = self.hang_up.recv() => {}
            }
        }
    }

    /// Makes a folder, or takes the one that is there if it is the user's alone.
    pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let there = std::fs::symlink_metadata(path)?;
        let ours = there.uid() == rustix::process::getuid().as_raw();
        if there.is_dir() && ours && there.mode() & 0o077 == 0 {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it is not a folder of this user's alone (mode 0700)",
        ))
    }

    /// A file that is made by these options can be read by the user only.
    pub(crate) fn for_user_only(options: &mut OpenOptions) -> &mut OpenOptions {
        options.mode(0o600)
    }

    /// As many open descriptors as the administrator allows: each call has two for its sound.
    pub(crate) fn more_descriptors() {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // Where it is refused, what was allowed before is enough for an agent's phone.
        let _ = setrlimit(Resource::Nofile, limit);
    }

    /// Asks for room for so many bytes that wait to be received; the system gives what it allows.
    pub(crate) fn receive_buffer(socket: impl std::os::fd::AsFd, bytes: usize) {
        let _ = rustix::net::sockopt::set_socket_recv_buffer_size(&socket, bytes);
        // Beyond the limit for everybody, where we may.
        let _ = rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, bytes);
    }
}

#[cfg(not(unix))]
mod system {
    use std::fs::OpenOptions;
    use std::io;
    use std::path::Path;

    #[derive(Debug)]
    pub(crate) struct Signals;

    impl Signals {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) async fn next(&mut self) {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// The folders of a user's profile are his alone already.
    pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
        std::fs::create_dir_all(path)
    }

    pub(crate) fn for_user_only(options: &mut OpenOptions) -> &mut OpenOptions {
        options
    }

    pub(crate) fn more_descriptors() {}

    pub(crate) fn receive_buffer<T>(_socket: T, _bytes: usize) {}
}
