//! Crash at random points: envctl is killed again and again, and resumed.

use rustix::process::Signal;

use crate::support::Shop;

const STACKS: [&str; 10] = ["a", "b: a", "c: a", "d: b c", "e", "f: e", "g: d f", "h: g", "i", "j: h i"];

/// Pseudo-random numbers with a fixed seed.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Kills a run after this many lines of the engines' log; returns false when the run ended before.
#[track_caller]
fn killed_at(shop: &Shop, args: [&str; 4], lines: u64) -> bool {
    let mut running = shop.env.spawn(args);
    while (shop.log().len() as u64) < lines && !running.has_ended() {
        std::thread::yield_now();
    }
    if !running.has_ended() {
        running.signal(Signal::KILL);
    }
    running.wait().was_killed()
}

/// Resumes the newest run if it can be resumed, else deploys.
#[track_caller]
fn to_the_end(shop: &Shop) {
    let resumed = shop.run(["runs", "resume", "--yes"]);
    let nothing = ["there is nothing to resume", "there is no run to resume"];
    if nothing.iter().any(|text| resumed.stderr.contains(text)) {
        shop.run(["deploy", "staging", "--yes"]).exits(0);
    } else {
        resumed.exits(0);
    }
    shop.run(["plan", "staging", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_deploy_killed_at_any_moment_is_resumed_to_the_same_end() {
    let mut seeded = Seeded(4);
    let mut kills = 0;
    while kills < 50 {
        let shop = Shop::of(&STACKS);
        // A run without its first plans has no confirmation, and cannot be resumed.
        let first = 20 + seeded.below(80);
        let mut killed = killed_at(&shop, ["deploy", "staging", "--yes", "--jobs=3"], first);
        for _ in 0..3 {
            kills += u32::from(killed);
            let more = shop.log().len() as u64 + seeded.below(30);
            killed = killed && killed_at(&shop, ["runs", "resume", "--yes", "--jobs=3"], more);
        }
        to_the_end(&shop);
        for stack in STACKS.map(|stack| stack.split(':').next().unwrap_or(stack)) {
            let state = shop.state(stack, "staging").expect("a state");
            assert_eq!(state["serial"], 1, "{stack} was written once, killed after {first} lines");
            assert_eq!(shop.deployed_value(stack, "staging").as_deref(), Some("first"), "{stack}");
        }
    }
}
