//! Checks of the bus, and of the function or the endpoint that replaces it.

use aws_sdk_cloudformation::types::Stack;

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::health_checks::check::{Check, QUEUE_OR_BUS_GONE};
use crate::health_checks::consumer;

/// Checks that the bus exists, also one that another stack created, and the function or endpoint that replaces it.
pub(super) async fn check_bus_and_consumer(deployment: &Deployment, stack: Option<&Stack>) -> Vec<Check> {
    let bus = &deployment.bus;
    let client = aws_sdk_eventbridge::Client::new(&deployment.config);
    let is_replaced = stack.is_some_and(consumer::replaces_bus);
    let mut checks = vec![match client.describe_event_bus().name(bus).send().await {
        Ok(_) if is_replaced => Check::pass("bus", format!("{bus} exists; events go to your consumer")),
        Ok(_) => Check::pass("bus", format!("events are published on {bus}")),
        Err(error) => {
            let failure = Failure::aws("the bus cannot be described", &error);
            Check::missing_or_not_checked("bus", bus, &failure, QUEUE_OR_BUS_GONE)
        }
    }];
    if let Some(stack) = stack {
        checks.extend(consumer::check(deployment, stack).await);
    }
    checks
}
