//! A TOML file as tables whose keys are asked for one by one. Whatever is asked for is known; what is left over at the end is a
//! fault, and so is a value of another kind. All faults of a file are collected, each with its line. It knows no key itself.
use super::fault::{Fault, Faults, nearest};
use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One file that is being read.
pub(super) struct Document<'t> {
    file: &'t Path,
    text: &'t str,
    faults: RefCell<Vec<Fault>>,
    /// Every key that was asked for, with its table.
    known: RefCell<Vec<String>>,
}

/// One table of it.
pub(super) struct Section<'d, 't> {
    document: &'d Document<'t>,
    path: String,
    /// Nothing: the table is not there, and each key has its default.
    table: Option<&'d DeTable<'t>>,
    line: usize,
    asked: RefCell<Vec<&'static str>>,
}

/// A value that stands in the file.
pub(super) struct Entry<'d, 't> {
    key: String,
    value: &'d Spanned<DeValue<'t>>,
}

impl<'t> Document<'t> {
    pub(super) fn new(file: &'t Path, text: &'t str) -> Self {
        Self {
            file,
            text,
            faults: RefCell::default(),
            known: RefCell::default(),
        }
    }

    pub(super) fn root<'d>(&'d self, table: &'d DeTable<'t>) -> Section<'d, 't> {
        self.section(String::new(), Some(table), 0)
    }

    fn section<'d>(
        &'d self,
        path: String,
        table: Option<&'d DeTable<'t>>,
        line: usize,
    ) -> Section<'d, 't> {
        Section {
            document: self,
            path,
            table,
            line,
            asked: RefCell::default(),
        }
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().iter().take(at);
        1 + before.filter(|byte| **byte == b'\n').count()
    }

    pub(super) fn fault(
        &self,
        line: usize,
        key: Option<&str>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        self.faults.borrow_mut().push(Fault {
            file: self.file.to_owned(),
            line,
            key: key.map(str::to_owned),
            expected: expected.into(),
            found: found.into(),
        });
    }

    /// What was wrong, in the order of the lines; nothing wrong is no error.
    pub(super) fn end(self) -> Result<Vec<String>, Faults> {
        let mut faults = self.faults.into_inner();
        faults.sort_by_key(|fault| fault.line);
        if faults.is_empty() {
            Ok(self.known.into_inner())
        } else {
            Err(Faults(faults))
        }
    }
}

impl<'d, 't> Section<'d, 't> {
    /// The key does not stand in the file.
    pub(super) fn lacks(&self, key: &str) -> bool {
        self.table.is_none_or(|table| table.get(key).is_none())
    }

    /// The value of a key, if it stands in the file.
    pub(super) fn entry(&self, key: &'static str) -> Option<Entry<'d, 't>> {
        self.asked.borrow_mut().push(key);
        let path = self.path_of(key);
        self.document.known.borrow_mut().push(path.clone());
        let value = self.table?.get(key)?;
        Some(Entry { key: path, value })
    }

    pub(super) fn text(&self, key: &'static str) -> Option<String> {
        self.parsed(key, "text in quotes", |text| Some(text.to_owned()))
    }

    /// A path; a relative one is meant from the folder of the file.
    pub(super) fn path(&self, key: &'static str) -> Option<PathBuf> {
        let folder = self.document.file.parent().unwrap_or(Path::new(""));
        self.parsed(key, "a path in quotes", |text| {
            (!text.is_empty()).then(|| folder.join(text))
        })
    }

    /// A text that means something to `read`; it answers nothing where it does not.
    pub(super) fn parsed<T>(
        &self,
        key: &'static str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let entry = self.entry(key)?;
        let value = match entry.value.get_ref() {
            DeValue::String(text) => read(text),
            _ => None,
        };
        if value.is_none() {
            self.wrong(&entry, expected);
        }
        value
    }

    /// As [`Self::parsed`], by the type's own reading.
    pub(super) fn of_text<T: FromStr>(&self, key: &'static str, expected: &str) -> Option<T> {
        self.parsed(key, expected, |text| text.parse().ok())
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let names: Vec<_> = words.iter().map(|(name, _)| *name).collect();
        self.parsed(key, &one_of(&names), |text| {
            let found = words.iter().find(|(name, _)| *name == text)?;
            Some(found.1)
        })
    }

