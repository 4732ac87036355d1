//! What a member of a request must be, for people.
use super::Text;

/// What is expected as the value of the member of this name; a name means the same in each request.
pub(crate) fn expected(member: &str) -> Text {
    let (en, de) = match member {
        "to" => (
            "a string such as \"sip:bob@example.com\", up to 1,000 characters, none of them a control character",
            "eine Zeichenkette wie \"sip:bob@example.com\", bis 1.000 Zeichen, kein Steuerzeichen",
        ),
        "account" => (
            "a whole number from 0 to 65535, as in the status",
            "eine ganze Zahl von 0 bis 65535, wie im Status",
        ),
        "digit" => (
            "a string of one digit: 0 to 9, *, #, A to D",
            "eine Zeichenkette mit einer Ziffer: 0 bis 9, *, #, A bis D",
        ),
        "reason" => (
            "a string: the code of one of the status's reasons",
            "eine Zeichenkette: die Kennung eines der Gründe im Status",
        ),
        "presence" => (
            "one of \"available\", \"idle\"",
            "eines von \"available\", \"idle\"",
        ),
        "file" => (
            "a string: an absolute path on the phone's machine, up to 1,000 characters",
            "eine Zeichenkette: ein absoluter Pfad auf dem Rechner des Telefons, bis 1.000 Zeichen",
        ),
        "since" => ("a whole number", "eine ganze Zahl"),
        "status" | "page" => ("true or false", "true oder false"),
        _ => ("a string", "eine Zeichenkette"),
    };
    Text::new(en, de)
}
