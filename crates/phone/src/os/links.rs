//! Links that call (`tel:`, `sip:`, `sips:`, `callto:`), handed to this program by the desktop: on Linux and other systems of
//! freedesktop.org by a desktop file and the table of MIME types.
use std::path::PathBuf;

/// Why the desktop can't be told.
#[derive(Debug)]
pub(crate) enum LinksError {
    /// This file can't be written or removed.
    File(PathBuf, std::io::Error),
    /// Where this program is, is not known.
    Program(std::io::Error),
    /// This system has no such file; what to do instead.
    #[cfg(any(not(unix), target_os = "macos"))]
    Otherwise(&'static str),
}

impl std::fmt::Display for LinksError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Program(error) => write!(f, "where this program is, is not known: {error}"),
            #[cfg(any(not(unix), target_os = "macos"))]
            Self::Otherwise(what) => f.write_str(what),
        }
    }
}

#[cfg(any(not(unix), target_os = "macos"))]
pub(crate) use elsewhere::{install, remove};
#[cfg(all(unix, not(target_os = "macos")))]
pub(crate) use freedesktop::{install, remove};

#[cfg(all(unix, not(target_os = "macos")))]
mod freedesktop {
    use super::LinksError;
    use std::ffi::OsStr;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};

    const FILE: &str = "trialog-call.desktop";
    const SCHEMES: [&str; 4] = ["tel", "sip", "sips", "callto"];

    /// Makes this program, with these arguments before the link, the one that such links are given to. What was done, in lines.
    pub(crate) fn install(arguments: &[&str]) -> Result<String, LinksError> {
        let program = std::env::current_exe().map_err(LinksError::Program)?;
        let folder = folder();
        let file = folder.join(FILE);
        let failed = |error| LinksError::File(file.clone(), error);
        std::fs::create_dir_all(&folder).map_err(failed)?;
        std::fs::write(&file, entry(&program, arguments)).map_err(failed)?;
        let mut said = format!("{} is there\n", file.display());
        let types = SCHEMES.map(|scheme| format!("x-scheme-handler/{scheme}"));
        let mut default: Vec<&OsStr> = vec!["default".as_ref(), FILE.as_ref()];
        default.extend(types.iter().map(OsStr::new));
        let _ = runs("update-desktop-database", &[folder.as_os_str()]);
        if runs("xdg-mime", &default) {
            said.push_str("tel:, sip:, sips: and callto: links call by Trialog\n");
        } else {
            said.push_str("xdg-mime is not here: choose Trialog for tel: and sip: links in the settings of the desktop\n");
        }
        Ok(said)
    }

    /// Takes it back.
    pub(crate) fn remove() -> Result<String, LinksError> {
        let folder = folder();
        let file = folder.join(FILE);
        match std::fs::remove_file(&file) {
            Ok(()) => {
                let _ = runs("update-desktop-database", &[folder.as_os_str()]);
                Ok(format!("{} is gone\n", file.display()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(format!("{} was not there\n", file.display()))
            }
            Err(error) => Err(LinksError::File(file, error)),
        }
    }

    /// XDG Base Directory Specification: where a user's own desktop files are.
    fn folder() -> PathBuf {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let data = set("XDG_DATA_HOME").map(PathBuf::from);
        let home = || Path::new(&set("HOME").unwrap_or_default()).join(".local/share");
        data.unwrap_or_else(home).join("applications")
    }

    fn runs(program: &str, arguments: &[&OsStr]) -> bool {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// The file (Desktop Entry Specification 1.5). The link is one argument, whatever is in it: no shell reads it.
    fn entry(program: &Path, arguments: &[&str]) -> String {
        let program = argument(&program.to_string_lossy());
        let arguments: String = arguments
            .iter()
            .map(|text| format!(" {}", argument(text)))
            .collect();
        let types = SCHEMES
            .map(|scheme| format!("x-scheme-handler/{scheme};"))
            .concat();
        format!(
            "[Desktop Entry]\nType=Application\nName=Trialog\nName[de]=Trialog\nComment=Call by the phone that runs\n\
             Comment[de]=Mit dem laufenden Telefon anrufen\nExec={program} call --link{arguments} -- %u\nTerminal=false\n\
             NoDisplay=true\nStartupNotify=false\nMimeType={types}\n"
        )
    }

    /// One argument of the key Exec, in quotes where it needs them: xdg-open as of 1.1.3, which stands in for a desktop without an
    /// opener of its own, takes the quotes for a part of the program's name.
    fn argument(text: &str) -> String {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/.-_+:@,".contains(letter);
        if !text.is_empty() && text.chars().all(is_plain) {
            return text.to_owned();
        }
        quoted(text)
    }

    /// One argument of the key Exec: in quotes, with what is special to them and to the file escaped.
    fn quoted(text: &str) -> String {
        let mut quoted = String::from("\"");
        for letter in text.chars() {
            match letter {
                // Escaped for the quotes, and the backslash again for the file.
                '"' | '`' | '$' => quoted.push_str("\\\\"),
                '\\' => quoted.push_str("\\\\\\"),
                '%' => quoted.push('%'),
                _ => {}
            }
            quoted.push(letter);
        }
        quoted.push('"');
        quoted
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_program_is_one_argument_whatever_its_path_and_so_is_the_link() {
            let text = entry(
                Path::new("/opt/my $phone/50%/tri\"alog"),
                &["--phone", "anna"],
            );
            let exec = text
                .lines()
                .find_map(|line| line.strip_prefix("Exec="))
                .unwrap();
            assert_eq!(
                exec,
                "\"/opt/my \\\\$phone/50%%/tri\\\\\"alog\" call --link --phone anna -- %u"
            );
            assert!(text.contains("MimeType=x-scheme-handler/tel;x-scheme-handler/sip;"));
        }
    }
}

#[cfg(any(not(unix), target_os = "macos"))]
mod elsewhere {
    use super::LinksError;

    const WHAT: &str = if cfg!(windows) {
        "Windows takes this from the registry: below HKEY_CURRENT_USER\\Software\\Classes\\tel\\shell\\open\\command, set the default value \
         to: \"C:\\path\\to\\trialog.exe\" call --link -- \"%1\""
    } else {
        "macOS takes this from an application's Info.plist (CFBundleURLTypes): make one in Script Editor that runs: trialog call --link -- LINK"
    };

    pub(crate) fn install(_arguments: &[&str]) -> Result<String, LinksError> {
        Err(LinksError::Otherwise(WHAT))
    }

    pub(crate) fn remove() -> Result<String, LinksError> {
        Err(LinksError::Otherwise(WHAT))
    }
}
