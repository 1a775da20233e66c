//! R1: the same job as a receiver's, written as the SDK's and the runtime's own examples show it: `load_defaults`,
//! default features, `lambda_http`. It verifies, parses, stores on a condition and sends; it knows nothing of
//! quarantine, fallback, windows or compression.

mod providers;

use std::collections::HashMap;
use std::env;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Error, Request, RequestPayloadExt as _, Response, run, service_fn};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use crate::providers::{Order, Provider};

const RETENTION_SECONDS: u64 = 90 * 24 * 60 * 60;

struct App {
    dynamodb: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
    ssm: aws_sdk_ssm::Client,
    table: String,
    queue_url: String,
    stage: String,
    secrets: Mutex<HashMap<String, serde_json::Value>>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_http::tracing::init_default_subscriber();
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let app = Arc::new(App {
        dynamodb: aws_sdk_dynamodb::Client::new(&config),
        sqs: aws_sdk_sqs::Client::new(&config),
        ssm: aws_sdk_ssm::Client::new(&config),
        table: env::var("INLET_TABLE")?,
        queue_url: env::var("INLET_QUEUE_URL")?,
        stage: env::var("INLET_STAGE")?,
        secrets: Mutex::default(),
    });
    run(service_fn(move |request| {
        let app = Arc::clone(&app);
        async move { app.receive(request).await }
    }))
    .await
}

impl App {
    async fn receive(&self, request: Request) -> Result<Response<Body>, Error> {
        let path = request.uri().path().to_owned();
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let [provider, store, topic] = parts[..] else {
            return answer(404, json!({"error": "not_found"}));
        };
        let Some(provider) = Provider::named(provider) else {
            return answer(404, json!({"error": "not_found"}));
        };
        let secret = self.secret(provider, store).await?;
        let body = request.body().as_ref();
        if !provider.is_genuine(&secret, topic, request.headers(), body) {
            tracing::warn!(store, "the signature does not fit");
            return answer(401, json!({"error": "unauthenticated"}));
        }
        let order = match provider.parse(&request.json().unwrap_or_default()) {
            Some(order) => order,
            None => return answer(422, json!({"error": "malformed"})),
        };
        let digest = hex::encode(Sha256::digest(body));
        let entity = format!("{}/{store}/order/{}", provider.name(), order.id);
        let id = format!("{entity}/{}", &digest[..16]);
        if self.store(&id, &entity, &digest, topic, body).await? {
            self.send(&id, &entity, provider, store, topic, &order).await?;
            tracing::info!(id, size = body.len(), "accepted");
        } else {
            tracing::info!(id, "repeated");
        }
        answer(200, json!({"received": true}))
    }

    async fn secret(&self, provider: Provider, store: &str) -> Result<serde_json::Value, Error> {
        let name = format!("/inlet/{}/{}/{store}", self.stage, provider.name());
        let mut secrets = self.secrets.lock().await;
        if let Some(secret) = secrets.get(&name) {
            return Ok(secret.clone());
        }
        let output = self.ssm.get_parameter().name(&name).with_decryption(true).send().await?;
        let value = output.parameter.and_then(|parameter| parameter.value).ok_or("no such store")?;
        let list: Vec<serde_json::Value> = serde_json::from_str(&value)?;
        let secret = list.into_iter().next().ok_or("no credential")?;
        secrets.insert(name, secret.clone());
        Ok(secret)
    }

    /// Whether it was not there before.
    async fn store(&self, id: &str, entity: &str, digest: &str, topic: &str, body: &[u8]) -> Result<bool, Error> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let put = self
            .dynamodb
            .put_item()
            .table_name(&self.table)
            .item("pk", AttributeValue::S(entity.to_owned()))
            .item("sk", AttributeValue::S(format!("event/{}", &digest[..16])))
            .item("id", AttributeValue::S(id.to_owned()))
            .item("type", AttributeValue::S(topic.to_owned()))
            .item("received_ms", AttributeValue::N(now.as_millis().to_string()))
            .item("sha256", AttributeValue::S(digest.to_owned()))
            .item("body", AttributeValue::B(Blob::new(body)))
            .item("expires", AttributeValue::N((now.as_secs() + RETENTION_SECONDS).to_string()))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match put {
            Ok(_) => Ok(true),
            Err(error) => match error.into_service_error() {
                error if error.is_conditional_check_failed_exception() => Ok(false),
                error => Err(error.into()),
            },
        }
    }

    async fn send(
        &self,
        id: &str,
        entity: &str,
        provider: Provider,
        store: &str,
        topic: &str,
        order: &Order,
    ) -> Result<(), Error> {
        let message = json!({
            "specversion": "1.0",
            "id": id,
            "source": format!("/{}/{store}", provider.name()),
            "type": "commerce.order",
            "providertype": topic,
            "datacontenttype": "application/json",
            "data": order,
        });
        self.sqs
            .send_message()
            .queue_url(&self.queue_url)
            .message_group_id(entity)
            .message_deduplication_id(id)
            .message_body(message.to_string())
            .send()
            .await?;
        Ok(())
    }
}

fn answer(status: u16, body: serde_json::Value) -> Result<Response<Body>, Error> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(Body::from(body.to_string()))?)
}
