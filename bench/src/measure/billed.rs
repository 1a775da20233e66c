//! Billed values: calls, units, bytes.

use std::fs::{self, File};
use std::io::{self, BufReader, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Bench, Failure, Measured};
use crate::backends::Units;
use crate::contender::Contender;
use crate::corpus::Body;
use crate::results::Metric;

/// Number of webhooks over which the log is averaged.
const LOGGED: usize = 20;

/// Calls, units and log of warm webhooks.
pub fn units(bench: &Bench, contender: Contender) -> Measured {
    let function = bench.function(contender, Body::Zid10)?;
    function.ready()?;
    bench.deliver(&function, contender, &Body::Zid10.delivery())?;
    let one = Body::Zid10.delivery();
    let accepted = Units::of(&bench.deliver(&function, contender, &one)?.calls);
    bench.backends.process();
    let repeated = Units::of(&bench.deliver(&function, contender, &one)?.calls);
    let small = Units::of(&bench.deliver(&function, contender, &Body::Zid1.delivery())?.calls);
    let before = function.log_bytes();
    for _ in 0..LOGGED {
        bench.deliver(&function, contender, &Body::Zid10.delivery())?;
    }
    let log = (function.log_bytes() - before) as f64 / LOGGED as f64;
    every_body(bench, contender)?;
    Ok(vec![
        (Metric::Calls, accepted.calls as f64),
        (Metric::CallsOfRepeat, repeated.calls as f64),
        (Metric::TableWrites, accepted.table_writes as f64),
        (Metric::IndexWrites, accepted.index_writes as f64),
        (Metric::TableWritesSmall, small.table_writes as f64),
        (Metric::QueueChunks, accepted.queue_chunks as f64),
        (Metric::LogBytes, log),
    ])
}

/// Measures the write units of a body of 1 MB: ours alone, because DynamoDB would refuse the one large item of the peers.
pub fn large(bench: &Bench) -> Measured {
    let function = bench.function(Contender::Inlet, Body::Zid1000)?;
    function.ready()?;
    let done = bench.deliver(&function, Contender::Inlet, &Body::Zid1000.delivery())?;
    Ok(vec![(Metric::TableWritesLarge, Units::of(&done.calls).table_writes as f64)])
}

/// Checks that each body of the corpus, as text and in base64, is stored and sent correctly.
fn every_body(bench: &Bench, contender: Contender) -> Result<(), Failure> {
    for body in Body::EVERY {
        let function = bench.function(contender, body)?;
        function.ready()?;
        for delivery in [body.delivery(), body.in_base64()] {
            bench
                .deliver(&function, contender, &delivery)
                .map_err(|failure| format!("{}: {failure}", body.name()))?;
        }
    }
    Ok(())
}

/// Measures the deployed file, plain and compressed as a package is (DEFLATE).
pub fn sizes(contender: Contender) -> Measured {
    if contender == Contender::Python {
        // Python and boto3 are the runtime's own.
        return Ok(Vec::new());
    }
    let files = inlet_providers::NAMES.iter().map(|provider| contender.file(provider));
    let largest = files.max_by_key(|file| fs::metadata(file).map_or(0, |data| data.len()));
    let file = largest.ok_or("there is no file")?;
    let mut packed = GzEncoder::new(Counter(0), Compression::default());
    io::copy(&mut BufReader::new(File::open(&file)?), &mut packed)?;
    let values = [(Metric::Binary, fs::metadata(&file)?.len()), (Metric::Package, packed.finish()?.0)];
    Ok(values.map(|(metric, len)| (metric, len as f64 / 1e6)).to_vec())
}

/// A writer that counts the bytes written to it.
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
