//! The results: a list of values for each metric and contender, kept as JSON.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use crate::contender::Contender;
use crate::flow::{Flow, Idle};
use crate::forgetting::Forgetting;
use crate::median::median;
use crate::place;

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    StartInstructions,
    StartInstructionsConnected,
    StartWall,
    StartCpu,
    FirstCpu,
    FirstWithStartCpu,
    FirstThrottledWall,
    WarmInstructions,
    WarmCpu,
    WarmCpuSmall,
    ForgedCpu,
    WorstCpu,
    WorstMemory,
    ForgedSkew,
    LatencyMiddle,
    LatencyTail,
    OwnMiddle,
    OwnTail,
    PeakMemory,
    GrowthPerByte,
    Binary,
    Package,
    Calls,
    CallsOfRepeat,
    CallsOfForged,
    TableWrites,
    IndexWrites,
    TableWritesSmall,
    TableWritesLarge,
    QueueChunks,
    LogBytes,
    Price,
    Receiver,
    ProcessorOneEntity,
    ProcessorTenEntities,
    ProcessorHundredEntities,
    Walk,
    Resend,
    Replay,
    Forget,
    ReceiverSlow,
    ProcessorOneEntitySlow,
    ProcessorTenEntitiesSlow,
    ProcessorHundredEntitiesSlow,
    WalkSlow,
    ResendSlow,
    ReplaySlow,
    ForgetSlow,
}

impl Metric {
    /// All metrics, in the order of the table.
    pub const ALL: [Self; 48] = [
        Self::StartInstructions,
        Self::StartInstructionsConnected,
        Self::StartWall,
        Self::StartCpu,
        Self::FirstCpu,
        Self::FirstWithStartCpu,
        Self::FirstThrottledWall,
        Self::WarmInstructions,
        Self::WarmCpu,
        Self::WarmCpuSmall,
        Self::ForgedCpu,
        Self::WorstCpu,
        Self::WorstMemory,
        Self::ForgedSkew,
        Self::LatencyMiddle,
        Self::LatencyTail,
        Self::OwnMiddle,
        Self::OwnTail,
        Self::PeakMemory,
        Self::GrowthPerByte,
        Self::Binary,
        Self::Package,
        Self::Calls,
        Self::CallsOfRepeat,
        Self::CallsOfForged,
        Self::TableWrites,
        Self::IndexWrites,
        Self::TableWritesSmall,
        Self::TableWritesLarge,
        Self::QueueChunks,
        Self::LogBytes,
        Self::Price,
        Self::Receiver,
        Self::ProcessorOneEntity,
        Self::ProcessorTenEntities,
        Self::ProcessorHundredEntities,
        Self::Walk,
        Self::Resend,
        Self::Replay,
        Self::Forget,
        Self::ReceiverSlow,
        Self::ProcessorOneEntitySlow,
        Self::ProcessorTenEntitiesSlow,
        Self::ProcessorHundredEntitiesSlow,
        Self::WalkSlow,
        Self::ResendSlow,
        Self::ReplaySlow,
        Self::ForgetSlow,
    ];

