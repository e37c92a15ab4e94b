//! Trials beside each other: most of one is waiting for a process to start, or for the disk.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Orders;

/// Does each job once, on as many threads as the orders say, until their time is over. Gives how many were begun.
pub(crate) fn each<J: Sync>(orders: &Orders, jobs: &[J], work: impl Fn(&J) + Sync) -> usize {
    let next = AtomicUsize::new(0);
    let begun = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..orders.threads {
            scope.spawn(|| {
                while !orders.is_over()
                    && let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    begun.fetch_add(1, Ordering::Relaxed);
                    work(job);
                }
            });
        }
    });
    begun.into_inner()
}
