//! Wire types of China's video-on-demand platforms: lenient serde models that lose nothing.

pub mod operation;
