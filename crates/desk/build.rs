//! Makes the built page a part of the library: a table of its files. Without them the table is empty, and one line says what to run.
//! And makes the page's catalogues a part of it: a constant for each word.
use serde_json::{Map, Value};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("page.rs"), page(&package)?)?;
    fs::write(out.join("words.rs"), words(&package)?)
}

/// The table of the page's files.
fn page(package: &Path) -> io::Result<String> {
    let folder = package.join("page/dist");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    collect(&folder, &mut files)?;
    files.sort();
    if !files.iter().any(|file| file.ends_with("index.html")) {
        println!(
            "cargo::warning=the page is not built, so the program has none: run `cargo xtask setup`"
        );
        files.clear();
    }
    let mut table = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&folder).expect("it was found there");
        let name = name
            .to_str()
            .expect("the page's files have plain names")
            .replace('\\', "/");
        writeln!(
            table,
            "({name:?}, include_bytes!({:?})),",
            file.display().to_string()
        )
        .expect("a string grows");
    }
    table.push(']');
    Ok(table)
}

/// The words of both catalogues. One that a catalogue has not ends the build.
fn words(package: &Path) -> io::Result<String> {
    let catalogue = |language: &str| -> io::Result<Map<String, Value>> {
        let file = package.join(format!("page/src/words/{language}.json"));
        println!("cargo::rerun-if-changed={}", file.display());
        Ok(serde_json::from_str(&fs::read_to_string(file)?)?)
    };
    let (en, de) = (catalogue("en")?, catalogue("de")?);
    let mut code = constants(&en, &de);
    let of = |words: &Map<String, Value>, name: &str| {
        let words = words.get(name).and_then(Value::as_object);
        words
            .unwrap_or_else(|| panic!("a catalogue has no “{name}”"))
            .clone()
    };
    let own = |name: &str| constants(&of(&en, name), &of(&de, name));
    let (ctl, doctor) = (own("ctl"), own("doctor"));
    let pairs = |words: Map<String, Value>| {
        let pairs = words
            .iter()
            .map(|(key, text)| format!("({key:?}, {text}),\n"));
        pairs.collect::<String>()
    };
    write!(
        code,
        "/// Those of `trialog ctl`.\npub mod ctl {{\nuse super::Word;\n{ctl}}}\n\
         /// Those of `trialog doctor`.\npub mod doctor {{\nuse super::Word;\n{doctor}}}\n\
         /// The verbs of `trialog ctl` in German.\npub const VERBS: &[(&str, &str)] = &[{}];\n\
         /// What `trialog ctl --help` says in German, by verb, and by verb and argument.\n\
         pub const HELP: &[(&str, &str)] = &[{}];\n",
        pairs(of(&de, "verbs")),
        pairs(of(&de, "help")),
    )
    .expect("a string grows");
    Ok(code)
}

fn constants(en: &Map<String, Value>, de: &Map<String, Value>) -> String {
    let alone = de
        .keys()
        .filter(|key| !en.contains_key(*key) && de[*key].is_string());
    assert_eq!(alone.count(), 0, "there are words in German alone");
    let texts = en.iter().filter(|(_, text)| text.is_string());
    let constant = |(key, text): (&String, &Value)| {
        let german = de
            .get(key)
            .unwrap_or_else(|| panic!("“{key}” is not there in German"));
        let name: String = key
            .chars()
            .flat_map(|c| {
                c.is_uppercase()
                    .then_some('_')
                    .into_iter()
                    .chain(c.to_uppercase())
            })
            .collect();
        format!(
            "/// The text `{key}`.\npub const {name}: Word = Word {{ en: {text}, de: {german} }};\n"
        )
    };
    texts.map(constant).collect()
}

/// All files below the folder but hidden ones.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        match entry.file_type()?.is_dir() {
            _ if hidden => {}
            true => collect(&entry.path(), files)?,
            false => files.push(entry.path()),
        }
    }
    Ok(())
}
