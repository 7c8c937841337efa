//! Who a template is and what it asks for.

use serde_json::Value;

/// What the host does with an attempt whose host died in the middle.
///
/// ```
/// use sandglass_sdk::{Metadata, Need, OnLost};
///
/// // Sending twice is worse than not at all:
/// let metadata = Metadata::new("order_report", "1.2.0", "Order report").on_lost(OnLost::Fail);
/// assert_eq!(metadata.on_lost, OnLost::Fail);
/// # let _: Option<Need> = None;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnLost {
    /// Try again: the work may be done twice, at least once.
    Retry,
    /// End as lost: the work may be done partly, at most once.
    Fail,
}

/// Something that the template asks for.
///
/// ```
/// use sandglass_sdk::Need;
///
/// let need = Need::new("http", "api.example.com", "send", "To fetch exchange rates.");
/// assert!(!need.is_optional);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// `documents`, `http`, `email`, `files`, `secrets` or `insight`.
    pub capability: String,
    /// A collection, host, identity, folder or label. `param:/collection` stands for what the job's parameters hold
    /// at that JSON pointer.
    pub target: String,
    /// `read`, `write`, `manage`, `send`, `use` or `reveal`.
    pub access: String,
    /// Why, in one sentence for the operator.
    pub reason: String,
    /// Whether the template is of use without it.
    pub is_optional: bool,
    /// More about it: a JSON object.
    pub extra: Option<Value>,
}

impl Need {
    /// A need that the template cannot do without.
    ///
    /// ```
    /// use sandglass_sdk::Need;
    ///
    /// // Whatever collection a job names in its parameter `collection`:
    /// let need = Need::new("documents", "param:/collection", "read", "To read the orders.");
    /// assert_eq!(need.target, "param:/collection");
    /// ```
    #[must_use]
    pub fn new(capability: &str, target: &str, access: &str, reason: &str) -> Self {
        Self {
            capability: capability.to_owned(),
            target: target.to_owned(),
            access: access.to_owned(),
            reason: reason.to_owned(),
            is_optional: false,
            extra: None,
        }
    }

    /// The template is of use without it.
    ///
    /// ```
    /// use sandglass_sdk::Need;
    ///
    /// let need = Need::new("email", "default", "send", "To tell somebody, if wanted.").optional();
    /// assert!(need.is_optional);
    /// ```
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.is_optional = true;
        self
    }

    /// For a need to write files: what an attempt creates there is removed by the host unless the attempt ends in
    /// success, also when the host dies. Files that it wrote over stay.
    ///
    /// ```
    /// use sandglass_sdk::Need;
    ///
    /// let need = Need::new("files", "exports", "write", "To write the export.").removed_on_failure();
    /// assert_eq!(need.extra.unwrap()["on_failure"], "remove");
    /// ```
    #[must_use]
    pub fn removed_on_failure(mut self) -> Self {
        self.extra = Some(serde_json::json!({ "on_failure": "remove" }));
        self
    }

    /// Names the parameter that holds the connection of a collection, when it is a parameter of its own.
    ///
    /// ```
    /// use sandglass_sdk::Need;
    ///
    /// let need = Need::new("documents", "param:/collection", "read", "To read.").connection("param:/connection");
    /// assert_eq!(need.extra.unwrap()["connection"], "param:/connection");
    /// ```
    #[must_use]
    pub fn connection(mut self, target: &str) -> Self {
        self.extra = Some(serde_json::json!({ "connection": target }));
        self
    }
}

/// Who a template is.
///
/// ```
/// use sandglass_sdk::Metadata;
///
/// let metadata = Metadata::new("order_report", "1.2.0", "Order report")
///     .description("Orders of the day, by status.")
///     .icon("📦")
///     .category("Reports");
/// assert_eq!(metadata.name, "order_report");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata {
    /// Type name: small letters, digits and `_`, beginning with a letter.
    pub name: String,
    /// Version of the template, as in semantic versioning.
    pub version: String,
    /// Name for people.
    pub title: String,
    /// What it does.
    pub description: String,
    /// One emoji.
    pub icon: String,
    /// Heading under which it is listed.
    pub category: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// What it asks for.
    pub needs: Vec<Need>,
    /// What to do when a host died.
    pub on_lost: OnLost,
    /// JSON pointer of the boolean parameter that makes a run harmless.
    pub dry_run: Option<String>,
}

