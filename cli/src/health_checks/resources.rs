//! Checks of the stack's resources, the schedule among them.

use aws_sdk_cloudformation::types::{ResourceStatus, StackResourceSummary};

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::health_checks::alarms::check_alarms;
use crate::health_checks::check::{Check, DEPLOY_AGAIN};
use crate::health_checks::results::Results;
use crate::health_checks::router;

/// Checks the stack's resources, the schedule among them, the states of the alarms, and the router.
pub(super) async fn check_resources(deployment: &Deployment, results: &Results) -> Vec<Check> {
    let client = aws_sdk_cloudformation::Client::new(&deployment.config);
    let listed = client.list_stack_resources().stack_name(&deployment.stack).into_paginator().items().send();
    let resources = match listed.collect::<Result<Vec<_>, _>>().await {
        Ok(listed) => present(listed),
        Err(error) => {
            return vec![Check::not_checked(
                "resources",
                &Failure::aws("the stack's resources cannot be listed", &error),
            )];
        }
    };
    results.send(vec![complete(&resources)]);
    let alarms: Vec<String> = of_type(&resources, "AWS::CloudWatch::Alarm");
    let (alarms, router) =
        tokio::join!(check_alarms(deployment, alarms), router::check_all(deployment, &resources));
    alarms.into_iter().chain(router).collect()
}

/// Removes the resources that a later deployment deleted.
fn present(mut resources: Vec<StackResourceSummary>) -> Vec<StackResourceSummary> {
    resources.retain(|resource| resource.resource_status() != Some(&ResourceStatus::DeleteComplete));
    resources
}

fn complete(resources: &[StackResourceSummary]) -> Check {
    let status =
        |resource: &StackResourceSummary| resource.resource_status().map(|status| status.as_str().to_owned());
    let broken = |resource: &&StackResourceSummary| {
        status(resource).is_none_or(|status| !status.ends_with("_COMPLETE") || status.starts_with("DELETE"))
    };
    let broken = resources.iter().filter(broken).filter_map(|resource| {
        Some(format!("{} ({})", resource.logical_resource_id()?, status(resource).unwrap_or_default()))
    });
    let broken: Vec<String> = broken.collect();
    let missing = NEEDED.iter().filter(|needed| of_type(resources, needed).is_empty());
    let missing: Vec<&str> = missing.copied().collect();
    if broken.is_empty() && missing.is_empty() {
        let functions = of_type(resources, "AWS::Lambda::Function").len();
        return Check::pass(
            "resources",
            format!("all {} are complete, {functions} functions among them", resources.len()),
        );
    }
    let finding =
        [broken.join(", "), missing.iter().map(|kind| format!("no {kind}")).collect::<Vec<_>>().join(", ")];
    let finding = finding.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
    Check::fail("resources", finding, DEPLOY_AGAIN)
}

/// The resource types of every deployment. The bus may be one that existed before.
const NEEDED: [&str; 4] = [
    "AWS::DynamoDB::Table",
    "AWS::SQS::Queue",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Scheduler::Schedule",
];

fn of_type(resources: &[StackResourceSummary], kind: &str) -> Vec<String> {
    let of_kind = resources.iter().filter(|resource| resource.resource_type() == Some(kind));
    of_kind.filter_map(|resource| resource.physical_resource_id().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Status;

    #[test]
    fn deleted_resources_are_ignored() {
        let resource = |kind: &str, status| {
            let resource = StackResourceSummary::builder().logical_resource_id(kind).resource_type(kind);
            resource.physical_resource_id(kind).resource_status(status).build()
        };
        let mut resources: Vec<_> =
            NEEDED.iter().map(|kind| resource(kind, ResourceStatus::UpdateComplete)).collect();
        resources.push(resource("AWS::Lambda::Function", ResourceStatus::DeleteComplete));
        assert_eq!(complete(&present(resources.clone())).status, Status::Pass);
        resources.push(resource("AWS::Lambda::Function", ResourceStatus::DeleteFailed));
        let check = complete(&present(resources));
        assert_eq!(
            (check.status, check.finding.as_str()),
            (Status::Fail, "AWS::Lambda::Function (DELETE_FAILED)")
        );
    }
}
