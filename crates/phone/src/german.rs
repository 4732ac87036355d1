//! The command line of `trialog ctl` and `trialog doctor` in German: the verbs of `ctl`, which are understood whatever the language, and
//! with `--lang de` help and complaints. All texts are those of the catalogue.
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, Error};
use std::ffi::OsString;
use trialog_desk::words::{HELP, VERBS};

/// What stands under this key of the catalogue's help.
fn help(key: &str) -> Option<&'static str> {
    let found = HELP.iter().find(|(known, _)| *known == key);
    found.map(|(_, text)| *text)
}

fn text(key: &str) -> &'static str {
    debug_assert!(help(key).is_some(), "no help for “{key}”");
    help(key).unwrap_or_default()
}

/// What these arguments ask for German: `ctl` or `doctor`.
pub(crate) fn is_wanted(arguments: &[OsString]) -> Option<&'static str> {
    let is = |at: usize, text: &str| arguments.get(at).is_some_and(|own| own == text);
    let asked = |at: usize| is(at, "--lang=de") || (is(at, "--lang") && is(at + 1, "de"));
    let command = ["ctl", "doctor"].into_iter().find(|name| is(1, name))?;
    (2..arguments.len()).any(asked).then_some(command)
}

/// The same command line with the verbs of `ctl` in German besides, and in `german` with help for `ctl` and `doctor`.
pub(crate) fn understood(command: Command, german: bool) -> Command {
    let command = match german {
        true => command.mut_arg("log", |log| {
            log.help(text("--log")).help_heading(text("options"))
        }),
        false => command,
    };
    let command = command.mut_subcommand("doctor", |doctor| match german {
        true => explained_whole(doctor),
        false => doctor,
    });
    command.mut_subcommand("ctl", |ctl| {
        let ctl = VERBS.iter().fold(ctl, |ctl, (verb, name)| {
            ctl.mut_subcommand(verb, |verb| match german {
                true => plain(verb.visible_alias(*name), name),
                false => plain(verb.alias(*name), name),
            })
        });
        if german { in_german(ctl) } else { ctl }
    })
}

/// A verb by its German name without umlauts besides, where a keyboard has none.
fn plain(verb: Command, german: &'static str) -> Command {
    let umlauts = [("ä", "ae"), ("ö", "oe"), ("ü", "ue")];
    let plain = umlauts
        .iter()
        .fold(german.to_owned(), |name, (umlaut, two)| {
            name.replace(umlaut, two)
        });
    match plain == german {
        true => verb,
        false => verb.alias(plain),
    }
}

fn in_german(ctl: Command) -> Command {
    let verbs: Vec<String> = ctl
        .get_subcommands()
        .map(|verb| verb.get_name().to_owned())
        .collect();
    let ctl = verbs
        .into_iter()
        .fold(ctl, |ctl, name| ctl.mut_subcommand(name, explained_whole));
    let ctl = ctl
        .about(text("about"))
        .subcommand_help_heading(text("verbs"));
    dressed(ctl.disable_help_subcommand(true).mut_args(|arg| {
        let key = format!("--{}", arg.get_id());
        let arg = arg.help(text(&key));
        match arg.get_action().takes_values() {
            true => arg.hide_possible_values(true),
            false => arg,
        }
    }))
}

/// A command without further ones, and all its arguments.
fn explained_whole(command: Command) -> Command {
    let name = command.get_name().to_owned();
    let command = command.about(text(&name));
    dressed(command.mut_args(|arg| explained(arg, &name)))
}

/// An argument of this command.
fn explained(arg: Arg, command: &str) -> Arg {
    let key = format!("{command} {}", arg.get_id());
    // The help itself names the values of a language; other values are complained of by their own words.
    let names_values = arg.get_id() == "lang";
    let arg = arg.hide_possible_values(names_values);
    let heading = if arg.is_positional() {
        "arguments"
    } else {
        "options"
    };
    arg.help(text(&key)).help_heading(text(heading))
}

/// With German headings, and a German option for this help.
fn dressed(command: Command) -> Command {
    let template = format!(
        "{{about-with-newline}}\n{}: {{usage}}\n\n{{all-args}}",
        text("usage")
    );
    let asks = Arg::new("help")
        .short('h')
        .long("help")
        .global(false)
        .action(ArgAction::Help);
    command
        .help_template(template)
        .disable_help_flag(true)
        .mut_args(|arg| match arg.get_help_heading() {
            Some(_) => arg,
            None => arg.help_heading(text("options")),
        })
        .arg(asks.help(text("help")).help_heading(text("options")))
}

