//! What a template can ask the host for, one file an interface family, and the one gate that every effect passes.
