//! Configuration: defaults, then a file, then the environment, then flags. Unknown keys are errors.
