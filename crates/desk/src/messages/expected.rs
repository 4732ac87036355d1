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
        "code" => (
            "a string: a code that the phone gave",
            "eine Zeichenkette: ein Code, den das Telefon gegeben hat",
        ),
        "presence" => (
            "one of \"available\", \"idle\"",
            "eines von \"available\", \"idle\"",
        ),
        "file" => (
            "a string: an absolute path on the phone's machine, up to 1,000 characters",
            "eine Zeichenkette: ein absoluter Pfad auf dem Rechner des Telefons, bis 1.000 Zeichen",
        ),
        "note" => (
            "a string of up to 4,000 characters",
            "eine Zeichenkette, bis 4.000 Zeichen",
        ),
        "limit" => (
            "a whole number from 1 to 500",
            "eine ganze Zahl von 1 bis 500",
        ),
        "before" | "since_ms" | "until_ms" => (
            "a whole number, up to 9007199254740991",
            "eine ganze Zahl, bis 9007199254740991",
        ),
        "party" => (
            "a string such as \"Carla\", up to 1,000 characters, none of them a control character",
            "eine Zeichenkette wie \"Carla\", bis 1.000 Zeichen, kein Steuerzeichen",
        ),
        "kind" => (
            "one of the kinds of the history, such as \"missed\"",
            "eine der Arten im Verlauf, etwa \"missed\"",
        ),
        "since" => ("a whole number", "eine ganze Zahl"),
        "status" | "page" | "everywhere" => ("true or false", "true oder false"),
        _ => ("a string", "eine Zeichenkette"),
    };
    Text::new(en, de)
}
