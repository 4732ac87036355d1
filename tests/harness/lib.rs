//! Whole phones in a network that is made up, at a time that is made up.
