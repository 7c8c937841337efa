//! The interface as a whole, on a planner and an executor that are real, a store in memory, and guests that are not.

mod damaged;
mod frame;
mod grants;
mod invitations;
mod openapi;
mod reach;
mod resources;
mod roles;
mod runs;
mod scene;
mod sign_in;
mod strictness;
mod timeline;
