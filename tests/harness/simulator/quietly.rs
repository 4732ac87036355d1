//! A promise that breaks is a panic. Here it is caught, without a word on standard error, as what was promised and where.
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// A promise that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// In the words of the promise.
    pub promise: String,
    /// The line that holds it; none where it is no promise of a step.
    pub place: String,
}

impl Broken {
    /// The same promise broke, whoever and whatever it names.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

static HOOK: Once = Once::new();

/// Does it, and says what broke.
pub fn quietly(deed: impl FnOnce()) -> Option<Broken> {
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if QUIET.get() {
                let place = info.location().map(ToString::to_string);
                PLACE.set(place.unwrap_or_default());
            } else {
                usual(info);
            }
        }));
    });
    QUIET.set(true);
    let done = catch_unwind(AssertUnwindSafe(deed));
    QUIET.set(false);
    let payload = done.err()?;
    let promise = payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_default();
    let place = PLACE.take();
    Some(Broken { promise, place })
}
