//! Users, sessions and tokens on a store in memory, with a clock that a test moves.

use std::sync::Arc;

use bson::{Document, doc};
use chrono::{DateTime, Duration, Utc};
use parking_lot::Mutex;
use sandglass_database::memory::Memory;
use sandglass_database::{Database, Find, collect};
use serde_json::{Value, json};

use super::{Access, AccessError, Begun, Client, Parts};
use crate::model::{Clock, Incarnation, Principal, Role, UserName};
use crate::repository::audit::Audit;
use crate::repository::ensure_indexes;

const PASSWORD: &str = "correct horse battery";
const ADMIN: &str = "0123456789abcdef0123456789abcdef";

struct Moved(Mutex<DateTime<Utc>>);

impl Clock for Moved {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock()
    }

    fn boot_time(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }
}

struct House {
    database: Arc<dyn Database>,
    clock: Arc<Moved>,
    access: Access,
}

impl House {
    async fn new() -> Self {
        let database: Arc<dyn Database> = Arc::new(Memory::new());
        ensure_indexes(&*database).await.unwrap();
        let clock = Arc::new(Moved(Mutex::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap())));
        let access = Self::open(&database, &clock).await;
        Self { database, clock, access }
    }

    /// With ann, an admin.
    async fn with_ann() -> Self {
        let house = Self::new().await;
        house.user("ann", "admin").await;
        house
    }

    async fn open(database: &Arc<dyn Database>, clock: &Arc<Moved>) -> Access {
        let audit = Audit::start(database.clone(), Incarnation::generate());
        audit.prepare().await.unwrap();
        let admin = Some(super::random::proof_of(ADMIN));
        Access::open(Parts { database: database.clone(), audit, clock: clock.clone(), admin }).await.unwrap()
    }

    /// As after a start.
    async fn again(&mut self) {
        self.access = Self::open(&self.database, &self.clock).await;
    }

    fn pass(&self, time: Duration) {
        *self.clock.0.lock() += time;
    }

    async fn user(&self, name: &str, role: &str) -> UserName {
        let body = json!({ "name": name, "role": role, "password": PASSWORD });
        self.access.create_user(body, "tests").await.unwrap().user.name
    }

    async fn try_in(&self, name: &str, password: &str) -> Result<Begun, AccessError> {
        self.access.sign_in(json!({ "name": name, "password": password }), Client::default()).await
    }

    async fn sign_in(&self, name: &str) -> Begun {
        self.try_in(name, PASSWORD).await.unwrap()
    }

    fn principal(&self, begun: &Begun) -> Option<Principal> {
        self.access.by_session(&begun.secret, true).map(|caller| caller.principal)
    }

    async fn rows(&self, collection: &str) -> Vec<Document> {
        collect(self.database.find(collection, Find::default().sorted(doc! { "_id": 1 })).await.unwrap()).await.unwrap()
    }

    async fn actions(&self) -> Vec<String> {
        let mut rows = self.rows("sandglass_audit").await;
        rows.retain(|row| row.contains_key("action"));
        rows.sort_by_key(|row| row.get_i64("seq").unwrap());
        let text = |row: &Document, field: &str| row.get_str(field).unwrap().to_owned();
        rows.iter()
            .map(|row| format!("{} {} {}", text(row, "actor"), text(row, "action"), text(row, "subject")))
            .collect()
    }
}

fn name(text: &str) -> UserName {
    text.parse().unwrap()
}

fn minutes(minutes: i64) -> Duration {
    Duration::minutes(minutes)
}

