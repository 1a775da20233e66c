//! The work of `inlet replay` and `inlet forget`, by the command's own code and with its runtime. The environment is that
//! of a function.
//!
//! `inlet-bench-operate replay` replays all events that arrived within the last hour, without a limit of the rate.
//! `inlet-bench-operate forget ENTITY` forgets an entity, and does not wait for receivers that are still storing a
//! delivery. Both print the seconds of the work, without the start, and the number of events or of deleted items.

use std::error::Error;
use std::time::{Duration, Instant};

use inlet_aws::client::clock;
use inlet_aws::client::config::Config;
use inlet_aws::client::connect::Clients;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::operate::forget::{Entity, Forget};
use inlet_aws::operate::replay::{Replay, ReplayId, Replayed, Selection};
use inlet_aws::sqs::SqsQueue;
use tokio::sync::watch;

/// The age of the oldest event that a replay sends. An earlier begin would cost a read for each hour since then.
const OLDEST: Duration = Duration::from_hours(1);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let config = Config::from_process()?;
    let clients = Clients::connected(&config).await?;
    let table = Table::new(clients.dynamodb, config.table, config.retention_days);
    let queue = SqsQueue::new(clients.sqs, config.queue_url);
    let began = Instant::now();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["replay"] => replay(Replay { table, queue }).await?,
        ["forget", entity] => forget(Forget { table, queue, settle: Duration::ZERO }, entity).await?,
        _ => return Err("inlet-bench-operate replay | forget ENTITY".into()),
    };
    println!("{} {done}", began.elapsed().as_secs_f64());
    Ok(())
}

/// Returns the number of messages that were sent.
async fn replay(replay: Replay) -> Result<u64, Box<dyn Error>> {
    let now = clock::now();
    let replayed = watch::Sender::new(Replayed::default());
    let selection = Selection::between(now.earlier(OLDEST), now);
    replay.run(&selection, &ReplayId::parse("bench")?, u32::MAX, &replayed).await?;
    Ok(replayed.borrow().sent)
}

/// Returns the number of items that were deleted.
async fn forget(forget: Forget, entity: &str) -> Result<u64, Box<dyn Error>> {
    let counts = forget.run(&Entity::parse(entity)?).await?;
    Ok([counts.notes, counts.chunks].into_iter().fold(counts.events, u64::saturating_add))
}
