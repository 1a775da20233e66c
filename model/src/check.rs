//! The check: every reachable state, by stateright, and a second walk that looks for cycles.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

use stateright::{Checker, Model};

/// A model that can be checked.
pub trait Checkable:
    Model<State: Clone + Debug + PartialEq + Hash + Send + Sync> + Clone + Send + Sync + 'static
where
    Self::Action: Clone + Debug + PartialEq + Send + Sync,
{
    /// The properties that must not be broken.
    const MUST_HOLD: &'static [&'static str];
}

impl Checkable for crate::protocol::Protocol {
    const MUST_HOLD: &'static [&'static str] = &crate::properties::MUST_HOLD;
}

impl Checkable for crate::order::protocol::Protocol {
    const MUST_HOLD: &'static [&'static str] = &crate::order::properties::MUST_HOLD;
}

impl Checkable for crate::deferral::protocol::Protocol {
    const MUST_HOLD: &'static [&'static str] = &crate::deferral::properties::MUST_HOLD;
}

impl Checkable for crate::batch::protocol::Protocol {
    const MUST_HOLD: &'static [&'static str] = &crate::batch::properties::MUST_HOLD;
}

impl Checkable for crate::reconciliation::protocol::Protocol {
    const MUST_HOLD: &'static [&'static str] = &crate::reconciliation::properties::MUST_HOLD;
}

/// The result of a check.
#[derive(Debug)]
pub struct Verdict<A> {
    /// Number of different states.
    pub states: usize,
    /// Number of steps between states.
    pub steps: usize,
    /// The largest number of steps that a state is away from the start, by its shortest path.
    pub depth: usize,
    /// The properties that do not hold, each with a path to a state in which it does not.
    pub broken: Vec<(&'static str, Vec<A>)>,
    /// The names of the required situations that were seen.
    pub seen: Vec<&'static str>,
}

impl<A> Verdict<A> {
    /// Returns the names of the properties that do not hold.
    pub fn broken_names(&self) -> Vec<&'static str> {
        self.broken.iter().map(|(name, _)| *name).collect()
    }
}

/// Visits every state within the bounds.
pub fn check<M: Checkable>(protocol: &M) -> Verdict<M::Action>
where
    M::Action: Clone + Debug + PartialEq + Send + Sync,
{
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let checker = protocol.clone().checker().threads(threads).spawn_bfs().join();
    let mut found: Vec<_> = checker.discoveries().into_iter().collect();
    found.sort_unstable_by_key(|(name, _)| *name);
    let (broken, seen): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|(name, _)| M::MUST_HOLD.contains(name));
    Verdict {
        states: checker.unique_state_count(),
        steps: checker.state_count(),
        depth: checker.max_depth(),
        broken: broken.into_iter().map(|(name, path)| (name, path.into_actions())).collect(),
        seen: seen.into_iter().map(|(name, _)| name).collect(),
    }
}

/// Returns a shortest path to a state in which a property does not hold; `None` if there is none within the bounds.
pub fn shortest<M: Checkable>(protocol: &M, property: &'static str) -> Option<Vec<M::Action>>
where
    M::Action: Clone + Debug + PartialEq + Send + Sync,
{
    let mut unseen = 0;
    for depth in 2.. {
        let checker = protocol.clone().checker().target_max_depth(depth).spawn_bfs().join();
        if let Some(way) = checker.discovery(property) {
            return Some(way.into_actions());
        }
        let seen = checker.unique_state_count();
        if seen == unseen {
            break;
        }
        unseen = seen;
    }
    None
}

/// Walks all states depth first, independently of stateright. Returns their number, if no path leads back to a state
/// that it has passed.
///
/// # Errors
/// The state that a path leads back to.
pub fn ends<M: Checkable>(protocol: &M) -> Result<usize, Box<M::State>>
where
    M::Action: Clone + Debug + PartialEq + Send + Sync,
{
    #[derive(PartialEq)]
    enum Mark {
        OnTheWay,
        Ends,
    }
    let mut marks: HashMap<u64, Mark> = HashMap::new();
    let mut way: Vec<(u64, Vec<M::State>)> = Vec::new();
    for start in protocol.init_states() {
        let print = print(&start);
        marks.insert(print, Mark::OnTheWay);
        way.push((print, protocol.next_states(&start)));
        while let Some((print_here, ahead)) = way.last_mut() {
            let Some(next) = ahead.pop() else {
                marks.insert(*print_here, Mark::Ends);
                way.pop();
                continue;
            };
            let print = self::print(&next);
            match marks.entry(print) {
                Entry::Vacant(vacant) => {
                    vacant.insert(Mark::OnTheWay);
                    way.push((print, protocol.next_states(&next)));
                }
                Entry::Occupied(mark) if *mark.get() == Mark::OnTheWay => return Err(Box::new(next)),
                Entry::Occupied(_) => {}
            }
        }
    }
    Ok(marks.len())
}

fn print(world: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    world.hash(&mut hasher);
    hasher.finish()
}
