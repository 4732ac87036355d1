//! Foreign phones in every place: customer and agent 2 each in turn by every kind of phone, agent 1 always ours.
//!
//! A cell is one pair and one way; its three phones live through one story after another ([`story`]). All three speak their pilots
//! all the time, so that one short listening tells who hears whom ([`listening`]). Each way is one test, which plays its cells several
//! at once and prints one table.
mod cast;
mod cell;
mod listening;
mod peers;
mod story;
mod table;
mod wire;
