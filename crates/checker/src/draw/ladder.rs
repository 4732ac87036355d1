use crate::{Course, Evidence, Story};
/// x
#[must_use]
pub fn ladder(_: &Story, _: &Evidence, _: &Course) -> String {
    String::new()
}