fn pointers<T>(result: Result<T, AccessError>) -> Vec<(String, String)> {
    match result {
        Err(AccessError::Invalid(problems)) => problems.into_iter().map(|p| (p.pointer, p.code)).collect(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was taken"),
    }
}

#[tokio::test]
async fn the_set_up_link_makes_one_admin_and_no_second() {
    let house = House::new().await;
    let link = house.access.open_setup().unwrap().unwrap();
    assert!(house.access.is_setup_open());
    let body = |token: &str, name: &str| json!({ "token": token, "name": name, "password": PASSWORD });
    let set_up = |body: Value| house.access.set_up(body, Client::default());
    for wrong in ["", "sgu_00", &link.to_uppercase(), ADMIN] {
        assert!(matches!(set_up(body(wrong, "ann")).await, Err(AccessError::SetupClosed)), "{wrong}");
    }
    let weak = json!({ "token": link.as_str(), "name": "Ann B", "password": "short", "role": "auditor" });
    assert_eq!(pointers(set_up(weak).await)[0].0, "/name");
    let begun = set_up(body(&link, "Ann")).await.unwrap();
    assert_eq!(house.principal(&begun).map(|ann| (ann.name, ann.role)), Some(("ann".to_owned(), Role::Admin)));
    assert!(matches!(set_up(body(&link, "bob")).await, Err(AccessError::SetupClosed)), "it is good once");
    assert!(house.access.open_setup().unwrap().is_none(), "and no new one is made");
    assert!(!house.access.is_setup_open());
}

#[tokio::test]
async fn a_set_up_link_is_good_for_a_day_and_until_the_next_one() {
    let house = House::new().await;
    let first = house.access.open_setup().unwrap().unwrap();
    let second = house.access.open_setup().unwrap().unwrap();
    let set_up = |token: &str| {
        let body = json!({ "token": token, "name": "ann", "password": PASSWORD });
        house.access.set_up(body, Client::default())
    };
    assert!(matches!(set_up(&first).await, Err(AccessError::SetupClosed)));
    house.pass(Duration::days(1));
    assert!(!house.access.is_setup_open());
    assert!(matches!(set_up(&second).await, Err(AccessError::SetupClosed)));
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it_and_after_twelve_hours_at_most() {
    let mut house = House::with_ann().await;
    let idle = house.sign_in("ann").await;
    let busy = house.sign_in("ann").await;
    for _ in 0..35 {
        house.pass(minutes(20));
        assert!(house.principal(&busy).is_some());
    }
    assert!(house.principal(&idle).is_none());
    house.pass(minutes(19));
    assert!(house.principal(&busy).is_some(), "at 719 minutes");
    house.pass(minutes(1));
    assert!(house.principal(&busy).is_none(), "at 720 minutes");
    let fresh = house.sign_in("ann").await;
    house.pass(minutes(29));
    house.again().await;
    assert!(house.principal(&fresh).is_some(), "it outlives a restart");
    assert_eq!(house.rows("sandglass_sessions").await.len(), 1, "those that ended are cleared away");
}

#[tokio::test]
async fn what_nobody_caused_keeps_no_session_from_ending() {
    let house = House::with_ann().await;
    let begun = house.sign_in("ann").await;
    house.pass(minutes(20));
    assert!(house.access.by_session(&begun.secret, false).is_some());
    house.pass(minutes(11));
    assert!(house.access.by_session(&begun.secret, false).is_none());
}

#[tokio::test]
async fn whoever_watches_learns_that_a_session_has_ended_by_its_time() {
    let house = House::with_ann().await;
    let begun = house.sign_in("ann").await;
    let ended = house.access.by_session(&begun.secret, true).unwrap().ended;
    house.access.sweep().await.unwrap();
    assert!(!ended.is_cancelled());
    house.pass(minutes(31));
    house.access.sweep().await.unwrap();
    assert!(ended.is_cancelled());
}

#[tokio::test]
async fn sessions_end_at_once_with_role_password_state_account_and_sign_out() {
    let mut house = House::with_ann().await;
    let ben = house.user("ben", "operator").await;
    let changes = [json!({"role": "auditor"}), json!({"password": "another long password"}), json!({"disabled": true})];
    for change in changes {
        let password = if change.get("disabled").is_some() { "another long password" } else { PASSWORD };
        let begun = house.try_in("ben", password).await.unwrap();
        let ended = house.access.by_session(&begun.secret, true).unwrap().ended;
        house.access.change_user(&ben, change.clone(), "ann").await.unwrap();
        assert!(house.principal(&begun).is_none() && ended.is_cancelled(), "{change}");
        house.again().await;
        assert!(house.principal(&begun).is_none(), "{change}, after a restart");
    }
    assert!(matches!(house.try_in("ben", "another long password").await, Err(AccessError::WrongCredentials)));
    house.access.change_user(&ben, json!({"disabled": false}), "ann").await.unwrap();
    let begun = house.try_in("ben", "another long password").await.unwrap();
    house.access.delete_user(&ben, "ann").await.unwrap();
    assert!(house.principal(&begun).is_none());
    house.user("ben", "operator").await;
    house.again().await;
    assert!(house.principal(&begun).is_none(), "another ben came");
    let (here, there) = (house.sign_in("ann").await, house.sign_in("ann").await);
    let ann = house.principal(&here).unwrap();
    house.access.sign_out(&ann).await.unwrap();
    assert!(house.principal(&here).is_none() && house.principal(&there).is_some());
}

#[tokio::test]
async fn a_session_row_of_before_a_change_opens_nothing_even_if_it_stays_in_the_store() {
    let mut house = House::with_ann().await;
    let ben = house.user("ben", "operator").await;
    let begun = house.sign_in("ben").await;
    let left = house.rows("sandglass_sessions").await;
    house.access.change_user(&ben, json!({"role": "auditor"}), "ann").await.unwrap();
    assert!(house.rows("sandglass_sessions").await.is_empty());
    house.database.insert("sandglass_sessions", left).await.unwrap();
    house.again().await;
    assert!(house.principal(&begun).is_none());
}

#[tokio::test]
async fn ones_own_password_takes_the_present_one_and_ends_every_other_session() {
    let house = House::with_ann().await;
    let (here, there) = (house.sign_in("ann").await, house.sign_in("ann").await);
    let ann = house.principal(&here).unwrap();
    let change = |current: &str, new: &str| {
        let body = json!({ "current_password": current, "new_password": new });
        house.access.change_password(&ann, body, Client::default())
    };
    assert_eq!(pointers(change("wrong", "quite another one").await), [("/current_password".into(), "wrong".into())]);
    assert_eq!(pointers(change(PASSWORD, "short").await), [("/new_password".into(), "too_short".into())]);
    let new = change(PASSWORD, "quite another one").await.unwrap();
    assert!(house.principal(&here).is_none() && house.principal(&there).is_none() && house.principal(&new).is_some());
    assert!(matches!(house.try_in("ann", PASSWORD).await, Err(AccessError::WrongCredentials)));
    house.try_in("ann", "quite another one").await.unwrap();
}

#[tokio::test]
async fn a_token_may_what_it_is_for_until_it_expires_and_never_more_than_its_owner() {
    let mut house = House::with_ann().await;
    let ben = house.user("ben", "operator").await;
    let begun = house.sign_in("ben").await;
    let principal = house.principal(&begun).unwrap();
    let more = house.access.create_token(&principal, json!({"name": "x", "role": "admin"})).await;
    assert_eq!(pointers(more), [("/role".into(), "more_than_owner".into())]);
    let made = house.access.create_token(&principal, json!({"name": "deploy", "expires_in_days": 2})).await.unwrap();
    assert!(made.secret.starts_with("sgl_") && made.secret.len() == 68);
    let role = |house: &House| house.access.by_token(&made.secret).map(|caller| caller.principal.role);
    assert_eq!(role(&house), Some(Role::Operator));
    assert_eq!(house.access.by_token(&made.secret).unwrap().principal.name, "ben/deploy");
    let again = house.access.create_token(&principal, json!({"name": "deploy"})).await;
    assert_eq!(pointers(again), [("/name".into(), "taken".into())]);
    let by_itself = house.access.by_token(&made.secret).unwrap().principal;
    let second = house.access.create_token(&by_itself, json!({"name": "second"})).await;
    assert!(matches!(second, Err(AccessError::NeedsSession(_))));
    house.access.change_user(&ben, json!({"role": "auditor"}), "ann").await.unwrap();
    assert_eq!(role(&house), Some(Role::Auditor), "with its owner");
    let ended = house.access.by_token(&made.secret).unwrap().ended;
    house.access.change_user(&ben, json!({"disabled": true, "role": "operator"}), "ann").await.unwrap();
    assert!(role(&house).is_none() && ended.is_cancelled());
    house.access.change_user(&ben, json!({"disabled": false}), "ann").await.unwrap();
    house.again().await;
    assert_eq!(role(&house), Some(Role::Operator), "it outlives a restart");
    house.pass(Duration::days(2));
    assert_eq!(role(&house), None);
    assert!(house.access.tokens(None).is_empty());
}

#[tokio::test]
async fn a_token_is_gone_when_it_is_revoked_or_its_owner_goes() {
    let house = House::with_ann().await;
    let ben = house.user("ben", "operator").await;
    let mut made = Vec::new();
    for body in [json!({"name": "a"}), json!({"name": "b", "never_expires": true})] {
        made.push(house.access.create_token_of(&ben, body, "tests").await.unwrap());
    }
    assert_eq!(made[0].token.expires_at, Some(house.clock.now() + Duration::days(90)));
    assert_eq!(made[1].token.expires_at, None);
    let not_hers = house.access.revoke_token(&made[0].token.id, Some(Some(&name("ann"))), "ann").await;
    assert!(matches!(not_hers, Err(AccessError::NotFound("token"))));
    house.access.revoke_token(&made[0].token.id, Some(Some(&ben)), "ben").await.unwrap();
    assert!(house.access.by_token(&made[0].secret).is_none() && house.access.by_token(&made[1].secret).is_some());
    house.access.delete_user(&ben, "ann").await.unwrap();
    assert!(house.access.by_token(&made[1].secret).is_none());
    assert!(house.rows("sandglass_tokens").await.is_empty());
}

#[tokio::test]
async fn the_last_admin_can_be_neither_removed_nor_shut_out_nor_demoted() {
    let house = House::with_ann().await;
    let ann = name("ann");
    house.user("ben", "operator").await;
    for change in [json!({"role": "operator"}), json!({"disabled": true})] {
        let refused = house.access.change_user(&ann, change, "ann").await;
        assert!(matches!(refused, Err(AccessError::LastAdmin)));
    }
    assert!(matches!(house.access.delete_user(&ann, "ann").await, Err(AccessError::LastAdmin)));
    let cat = house.user("cat", "admin").await;
    house.access.change_user(&cat, json!({"disabled": true}), "ann").await.unwrap();
    assert!(matches!(house.access.delete_user(&ann, "ann").await, Err(AccessError::LastAdmin)), "cat cannot sign in");
    house.access.change_user(&cat, json!({"disabled": false}), "ann").await.unwrap();
    house.access.delete_user(&ann, "cat").await.unwrap();
}

#[tokio::test]
async fn guesses_have_to_wait_and_the_owner_gets_in_after_a_bounded_time() {
    let house = House::with_ann().await;
    for _ in 0..5 {
        assert!(matches!(house.try_in("ann", "wrong wrong wrong").await, Err(AccessError::WrongCredentials)));
    }
    for password in ["wrong wrong wrong", PASSWORD] {
        let Err(AccessError::TooMany { seconds: 1 }) = house.try_in("ann", password).await else { panic!("no wait") };
    }
    for _ in 0..5 {
        assert!(matches!(house.try_in("nobody", PASSWORD).await, Err(AccessError::WrongCredentials)));
    }
    let Err(AccessError::TooMany { .. }) = house.try_in("Nobody ", PASSWORD).await else { panic!("names differ") };
    house.pass(Duration::seconds(1));
    house.sign_in("ann").await;
    house.try_in("ann", "wrong").await.err().unwrap();
    house.sign_in("ann").await;
}

#[tokio::test]
async fn guesses_from_elsewhere_do_not_keep_the_owner_waiting_where_she_signed_in_before() {
    let house = House::with_ann().await;
    let device = house.sign_in("ann").await.device;
    for _ in 0..50 {
        house.try_in("ann", "wrong").await.err().unwrap();
    }
    let Err(AccessError::TooMany { .. }) = house.try_in("ann", PASSWORD).await else { panic!("no wait") };
    let from = |device: &str| Client { device: Some(device.to_owned()), ..Client::default() };
    let body = |password: &str| json!({ "name": "ann", "password": password });
    let begun = house.access.sign_in(body(PASSWORD), from(&device)).await.unwrap();
    assert_eq!(begun.device, device);
    let Err(AccessError::TooMany { .. }) = house.access.sign_in(body(PASSWORD), from("ann.00.11")).await else {
        panic!("a forged device helps")
    };
    for _ in 0..5 {
        house.access.sign_in(body("wrong"), from(&device)).await.err().unwrap();
    }
    let Err(AccessError::TooMany { .. }) = house.access.sign_in(body(PASSWORD), from(&device)).await else {
        panic!("a stolen device guesses for free")
    };
}

#[tokio::test]
async fn every_change_is_on_record_with_its_author_and_no_record_holds_a_secret() {
    let house = House::new().await;
    let link = house.access.open_setup().unwrap().unwrap();
    let body = json!({ "token": link.as_str(), "name": "ann", "password": PASSWORD });
    let first = house.access.set_up(body, Client::default()).await.unwrap();
    let ann = house.principal(&first).unwrap();
    let ben = house.access.create_user(json!({"name": "ben", "role": "auditor", "password": PASSWORD}), "ann").await;
    let ben = ben.unwrap().user.name;
    house
        .access
        .change_user(&ben, json!({"role": "operator", "password": "another long password"}), "ann")
        .await
        .unwrap();
    house.access.change_user(&ben, json!({"role": "operator"}), "ann").await.unwrap();
    let token = house.access.create_token(&ann, json!({"name": "deploy"})).await.unwrap();
    house.access.revoke_token(&token.token.id, None, "ann").await.unwrap();
    house.try_in("ben", "a wrong password").await.err().unwrap();
    house.try_in("my secret typed as a name", "a wrong password").await.err().unwrap();
    let second = house.try_in("ben", "another long password").await.unwrap();
    house.access.end_session(&second.session.id, None, "ann").await.unwrap();
    let body = json!({ "current_password": PASSWORD, "new_password": "yet another password" });
    let third = house.access.change_password(&ann, body, Client::default()).await.unwrap();
    house.access.delete_user(&ben, "ann").await.unwrap();
    house.access.sign_out(&house.principal(&third).unwrap()).await.unwrap();
    let id = &token.token.id;
    assert_eq!(
        house.actions().await,
        [
            "ann (set-up link) user.create ann",
            "ann session.begin ann",
            "ann user.create ben",
            "ann user.change ben",
            &format!("ann token.create {id}"),
            &format!("ann token.revoke {id}"),
            "nobody session.refused ben",
            "nobody session.refused unknown name",
            "ben session.begin ben",
            "ann session.end ben",
            "ann user.password ann",
            "ann session.begin ann",
            "ann user.delete ben",
            "ann session.end ann",
        ]
    );
    let mut kept = String::new();
    for info in house.database.collections().await.unwrap() {
        for row in house.rows(&info.name).await {
            kept.push_str(&row.to_string());
        }
    }
    assert!(kept.contains("$argon2id$"));
    for secret in [&*link, &*first.secret, &*second.secret, &*token.secret, PASSWORD, "another password", "typed as"] {
        assert!(!kept.contains(secret), "{secret} is stored");
    }
}

#[tokio::test]
async fn a_flood_of_refusals_is_counted_rather_than_recorded() {
    let house = House::with_ann().await;
    for number in 0..30 {
        house.try_in(&format!("user{number}"), "a wrong password").await.err().unwrap();
    }
    let refused = |actions: Vec<String>| actions.iter().filter(|action| action.contains("session.refused")).count();
    assert_eq!(refused(house.actions().await), 20);
    house.pass(minutes(1));
    house.try_in("ann", "a wrong password").await.err().unwrap();
    let rows = house.rows("sandglass_audit").await;
    assert!(
        rows.iter().any(|row| row.to_string().contains("further_refusals_before") && row.to_string().contains("10"))
    );
}

#[tokio::test]
async fn all_problems_of_a_new_account_are_told_at_once_and_a_taken_name_is_no_change() {
    let house = House::with_ann().await;
    let problems =
        pointers(house.access.create_user(json!({"name": "a b", "role": "boss", "passwort": "x"}), "t").await);
    let found: Vec<_> = problems.iter().map(|(pointer, code)| format!("{pointer} {code}")).collect();
    assert_eq!(found, ["/password required", "/name invalid_name", "/role unknown_word", "/passwort unknown_field"]);
    assert_eq!(pointers(house.access.create_user(json!([]), "t").await)[0].0, "");
    let taken = house.access.create_user(json!({"name": "ANN", "role": "auditor", "password": PASSWORD}), "t").await;
    assert!(matches!(taken, Err(AccessError::Exists(_))));
    assert_eq!(house.access.user(&name("ann")).unwrap().role, Role::Admin);
    assert!(matches!(house.access.change_user(&name("bob"), json!({}), "t").await, Err(AccessError::NotFound("user"))));
}

#[tokio::test]
async fn a_user_has_so_many_sessions_and_the_one_unused_for_longest_makes_room() {
    let house = House::with_ann().await;
    let first = house.sign_in("ann").await;
    house.pass(Duration::seconds(1));
    for _ in 0..20 {
        house.sign_in("ann").await;
    }
    assert!(house.principal(&first).is_none());
    assert_eq!(house.access.sessions(Some(&name("ann"))).len(), 20);
    assert_eq!(house.rows("sandglass_sessions").await.len(), 20);
}