    /// One of a few words, or `true` or `false` where a switch has become a choice.
    pub(super) fn choice_or_flag<T: Copy>(
        &self,
        key: &'static str,
        words: &[(&str, T)],
        flag: impl FnOnce(bool) -> T,
    ) -> Option<T> {
        let entry = self.entry(key)?;
        let value = match entry.value.get_ref() {
            DeValue::Boolean(set) => Some(flag(*set)),
            DeValue::String(text) => {
                let mut words = words.iter();
                words
                    .find(|(name, _)| *name == text)
                    .map(|(_, value)| *value)
            }
            _ => None,
        };
        if value.is_none() {
            let names: Vec<_> = words.iter().map(|(name, _)| *name).collect();
            self.wrong(&entry, &format!("true, false, {}", one_of(&names)));
        }
        value
    }

    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        let entry = self.entry(key)?;
        if let DeValue::Boolean(flag) = entry.value.get_ref() {
            return Some(*flag);
        }
        self.wrong(&entry, "true or false");
        None
    }

    pub(super) fn number<T>(&self, key: &'static str, range: RangeInclusive<T>) -> Option<T>
    where
        T: TryFrom<i64> + PartialOrd + std::fmt::Display,
    {
        let entry = self.entry(key)?;
        let value = match entry.value.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .and_then(|number| T::try_from(number).ok())
                .filter(|number| range.contains(number)),
            _ => None,
        };
        if value.is_none() {
            let expected = format!("a whole number from {} to {}", range.start(), range.end());
            self.wrong(&entry, &expected);
        }
        value
    }

    pub(super) fn seconds(
        &self,
        key: &'static str,
        range: RangeInclusive<u32>,
    ) -> Option<Duration> {
        let seconds = self.number(key, range)?;
        Some(Duration::from_secs(u64::from(seconds)))
    }

    /// A list of texts, each of which means something to `read`.
    pub(super) fn list<T>(
        &self,
        key: &'static str,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let entry = self.entry(key)?;
        let DeValue::Array(items) = entry.value.get_ref() else {
            self.wrong(&entry, &format!("a list, each item {expected}"));
            return None;
        };
        let mut values = Vec::new();
        for item in items.iter() {
            let value = match item.get_ref() {
                DeValue::String(text) => read(text),
                _ => None,
            };
            match value {
                Some(value) => values.push(value),
                None => self.wrong(
                    &Entry {
                        key: entry.key.clone(),
                        value: item,
                    },
                    expected,
                ),
            }
        }
        Some(values)
    }

    /// A text, or a list of them, each of which means something to `read`.
    pub(super) fn one_or_more<T>(
        &self,
        key: &'static str,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let value = self.table.and_then(|table| table.get(key));
        let is_list = value.is_some_and(|value| matches!(value.get_ref(), DeValue::Array(_)));
        if is_list {
            self.list(key, expected, read)
        } else {
            self.parsed(key, expected, read).map(|one| vec![one])
        }
    }

    /// A table; where it is missing, all of its keys are.
    pub(super) fn table(&self, key: &'static str) -> Section<'d, 't> {
        let path = self.path_of(key);
        let entry = self.entry(key);
        if let Some(entry) = entry {
            let line = self.document.line(entry.value.span().start);
            if let DeValue::Table(table) = entry.value.get_ref() {
                return self.document.section(path, Some(table), line);
            }
            self.wrong(&entry, &format!("a table: [{path}]"));
        }
        self.document.section(path, None, 0)
    }

    /// A list of tables.
    pub(super) fn tables(&self, key: &'static str) -> Vec<Section<'d, 't>> {
        let path = self.path_of(key);
        let Some(entry) = self.entry(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = entry.value.get_ref() else {
            self.wrong(&entry, &format!("a list of tables: [[{path}]]"));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in items.iter() {
            let line = self.document.line(item.span().start);
            match item.get_ref() {
                DeValue::Table(table) => {
                    sections.push(self.document.section(path.clone(), Some(table), line));
                }
                _ => self
                    .document
                    .fault(line, Some(&path), "a table", kind(item.get_ref())),
            }
        }
        sections
    }

    /// The line where a key's value stands; the table's where it is missing.
    fn line_of(&self, key: &str) -> usize {
        let value = self.table.and_then(|table| table.get(key));
        value.map_or(self.line, |value| self.document.line(value.span().start))
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Says that a key's value does not fit the rest.
    pub(super) fn fault(&self, key: &str, expected: &str, found: &str) {
        let line = self.line_of(key);
        let path = self.path_of(key);
        self.document.fault(line, Some(&path), expected, found);
    }

    /// No more keys are known: the rest are faults.
    pub(super) fn end(self) {
        let known = self.asked.borrow();
        for (key, value) in self.table.into_iter().flatten() {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let expected = match nearest(name, &known) {
                Some(near) => format!("a key that there is (“{near}”?)"),
                None => one_of(&known),
            };
            let at = match value.get_ref() {
                // A dotted header's key has the span of its part of the header; so have ordinary keys of theirs.
                _ if !key.span().is_empty() => key.span().start,
                _ => value.span().start,
            };
            let path = self.path_of(name);
            let line = self.document.line(at);
            self.document
                .fault(line, Some(&path), expected, "an unknown key");
        }
    }

    fn wrong(&self, entry: &Entry<'_, '_>, expected: &str) {
        let line = self.document.line(entry.value.span().start);
        // A secret of the wrong kind is still a secret.
        let found = if entry.key.ends_with("password") {
            "something else".to_owned()
        } else {
            kind(entry.value.get_ref())
        };
        self.document.fault(line, Some(&entry.key), expected, found);
    }
}

/// What a value is, for people.
fn kind(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("“{text}”"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(date) => date.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

fn one_of(names: &[&str]) -> String {
    match names {
        [name] => format!("“{name}”"),
        [names @ .., last] => format!("{} or “{last}”", quoted(names)),
        [] => "nothing".to_owned(),
    }
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("“{name}”")).collect();
    quoted.join(", ")
}
