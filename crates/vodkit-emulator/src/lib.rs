//! A local emulator of China's video-on-demand platforms, for tests and for people without an account.
