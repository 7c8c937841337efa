//! Sandglass with everything on a MongoDB server. The whole suite runs there with `SANDGLASS_TEST_STORE=mongodb`; here is
//! what is different on it.

use sandglass_tests::{Client, Setup, command, mongodb_uri, run_python, wait_for};
use serde_json::{Value, json};

/// What a script of pymongo sees in the database; `database` is it.
fn in_database(folder: &std::path::Path, script: &str) -> String {
    let opening = "import sys, json, datetime, pymongo\nfrom bson import ObjectId\n\
                   database = pymongo.MongoClient(sys.argv[1]).get_default_database()\n";
    run_python(&format!("{opening}{script}"), &[&mongodb_uri(folder)])
}

fn sleeper(name: &str, schedule: &Value) -> Value {
    json!({
        "name": name, "template_type": "database_cleanup", "schedule": schedule,
        "parameters": {"collection": "logs", "days_old": 30, "date_field": "created_at", "dry_run": false},
    })
}

async fn runs_of(client: &Client, job: &str) -> Vec<Value> {
    let page = client.get(&format!("/jobs/{job}/executions?page_size=100")).await.ok();
    page["executions"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_run_there_and_any_mongodb_tool_reads_the_customers_collections() {
    let folder = tempfile::tempdir().unwrap();
    in_database(
        folder.path(),
        "old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=90)\n\
         database.logs.insert_many([{'n': n, 'created_at': old} for n in range(500)])\n",
    );
    let server = Setup::on(folder.path()).on_mongodb().start().await;
    let client = server.client();
    let job =
        client.post("/jobs", &sleeper("by hand", &json!({"type": "interval", "interval_seconds": 3600}))).await.ok();
    let id = job["id"].as_str().unwrap().to_owned();
    let run = client.post(&format!("/jobs/{id}/run?wait=60"), &json!({})).await.ok();
    assert_eq!((run["status"].as_str(), &run["result"]["records_affected"]), (Some("success"), &json!(500)), "{run}");
    let often = client.post("/jobs", &sleeper("often", &json!({"type": "interval", "interval_seconds": 1}))).await.ok();
    let often = often["id"].as_str().unwrap();
    wait_for("three runs by schedule", 60, || {
        let client = client.clone();
        async move {
            let done = runs_of(&client, often).await.into_iter().filter(|run| run["status"] == "success");
            (done.count() >= 3).then_some(())
        }
    })
    .await;
    let seen: Value = serde_json::from_str(&in_database(
        folder.path(),
        &format!(
            "job = database.dynamic_jobs.find_one({{'_id': ObjectId('{id}')}})\n\
             run = database.job_executions.find_one({{'job_id': '{id}'}})\n\
             indexes = lambda name: sorted(database[name].index_information())\n\
             print(json.dumps({{'name': job['name'], 'template': job['template_type'], 'enabled': job['enabled'],\n\
             'next': str(type(job['next_run_at']).__name__), 'status': run['status'], 'left': database.logs.count_documents({{}}),\n\
             'job_indexes': indexes('dynamic_jobs'), 'run_indexes': indexes('job_executions')}}))\n"
        ),
    ))
    .unwrap();
    assert_eq!(seen["left"], 0);
    assert_eq!((&seen["name"], &seen["template"]), (&json!("by hand"), &json!("database_cleanup")));
    assert_eq!(
        (&seen["enabled"], &seen["next"], &seen["status"]),
        (&json!(true), &json!("datetime"), &json!("success"))
    );
    let has = |list: &str, wanted: &[&str]| {
        let there: Vec<&str> = seen[list].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(wanted.iter().all(|name| there.contains(name)), "{there:?}");
    };
    has("job_indexes", &["enabled_1_next_run_at_1", "template_type_1", "created_by_1"]);
    has("run_indexes", &["job_id_1_started_at_-1", "status_1_started_at_-1", "started_at_-1"]);
    assert!(!folder.path().join("database").exists(), "nothing is kept in an embedded database beside it");
    assert_eq!(server.terminate(60).await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_an_older_system_wrote_are_picked_up() {
    let folder = tempfile::tempdir().unwrap();
    let id = in_database(
        folder.path(),
        "now = datetime.datetime.now(datetime.timezone.utc)\n\
         database.logs.insert_many([{'n': n, 'created_at': now - datetime.timedelta(days=90)} for n in range(20)])\n\
         print(database.dynamic_jobs.insert_one({'name': 'Old', 'description': '', 'template_type': 'database_cleanup',\n\
         'parameters': {'collection': 'logs', 'days_old': 30, 'date_field': 'created_at', 'dry_run': False},\n\
         'schedule': {'type': 'interval', 'interval_seconds': 2, 'timezone': 'UTC'}, 'enabled': True,\n\
         'retry_policy': {'max_retries': 0, 'retry_delay_seconds': 60}, 'timeout_seconds': 300, 'created_by': 'admin',\n\
         'created_at': now, 'updated_at': now, 'next_run_at': now - datetime.timedelta(days=2), 'last_run_at': None,\n\
         'notifications': {'on_success': [], 'on_failure': []}}).inserted_id)\n",
    );
    let server = Setup::on(folder.path()).on_mongodb().start().await;
    let (client, id) = (server.client(), id.trim());
    wait_for("a run of the adopted job", 60, || {
        let client = client.clone();
        async move { runs_of(&client, id).await.into_iter().find(|run| run["status"] == "success") }
    })
    .await;
    assert_eq!(in_database(folder.path(), "print(database.logs.count_documents({}))").trim(), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_is_refused_and_one_after_a_crash_is_not() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Setup::on(folder.path()).on_mongodb().start().await;
    let second = command(other.path())
        .env("SANDGLASS_DATABASE__URI", mongodb_uri(folder.path()))
        .env("SANDGLASS_SERVER__LISTEN", "127.0.0.1:0")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success(), "{told}");
    assert!(told.contains("another Sandglass server") && told.contains("Stop that one first"), "{told}");
    let client = server.client();
    let job = client.post("/jobs", &sleeper("kept", &json!({"type": "interval", "interval_seconds": 3600}))).await.ok();
    server.kill();
    let server = Setup::on(folder.path()).on_mongodb().start().await;
    let found = server.client().get(&format!("/jobs/{}", job["id"].as_str().unwrap())).await.ok();
    assert_eq!(found["name"], "kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_is_named_by_its_setting_and_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let start = |uri: &str| {
        let output = command(folder.path()).env("SANDGLASS_DATABASE__URI", uri).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let told = start("mongodb://sand:grains-of-glass@127.0.0.1:9/shop");
    assert!(told.contains("database.uri (SANDGLASS_DATABASE__URI) is mongodb://sand:****@127.0.0.1:9/shop"), "{told}");
    assert!(!told.contains("grains"), "{told}");
    let told = start("postgres://sand:grains-of-glass@127.0.0.1/shop");
    assert!(told.contains("use mongodb://HOST:PORT/DATABASE") && !told.contains("grains"), "{told}");
    let shown = command(folder.path())
        .env("SANDGLASS_DATABASE__URI", "mongodb://sand:grains-of-glass@127.0.0.1:9/shop")
        .env("SANDGLASS_CONNECTIONS__CRM__URI", "mongodb://crm:grains-of-glass@127.0.0.1:9/crm")
        .args(["config", "show"])
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("database.uri") && shown.contains("connections.crm.uri"), "{shown}");
    assert!(!shown.contains("grains"), "{shown}");
    for arguments in [["secret", "list"], ["user", "list"], ["token", "list"]] {
        let refused = command(folder.path())
            .env("SANDGLASS_DATABASE__URI", "mongodb://127.0.0.1:9/shop")
            .args(arguments)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{told}");
        assert!(told.contains("database.uri names a MongoDB server"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_reach_another_mongodb_database_as_far_as_their_grant_goes() {
    let (folder, crm) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    in_database(
        crm.path(),
        "old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=90)\n\
         database.visits.insert_many([{'n': n, 'created_at': old} for n in range(30)])\n\
         database.sandglass_secrets.insert_one({'n': 1, 'created_at': old})\n",
    );
    // Sandglass itself stays where the suite has it.
    let server =
        Setup::on(folder.path()).with("SANDGLASS_CONNECTIONS__CRM__URI", &mongodb_uri(crm.path())).start().await;
    let client = server.client();
    let clean = |collection: &str| {
        json!({
            "name": format!("Clean {collection}"), "template_type": "database_cleanup",
            "schedule": {"type": "interval", "interval_seconds": 3600},
            "parameters": {"collection": collection, "days_old": 30, "date_field": "created_at", "dry_run": false},
        })
    };
    let run = |collection: &'static str| {
        let (client, body) = (client.clone(), clean(collection));
        async move {
            let job = client.post("/jobs", &body).await.ok();
            client.post(&format!("/jobs/{}/run?wait=60", job["id"].as_str().unwrap()), &json!({})).await.ok()
        }
    };
    let done = run("crm/visits").await;
    assert_eq!((done["status"].as_str(), &done["result"]["records_affected"]), (Some("success"), &json!(30)), "{done}");
    assert_eq!(in_database(crm.path(), "print(database.visits.count_documents({}))").trim(), "0");
    let denied = run("crm/sandglass_secrets").await;
    assert_eq!(denied["status"], "failed", "{denied}");
    assert_eq!(in_database(crm.path(), "print(database.sandglass_secrets.count_documents({}))").trim(), "1");
}
