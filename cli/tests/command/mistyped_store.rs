//! A mistyped store: every command that takes a store asks if another one was meant.

use inlet_twins::Twin as _;
use inlet_twins::zid::ZidTwin;

use crate::inlet::{run_in, run_with_in};
use crate::small_aws::SmallAws;

#[test]
fn every_command_with_a_store_suggests_the_one_meant() {
    let aws = SmallAws::start(&["zid/riyadh", "zid/jeddah", "dealpos/jakarta"], 0);
    let event = "zid/riyad/order/8/0123456789abcdef";
    let commands: [&[&str]; 28] = [
        &["urls", "zid/riyad"],
        &["secret", "list", "zid/riyad"],
        &["secret", "rotate", "zid/riyad", "--generate"],
        &["secret", "retire", "zid/riyad", "--yes"],
        &["secret", "retire", "zid/riyad", "--all", "--yes"],
        &["access", "list", "zid/riyad"],
        &["access", "set", "zid/riyad", "--access", "-"],
        &["access", "remove", "zid/riyad"],
        &["webhook", "list", "zid/riyad"],
        &["webhook", "register", "zid/riyad", "--api", "http://127.0.0.1:9"],
        &["webhook", "unregister", "zid/riyad"],
        &["send", "zid", "order.create", "--store", "riyad"],
        &["sample-event", "zid", "order.create", "--store", "riyad"],
        &["list", "--store", "zid/riyad"],
        &["tail", "--store", "riyad"],
        &["forward", "--to", "9", "--store", "zid/riyad"],
        &["show", event],
        &["timeline", "zid/riyad/order/8"],
        &["stats", "--store", "zid/riyad"],
        &["quarantine", "list", "--store", "zid/riyad"],
        &["truth", "zid/riyad"],
        &["verify", "--store", "zid/riyad"],
        &["replay", "--store", "zid/riyad", "--since", "1h", "--dry-run"],
        &["dead-letters", "list", "--store", "zid/riyad"],
        &["redrive", "--store", "zid/riyad", "--dry-run"],
        &["reverify", "zid/riyad", "--yes"],
        &["reconcile", "zid/riyad", "--dry-run"],
        &["forget", "zid/riyad/order/8", "--dry-run"],
    ];
    for command in commands {
        let ran = run_in(&aws.folder, command);
        assert!(ran.err.contains("did you mean zid/riyadh?"), "{command:?}: {ran:?}");
    }
    // A provider without an API: the steps for its portal are printed.
    for command in ["list", "register", "unregister"] {
        let ran = run_in(&aws.folder, &["webhook", command, "dealpos/jakarat"]);
        assert!(ran.err.contains("did you mean dealpos/jakarta?"), "{command}: {ran:?}");
    }
}

#[test]
fn an_access_that_is_given_does_not_hide_a_mistyped_store() {
    let aws = SmallAws::start(&["zid/riyadh"], 0);
    let command = ["reconcile", "zid/riyad", "--dry-run", "--access", "-", "--api", "http://127.0.0.1:9"];
    let access = ZidTwin::access().to_string();
    let ran = run_with_in(&aws.folder, &command, &access);
    assert!(ran.err.contains("did you mean zid/riyadh?"), "{ran:?}");
}
