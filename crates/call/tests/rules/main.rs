//! Each rule, told as a story of one phone. The search next door proves them; these say what they mean.
mod asked;
mod availability;
mod early_replaced;
mod guest;
mod identities;
mod more_calls;
mod owner;
mod parallel;
mod redirection;
mod referral;
mod ringing;
mod story;
mod taking_up;
mod times;
mod transfer;
mod unasked;
mod wrap_ups;
