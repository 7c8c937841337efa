//! Time as the people of a zone know it: periods, the periods before them, and their hours, days, weeks and months.

mod grouping;
mod period;
mod zone;

pub use grouping::MOST_GROUPS;
pub use period::{Edge, Period};
pub use zone::midnight;