impl Metadata {
    /// Takes type name, version (usually `env!("CARGO_PKG_VERSION")`) and name for people.
    ///
    /// ```
    /// use sandglass_sdk::Metadata;
    ///
    /// let metadata = Metadata::new("order_report", env!("CARGO_PKG_VERSION"), "Order report");
    /// assert_eq!(metadata.category, "Other");
    /// ```
    #[must_use]
    pub fn new(name: &str, version: &str, title: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            title: title.to_owned(),
            description: String::new(),
            icon: "🧩".to_owned(),
            category: "Other".to_owned(),
            tags: Vec::new(),
            needs: Vec::new(),
            on_lost: OnLost::Retry,
            dry_run: None,
        }
    }

    /// Sets what it does, in a sentence or a few.
    ///
    /// ```
    /// use sandglass_sdk::Metadata;
    ///
    /// let metadata = Metadata::new("order_report", "1.2.0", "Order report").description("Orders of the day.");
    /// assert_eq!(metadata.description, "Orders of the day.");
    /// ```
    #[must_use]
    pub fn description(mut self, description: &str) -> Self {
        self.description = description.to_owned();
        self
    }

    /// Sets the emoji.
    ///
    /// ```
    /// use sandglass_sdk::Metadata;
    ///
    /// let metadata = Metadata::new("order_report", "1.2.0", "Order report").icon("📦");
    /// assert_eq!(metadata.icon, "📦");
    /// ```
    #[must_use]
    pub fn icon(mut self, icon: &str) -> Self {
        self.icon = icon.to_owned();
        self
    }

    /// Sets the heading under which it is listed.
    ///
    /// ```
    /// use sandglass_sdk::Metadata;
    ///
    /// let metadata = Metadata::new("order_report", "1.2.0", "Order report").category("Reports");
    /// assert_eq!(metadata.category, "Reports");
    /// ```
    #[must_use]
    pub fn category(mut self, category: &str) -> Self {
        self.category = category.to_owned();
        self
    }

    /// Sets the words to find it by.
    ///
    /// ```
    /// use sandglass_sdk::Metadata;
    ///
    /// let metadata = Metadata::new("order_report", "1.2.0", "Order report").tags(&["orders", "report"]);
    /// assert_eq!(metadata.tags.len(), 2);
    /// ```
    #[must_use]
    pub fn tags(mut self, tags: &[&str]) -> Self {
        self.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        self
    }

    /// Adds something that it asks for.
    ///
    /// ```
    /// use sandglass_sdk::{Metadata, Need, OnLost};
    ///
    /// let metadata = Metadata::new("order_report", "1.2.0", "Order report")
    ///     .need(Need::new("documents", "orders", "read", "To read the orders."));
    /// assert_eq!(metadata.needs.len(), 1);
    /// # assert_eq!(metadata.on_lost, OnLost::Retry);
    /// ```
    #[must_use]
    pub fn need(mut self, need: Need) -> Self {
        self.needs.push(need);
        self
    }

    /// Sets what to do when a host died; without this it is [`OnLost::Retry`].
    ///
    /// ```
    /// use sandglass_sdk::{Metadata, Need, OnLost};
    ///
    /// let metadata = Metadata::new("order_report", "1.2.0", "Order report").on_lost(OnLost::Fail);
    /// assert_eq!(metadata.on_lost, OnLost::Fail);
    /// # let _: Option<Need> = None;
    /// ```
    #[must_use]
    pub fn on_lost(mut self, on_lost: OnLost) -> Self {
        self.on_lost = on_lost;
        self
    }

    /// Names the boolean parameter that makes a run harmless, as a JSON pointer.
    ///
    /// ```
    /// use sandglass_sdk::Metadata;
    ///
    /// let metadata = Metadata::new("order_report", "1.2.0", "Order report").dry_run("/dry_run");
    /// assert_eq!(metadata.dry_run.as_deref(), Some("/dry_run"));
    /// ```
    #[must_use]
    pub fn dry_run(mut self, pointer: &str) -> Self {
        self.dry_run = Some(pointer.to_owned());
        self
    }
}