/// What is wrong with the command line of `command`, in German.
pub(crate) fn complaint(error: &Error, command: &str) -> String {
    let key = match error.kind() {
        ErrorKind::InvalidSubcommand => "unknownVerb",
        ErrorKind::UnknownArgument => "unknownOption",
        ErrorKind::MissingRequiredArgument | ErrorKind::MissingSubcommand => "missing",
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => "wrongValue",
        _ => "wrong",
    };
    let named = [
        ContextKind::InvalidSubcommand,
        ContextKind::InvalidValue,
        ContextKind::InvalidArg,
    ];
    let found = named
        .into_iter()
        .find_map(|kind| error.get(kind))
        .map(|value| match value {
            ContextValue::Strings(all) => all.join(" "),
            value => value.to_string(),
        });
    let found = found.unwrap_or_else(|| text("verbs").to_owned());
    format!(
        "trialog: {}\n{}\n",
        text(key).replace("{found}", &found),
        text("seeHelp").replace("{command}", command)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory;
    use std::collections::BTreeSet;

    #[test]
    fn each_verb_and_argument_has_its_german_help_and_no_help_is_for_nothing() {
        let cli = Cli::command();
        let ctl = cli.find_subcommand("ctl").unwrap();
        let mut known = BTreeSet::from(["--log".to_owned()]);
        for arg in ctl.get_arguments() {
            known.insert(format!("--{}", arg.get_id()));
        }
        let doctor = cli.find_subcommand("doctor").unwrap();
        for verb in ctl.get_subcommands().chain([doctor]) {
            known.insert(verb.get_name().to_owned());
            let arguments = verb.get_arguments();
            known.extend(arguments.map(|arg| format!("{} {}", verb.get_name(), arg.get_id())));
        }
        let words = [
            "about",
            "usage",
            "options",
            "arguments",
            "verbs",
            "help",
            "seeHelp",
            "wrong",
            "unknownVerb",
            "unknownOption",
            "missing",
            "wrongValue",
        ];
        known.extend(words.map(str::to_owned));
        let explained: BTreeSet<String> = HELP.iter().map(|(key, _)| (*key).to_owned()).collect();
        assert_eq!(known, explained);
        let verbs: BTreeSet<&str> = ctl.get_subcommands().map(Command::get_name).collect();
        assert_eq!(verbs, VERBS.iter().map(|(verb, _)| *verb).collect());
    }

    fn matched(arguments: &[&str]) -> Result<clap::ArgMatches, Error> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let german = is_wanted(&arguments);
        understood(Cli::command(), german.is_some()).try_get_matches_from(arguments)
    }

    #[test]
    fn a_verb_is_understood_in_both_languages() {
        for (typed, verb) in [
            ("halten", "hold"),
            ("übergeben", "transfer"),
            ("uebergeben", "transfer"),
        ] {
            for lang in ["en", "de"] {
                let matches = matched(&["trialog", "ctl", "--lang", lang, typed]).unwrap();
                let (_, ctl) = matches.subcommand().unwrap();
                assert_eq!(ctl.subcommand_name(), Some(verb), "{typed}");
            }
        }
    }

    #[test]
    fn help_and_complaints_are_german_where_that_is_asked_for() {
        for arguments in [
            ["ctl", "--lang", "de", "--help"],
            ["ctl", "--lang=de", "history", "--help"],
            ["doctor", "--lang", "de", "--help"],
        ] {
            let arguments: Vec<&str> = [&["trialog"], &arguments[..]].concat();
            let help = matched(&arguments).unwrap_err().to_string();
            let usage = format!("Aufruf: trialog {}", arguments[1]);
            assert!(
                help.contains(&usage) && help.contains("Optionen:"),
                "{help}"
            );
            for english in [
                "Usage",
                "Options",
                "Commands",
                "Print help",
                "Which",
                "possible",
                "The language",
            ] {
                assert!(!help.contains(english), "{english}: {help}");
            }
        }
        let wrong = |arguments: &[&str]| {
            let arguments = [&["trialog", "ctl", "--lang", "de"], arguments].concat();
            complaint(&matched(&arguments).unwrap_err(), "ctl")
        };
        let doctor = matched(&["trialog", "doctor", "--lang=de", "--laut"]).unwrap_err();
        assert_eq!(
            complaint(&doctor, "doctor"),
            "trialog: --laut: diese Option gibt es hier nicht\nMehr: trialog doctor --lang de --help\n"
        );
        assert!(wrong(&["tanzen"]).contains("tanzen: diesen Befehl gibt es nicht"));
        assert!(wrong(&["hold", "--laut"]).contains("--laut: diese Option gibt es hier nicht"));
        assert!(
            wrong(&["call"]).contains("es fehlt: <TO>"),
            "{}",
            wrong(&["call"])
        );
        assert!(wrong(&["presence", "gone"]).contains("gone: das ist hier kein Wert"));
    }
}
