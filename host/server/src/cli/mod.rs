//! The subcommands of `sandglass` that are not `serve`.
