//! Keeps a listener's sum within full scale, gently.
