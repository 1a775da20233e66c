//! Carries out a plan, step by step, and confirms it with a second list.

use inlet::tools::registration::{Action, Change, Item, Planned, Registration, Step};

use crate::output::Output;
use crate::webhook::report::Outcome;
use crate::webhook::session::{Listing, Session};
use crate::webhook::step_result::StepResult;
use crate::webhook::swap::{Swap, count_ours};

/// Carries out the steps of a plan that was made from `listing`. Afterwards it lists again and makes the plan of
/// `change`: a step that is still in it is not done, whatever the provider responded.
pub(crate) async fn carry_out(
    session: &Session,
    listing: &Listing,
    steps: Vec<Step>,
    change: Change<'_>,
    output: &Output,
) -> Vec<Outcome> {
    let progress = output.progress("calling the provider", u64::try_from(steps.len()).ok());
    let before = &listing.current.registrations;
    let (mut outcomes, mut ended, mut called) = (Vec::new(), false, false);
    for Step { items, action } in steps {
        let result = match action {
            Action::Nothing => StepResult::Nothing,
            _ if ended => StepResult::NotTried,
            action => {
                called = true;
                run_action(session, &action, &items, before).await
            }
        };
        ended |= result.ends_the_plan();
        outcomes.extend(items.into_iter().map(|item| Outcome::new(item, &result)));
        progress.inc(1);
    }
    progress.finish_and_clear();
    if called {
        confirm(session, &mut outcomes, change).await;
    }
    outcomes
}

async fn run_action(
    session: &Session,
    action: &Action,
    items: &[Item],
    before: &[Registration],
) -> StepResult {
    match action {
        Action::Nothing => StepResult::Nothing,
        Action::Call(call) => session.change(call).await,
        Action::Swap { create, delete } => {
            let before = count_ours(session, items, before);
            Swap { session, items, before, create, delete }.carry_out().await
        }
    }
}

/// Lists again. An event that the same plan would change once more is not done; the others are.
async fn confirm(session: &Session, outcomes: &mut [Outcome], change: Change<'_>) {
    let left = match session.list().await {
        Ok(listing) if listing.is_known => session.plan(&listing, change).ok(),
        _ => None,
    };
    let left: Option<Vec<Item>> = left.map(|steps| steps.into_iter().flat_map(|step| step.items).collect());
    for outcome in outcomes {
        let is_open = left.as_ref().map(|items| {
            let is_change = |item: &&Item| !matches!(item.planned, Planned::Keep | Planned::Skip);
            items.iter().filter(is_change).any(|item| item.event == outcome.event())
        });
        outcome.confirm(is_open);
    }
}