    /// Returns its title and its unit.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::StartInstructions => {
                ("start to first /next, before connections are opened", "M instructions")
            }
            Self::StartInstructionsConnected => ("start to first /next", "M instructions"),
            Self::StartWall => ("start to first /next, wall", "ms"),
            Self::StartCpu => ("start to first /next, CPU", "ms"),
            Self::FirstCpu => ("cold first webhook, 10 KB, CPU", "ms"),
            Self::FirstWithStartCpu => ("start and cold first webhook, 10 KB, CPU", "ms"),
            Self::FirstThrottledWall => ("cold first webhook, 10 KB, at 7.2 % of a CPU, wall", "ms"),
            Self::WarmInstructions => ("warm accepted webhook, 10 KB", "M instructions"),
            Self::WarmCpu => ("warm accepted webhook, 10 KB, CPU", "ms"),
            Self::WarmCpuSmall => ("warm accepted webhook, Zip 0.4 KB, CPU", "ms"),
            Self::ForgedCpu => ("forged webhook, 10 KB, in a flood, CPU", "ms"),
            Self::WorstCpu => ("most expensive request without a proof, CPU", "ms"),
            Self::WorstMemory => ("most expensive request without a proof, peak RSS", "MB"),
            Self::ForgedSkew => ("forged: last byte wrong against first byte wrong, instructions", "%"),
            Self::LatencyMiddle => ("warm latency, backends at 5 ms, p50", "ms"),
            Self::LatencyTail => ("warm latency, backends at 5 ms, p99", "ms"),
            Self::OwnMiddle => ("own time: warm latency less what the services held, p50", "ms"),
            Self::OwnTail => ("own time: warm latency less what the services held, p99", "ms"),
            Self::PeakMemory => ("peak RSS after 1,000 webhooks", "MB"),
            Self::GrowthPerByte => ("peak RSS for each byte of a 1 MB body", "bytes"),
            Self::Binary => ("binary, stripped", "MB"),
            Self::Package => ("package, compressed", "MB"),
            Self::Calls => ("AWS calls for an accepted webhook", "calls"),
            Self::CallsOfRepeat => ("AWS calls for a repeated webhook", "calls"),
            Self::CallsOfForged => ("AWS calls for a forged webhook, in a flood", "calls"),
            Self::TableWrites => ("write units of the table, 10 KB", "units"),
            Self::IndexWrites => ("write units of the index, 10 KB", "units"),
            Self::TableWritesSmall => ("write units of the table, 1 KB", "units"),
            Self::TableWritesLarge => ("write units of the table, 1 MB", "units"),
            Self::QueueChunks => ("SQS chunks of 64 KB, 10 KB", "chunks"),
            Self::LogBytes => ("log of an accepted webhook", "bytes"),
            Self::Price => ("price of receiving a million events of 1 KB", "$"),
            Self::Receiver => ("receiver, services at 5 ms", "events/s"),
            Self::ProcessorOneEntity => ("processor, one entity, services at 5 ms", "events/s"),
            Self::ProcessorTenEntities => ("processor, ten entities, services at 5 ms", "events/s"),
            Self::ProcessorHundredEntities => ("processor, a hundred entities, services at 5 ms", "events/s"),
            Self::Walk => ("sweeper's walk over processed events, services at 5 ms", "events/s"),
            Self::Resend => ("sweeper sends events again, services at 5 ms", "events/s"),
            Self::Replay => ("replay without a limit, services at 5 ms", "events/s"),
            Self::Forget => ("forget: deleted items, services at 5 ms", "items/s"),
            Self::ReceiverSlow => ("receiver, services at 15 ms", "events/s"),
            Self::ProcessorOneEntitySlow => ("processor, one entity, services at 15 ms", "events/s"),
            Self::ProcessorTenEntitiesSlow => ("processor, ten entities, services at 15 ms", "events/s"),
            Self::ProcessorHundredEntitiesSlow => {
                ("processor, a hundred entities, services at 15 ms", "events/s")
            }
            Self::WalkSlow => ("sweeper's walk over processed events, services at 15 ms", "events/s"),
            Self::ResendSlow => ("sweeper sends events again, services at 15 ms", "events/s"),
            Self::ReplaySlow => ("replay without a limit, services at 15 ms", "events/s"),
            Self::ForgetSlow => ("forget: deleted items, services at 15 ms", "items/s"),
        }
    }
}

/// The results of a run.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Results {
    /// The machine.
    pub machine: String,
    /// Number of rounds.
    pub rounds: u32,
    /// The values of all rounds.
    pub values: BTreeMap<Metric, BTreeMap<Contender, Vec<f64>>>,
    /// The way of an event of each counted body, by the body's name.
    #[serde(default)]
    pub flows: BTreeMap<String, Flow>,
    /// The work of a deployment that receives nothing.
    #[serde(default)]
    pub idle: Option<Idle>,
    /// The cost of forgetting an entity.
    #[serde(default)]
    pub forgetting: Option<Forgetting>,
    /// The void rows with their reasons.
    pub void: Vec<String>,
}

impl Results {
    /// Adds a value.
    pub fn add(&mut self, metric: Metric, contender: Contender, value: f64) {
        self.values.entry(metric).or_default().entry(contender).or_default().push(value);
    }

    /// Returns the median of the values.
    pub fn median(&self, metric: Metric, contender: Contender) -> Option<f64> {
        self.values
            .get(&metric)?
            .get(&contender)
            .filter(|values| !values.is_empty())
            .map(|values| median(values))
    }

    /// Marks a contender as void and removes its values.
    pub fn void(&mut self, contender: Contender, why: &str) {
        let line = format!("{}: {why}", contender.name());
        if !self.void.contains(&line) {
            self.void.push(line);
        }
        for values in self.values.values_mut() {
            values.remove(&contender);
        }
    }
}

/// Reads the last run's results.
pub fn read() -> Result<Results, Box<dyn std::error::Error>> {
    let text = fs::read_to_string(place::results().join("results.json"))?;
    Ok(serde_json::from_str(&text)?)
}

/// Writes a run's results.
pub fn write(results: &Results) -> io::Result<()> {
    fs::create_dir_all(place::results())?;
    let json = serde_json::to_string_pretty(results).map_err(io::Error::other)?;
    fs::write(place::results().join("results.json"), json + "\n")
}
