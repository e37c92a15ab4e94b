//! Signing rules of China's video-on-demand platforms: pure functions, no allocation, no_std.
