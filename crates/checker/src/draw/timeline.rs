use crate::{Course, Evidence, Story};
/// x
#[must_use]
pub fn timeline(_: &Story, _: &Evidence, _: &Course) -> String {
    String::new()
}
