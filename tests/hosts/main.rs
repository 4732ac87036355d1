//! A foreign phone is the host: it has a call with a Trialog and sends that one to another Trialog, so that ours are referred,
//! replaced and transferred to.
mod hosts;
mod parties;
mod wire;
