//! Each rule, told as a story of one phone. The search next door proves them; these say what they mean.
mod guest;
mod more_calls;
mod owner;
mod parallel;
mod story;
mod transfer;
mod wrap_ups;
