//! Foreign phones in every place: customer and agent 2 each in turn by every kind of phone, agent 1 always ours.
