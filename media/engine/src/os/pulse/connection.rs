//! One connection to the server: the handshake, and questions with their answers. It waits and allocates: for control threads.
use pulseaudio::protocol::{
    AuthParams, AuthReply, Command, CommandReply, DESCRIPTOR_SIZE, MAX_VERSION, Prop, Props,
    SetClientNameReply, read_ack_message, read_reply_message, write_command_message,
};
use std::io::{BufReader, Cursor, Read};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A server that has not answered for so long hangs.
const PATIENCE: Duration = Duration::from_secs(2);

/// No message of a server's is longer: a thousand devices are not.
const LONGEST: u32 = 4 << 20;

/// Of `PA_NATIVE_COOKIE_LENGTH` octets, or the server ends the connection.
const COOKIE: usize = 256;

pub(super) struct Connection {
    reader: BufReader<UnixStream>,
    version: u16,
    sequence: u32,
}

impl Connection {
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let socket = UnixStream::connect(path).map_err(text)?;
        socket.set_read_timeout(Some(PATIENCE)).map_err(text)?;
        socket.set_write_timeout(Some(PATIENCE)).map_err(text)?;
        let mut connection = Self {
            reader: BufReader::with_capacity(16 << 10, socket),
            version: MAX_VERSION,
            sequence: 0,
        };
        let auth = AuthParams {
            version: MAX_VERSION,
            // Shared memory would have to be mapped.
            supports_shm: false,
            supports_memfd: false,
            cookie: cookie(pulseaudio::cookie_path_from_env()),
        };
        let reply: AuthReply = connection.ask(&Command::Auth(auth))?;
        connection.version = reply.version.min(MAX_VERSION);
        let mut props = Props::new();
        props.set(Prop::ApplicationName, c"Trialog");
        let _: SetClientNameReply = connection.ask(&Command::SetClientName(props))?;
        Ok(connection)
    }

    /// The answer to a question.
    pub(super) fn ask<T: CommandReply>(&mut self, command: &Command) -> Result<T, String> {
        self.say(command)?;
        let message = self.message()?;
        let (_, reply) =
            read_reply_message(&mut Cursor::new(message), self.version).map_err(text)?;
        Ok(reply)
    }

    /// Asks for something that has no answer but that it is done.
    pub(super) fn acknowledged(&mut self, command: &Command) -> Result<(), String> {
        self.say(command)?;
        let message = self.message()?;
        read_ack_message(&mut Cursor::new(message)).map_err(text)?;
        Ok(())
    }

    fn say(&mut self, command: &Command) -> Result<(), String> {
        self.sequence += 1;
        let (sequence, version) = (self.sequence, self.version);
        write_command_message(self.reader.get_mut(), sequence, command, version).map_err(text)
    }

    /// The next message, whole, with its descriptor.
    pub(super) fn message(&mut self) -> Result<Vec<u8>, String> {
        let mut message = vec![0; DESCRIPTOR_SIZE];
        self.reader.read_exact(&mut message).map_err(text)?;
        let length = u32::from_be_bytes([message[0], message[1], message[2], message[3]]);
        if length > LONGEST {
            return Err(format!("the sound server sends {length} octets at once"));
        }
        message.resize(DESCRIPTOR_SIZE + length as usize, 0);
        self.reader
            .read_exact(&mut message[DESCRIPTOR_SIZE..])
            .map_err(text)?;
        Ok(message)
    }

    /// From now on a message may take as long as it likes.
    pub(super) fn wait_for_ever(&mut self) -> Result<(), String> {
        self.reader.get_ref().set_read_timeout(None).map_err(text)
    }

    /// The same socket, to end the connection by.
    pub(super) fn socket(&self) -> Result<UnixStream, String> {
        self.reader.get_ref().try_clone().map_err(text)
    }

    /// What was not read yet goes on here.
    pub(super) fn into_reader(self) -> BufReader<UnixStream> {
        self.reader
    }
}

/// Who may connect without being asked otherwise has this in a file of its own. A user without one, as on a machine where no sound server
/// has run yet, sends zeros: the protocol wants the length, and many servers believe the socket alone.
fn cookie(path: Option<PathBuf>) -> Vec<u8> {
    let file = path.and_then(|path| std::fs::read(path).ok());
    let mut cookie = file.unwrap_or_default();
    cookie.resize(COOKIE, 0);
    cookie
}

/// What a message says, by its number; none where it carries samples.
pub(super) fn tag(message: &[u8]) -> Option<u32> {
    let channel = message.get(4..8)?;
    let tag = message.get(DESCRIPTOR_SIZE + 1..DESCRIPTOR_SIZE + 5)?;
    (channel == [0xff; 4]).then(|| u32::from_be_bytes([tag[0], tag[1], tag[2], tag[3]]))
}

fn text(error: impl std::fmt::Display) -> String {
    format!("the sound server: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_has_its_length_whatever_the_file_has() {
        assert_eq!(cookie(None), [0; COOKIE]);
        assert_eq!(cookie(Some("/nowhere/at/all".into())), [0; COOKIE]);
        let file = std::env::temp_dir().join(format!("trialog-cookie-{}", std::process::id()));
        for length in [10, COOKIE, 300] {
            std::fs::write(&file, vec![7; length]).expect("a file");
            let read = cookie(Some(file.clone()));
            assert_eq!(read.len(), COOKIE);
            assert_eq!(
                read.iter().filter(|octet| **octet == 7).count(),
                length.min(COOKIE)
            );
        }
        std::fs::remove_file(&file).expect("it was there");
    }
}
