//! The sound card, by `cpal`.
use crate::baton::Baton;
use crate::{EngineError, EngineEvent};
use std::sync::Arc;
use std::sync::mpsc::Sender;

/// A sound card in use.
pub(crate) struct Device {}

impl Device {
    pub(crate) fn start(
        _input: Option<String>,
        _output: Option<String>,
        _baton: Arc<Baton>,
        _events: Sender<EngineEvent>,
    ) -> Result<Self, EngineError> {
        Err(EngineError::NoDevice("not yet".into()))
    }
}
