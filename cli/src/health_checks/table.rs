//! Checks of the event table: its index, its protection, its time to live and its backups.

use aws_sdk_dynamodb::types::{IndexStatus, PointInTimeRecoveryStatus, TableStatus, TimeToLiveStatus};

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::health_checks::check::Check;

/// The hint for a setting of the table that is off. The template sets it, but a deployment of the same template does not
/// change it back.
const TURN_ON: &str = "docs/runbook.md#settings-that-a-restored-table-lacks";

/// The heading of the runbook for a table that was deleted. A deployment does not create it again: CloudFormation
/// compares templates, and sees no change.
const TABLE_GONE: &str = "docs/runbook.md#the-table-is-gone; a deployment does not create it again";

pub(super) async fn check_table(deployment: &Deployment) -> Vec<Check> {
    if deployment.is_local {
        let mut checks = check_table_itself(deployment).await;
        let finding = "not checked: the emulator has no time to live, backups and deletion protection";
        checks.push(Check::unknown("table", finding, "nothing to do on a local stack"));
        return checks;
    }
    let (itself, time_to_live, backups) = tokio::join!(
        check_table_itself(deployment),
        check_time_to_live(deployment),
        check_backups(deployment)
    );
    itself.into_iter().chain([time_to_live]).chain(backups).collect()
}

/// Checks the table, its index and its protection.
async fn check_table_itself(deployment: &Deployment) -> Vec<Check> {
    let name = &deployment.table_name;
    let described = match deployment.clients().dynamodb.describe_table().table_name(name).send().await {
        Ok(described) => described.table,
        Err(error) => {
            let failure = Failure::aws("it cannot be described", &error);
            return vec![Check::missing_or_not_checked("table", name, &failure, TABLE_GONE)];
        }
    };
    let Some(table) = described else {
        return vec![Check::fail("table", format!("{name} does not exist"), TABLE_GONE)];
    };
    let active = table.table_status() == Some(&TableStatus::Active);
    let index = table.global_secondary_indexes().iter().find(|index| index.index_name() == Some("arrivals"));
    // The emulator returns no status.
    let indexed = index.is_some_and(|index| matches!(index.index_status(), None | Some(IndexStatus::Active)));
    let wait = "wait a minute, then check again; if it does not exist: docs/runbook.md#the-table-is-gone";
    let mut checks = vec![
        Check::assert(active, "table", &format!("{name} is active"), &format!("{name} is not active"), wait),
        Check::assert(
            indexed,
            "table",
            "its index arrivals is active",
            "its index arrivals is not active",
            wait,
        ),
    ];
    if !deployment.is_disposable() {
        let protected = table.deletion_protection_enabled() == Some(true);
        let (good, bad) = ("it is protected from deletion", "it is not protected from deletion");
        checks.push(Check::assert(protected, "table", good, bad, TURN_ON));
    }
    checks
}

async fn check_time_to_live(deployment: &Deployment) -> Check {
    let client = deployment.clients().dynamodb;
    match client.describe_time_to_live().table_name(&deployment.table_name).send().await {
        Ok(finding) => {
            let status = finding.time_to_live_description.and_then(|found| found.time_to_live_status);
            let on = matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling));
            let bad = "time to live is off, so events are never deleted";
            Check::assert(on, "table", "time to live is on", bad, TURN_ON)
        }
        Err(error) => Check::not_checked("table", &Failure::aws("its time to live cannot be read", &error)),
    }
}

/// Checks the backups of a protected stage's table.
async fn check_backups(deployment: &Deployment) -> Option<Check> {
    if deployment.is_disposable() {
        return None;
    }
    let client = deployment.clients().dynamodb;
    Some(match client.describe_continuous_backups().table_name(&deployment.table_name).send().await {
        Ok(finding) => {
            let recovery = finding.continuous_backups_description;
            let recovery = recovery.and_then(|found| found.point_in_time_recovery_description);
            let status = recovery.and_then(|found| found.point_in_time_recovery_status);
            let on = status == Some(PointInTimeRecoveryStatus::Enabled);
            let (good, bad) = ("it has point-in-time backups", "it has no point-in-time backups");
            Check::assert(on, "table", good, bad, TURN_ON)
        }
        Err(error) => Check::not_checked("table", &Failure::aws("its backups cannot be described", &error)),
    })
}
