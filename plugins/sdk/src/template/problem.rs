//! What is wrong with parameters.

/// What is wrong with one parameter.
///
/// ```
/// use sandglass_sdk::{Problem, Problems};
///
/// let problem = Problem { pointer: "/days".into(), message: "is 0: choose 1 or more".into() };
/// assert!(!Problems::from(problem).is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// JSON pointer into the parameters (RFC 6901); empty for the whole.
    pub pointer: String,
    /// What was found and what to do about it, for people.
    pub message: String,
}

/// All that is wrong with the parameters of a job.
///
/// ```
/// use sandglass_sdk::Problems;
///
/// let mut problems = Problems::none();
/// problems.add("/days", "is 0: choose 1 or more");
/// problems.add("/hosts/2", "is no host name");
/// assert_eq!(problems.into_iter().count(), 2);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Nothing is wrong, yet.
    ///
    /// ```
    /// use sandglass_sdk::Problems;
    ///
    /// assert!(Problems::none().is_empty());
    /// ```
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds one. `pointer` as in [`Problem::pointer`].
    ///
    /// ```
    /// use sandglass_sdk::Problems;
    ///
    /// let mut problems = Problems::none();
    /// problems.add("/days", "is 0: choose 1 or more");
    /// assert!(!problems.is_empty());
    /// ```
    pub fn add(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem { pointer: pointer.into(), message: message.into() });
    }

    /// Whether nothing is wrong.
    ///
    /// ```
    /// use sandglass_sdk::Problems;
    ///
    /// assert!(Problems::none().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The problems in the order they were found.
    ///
    /// ```
    /// use sandglass_sdk::Problems;
    ///
    /// let mut problems = Problems::none();
    /// problems.add("/days", "is 0");
    /// assert_eq!(problems.iter().map(|problem| problem.pointer.as_str()).collect::<Vec<_>>(), ["/days"]);
    /// ```
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
