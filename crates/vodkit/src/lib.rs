//! China's video-on-demand platforms from Rust: one toolkit, every layer usable alone.
