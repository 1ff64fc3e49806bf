//! 2. One review, one confirmation, then no surprise.
