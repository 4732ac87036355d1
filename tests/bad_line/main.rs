//! Whole phones on hosts of their own, over lines that lose, delay and break, in real time.
mod bad_line;
mod moves;
