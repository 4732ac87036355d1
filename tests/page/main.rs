//! The agent's page in a browser, against real phones: clicked through in German and English, by mouse and by keyboard. The stories
//! are told in JavaScript, where the browser is driven (`calls.mjs`, `desk.mjs`); here each is one test. Pictures of the states are left
//! in `target/tmp/trialog-tests/page`.
mod page;
