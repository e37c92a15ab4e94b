//! The vodkit command line.

fn main() {}
