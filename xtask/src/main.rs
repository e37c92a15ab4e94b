//! Code generation and checks of the vodkit workspace.

fn main() {}
