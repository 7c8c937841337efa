//! From a claim to a record: slots, attempts, time-outs, retries, cancellation, hooks, notifications.
