//! A call of AWS, recognised by its HTTP request: service and operation.

use std::fmt;

/// The services that the functions call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// The table.
    DynamoDb,
    /// The queues.
    Sqs,
    /// Parameter Store.
    Ssm,
    /// The bus.
    EventBridge,
    /// The metrics.
    CloudWatch,
    /// Lambda itself: the function's response is a call too, before which the process can be killed.
    Lambda,
    /// The function or the endpoint that gets the events in place of the bus.
    Consumer,
}

/// The beginning of the path of every invocation of another function.
const INVOCATION: &str = "/2015-03-31/functions/";

/// The beginning of the path of the consumer's endpoint.
pub const ENDPOINT: &str = "/consumer/";

impl Service {
    /// Returns the service by the part before the point in `X-Amz-Target`.
    fn of(prefix: &str) -> Option<Self> {
        match prefix {
            "DynamoDB_20120810" => Some(Self::DynamoDb),
            "AmazonSQS" => Some(Self::Sqs),
            "AmazonSSM" => Some(Self::Ssm),
            "AWSEvents" => Some(Self::EventBridge),
            "GraniteServiceVersion20100801" => Some(Self::CloudWatch),
            _ => None,
        }
    }

    /// Returns the service's throttling error.
    pub fn throttled(self) -> &'static str {
        match self {
            Self::DynamoDb => "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            Self::Sqs => "com.amazonaws.sqs#RequestThrottled",
            Self::Consumer => "TooManyRequestsException",
            Self::Ssm | Self::EventBridge | Self::CloudWatch | Self::Lambda => "ThrottlingException",
        }
    }
}

/// An operation of a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Operation {
    /// The service.
    pub service: Service,
    /// The operation's name in the service's API.
    pub name: String,
}

impl Operation {
    /// Returns an operation by its names.
    pub fn new(service: Service, name: &str) -> Self {
        Self { service, name: name.to_owned() }
    }

    /// Returns the function's response to Lambda.
    pub fn response() -> Self {
        Self::new(Service::Lambda, "Response")
    }

    /// Returns the handing over of events by this path: an invocation, or a request to an endpoint.
    pub fn handing_over(path: &str) -> Option<Self> {
        let name = if path.starts_with(INVOCATION) {
            "Invoke"
        } else if path.starts_with(ENDPOINT) {
            "Deliver"
        } else {
            return None;
        };
        Some(Self::new(Service::Consumer, name))
    }

    /// Returns the operation that an `X-Amz-Target` header names.
    pub fn of(target: &str) -> Option<Self> {
        let (prefix, name) = target.split_once('.')?;
        Some(Self::new(Service::of(prefix)?, name))
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}.{}", self.service, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_header_names_the_operation() {
        for (target, want) in [
            ("DynamoDB_20120810.PutItem", Some(Operation::new(Service::DynamoDb, "PutItem"))),
            ("AmazonSQS.SendMessage", Some(Operation::new(Service::Sqs, "SendMessage"))),
            ("AmazonSSM.GetParameters", Some(Operation::new(Service::Ssm, "GetParameters"))),
            ("AWSEvents.PutEvents", Some(Operation::new(Service::EventBridge, "PutEvents"))),
            ("Nobody.Knows", None),
            ("nonsense", None),
        ] {
            assert_eq!(Operation::of(target), want, "{target}");
        }
    }
    #[test]
    fn the_path_names_a_handing_over() {
        for (path, want) in [
            ("/2015-03-31/functions/arn%3Aaws/invocations", Some("Consumer.Invoke")),
            ("/consumer/hook?tenant=1", Some("Consumer.Deliver")),
            ("/", None),
            ("/ping", None),
        ] {
            assert_eq!(Operation::handing_over(path).map(|it| it.to_string()).as_deref(), want, "{path}");
        }
    }
}
