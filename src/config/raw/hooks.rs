//! `[stacks.X.hooks]`: programs that run before and after the steps of a stack.

use super::{guards::Command, table::table};
use crate::config::origin::Value;

table! {
    /// Programs that run before and after the steps of a stack, each as program and arguments.
    struct HooksTable {
        /// Commands before the plan.
        before_plan: Option<Value<Vec<Command>>>,
        /// Commands after the plan.
        after_plan: Option<Value<Vec<Command>>>,
        /// Commands before the apply.
        before_apply: Option<Value<Vec<Command>>>,
        /// Commands after the apply.
        after_apply: Option<Value<Vec<Command>>>,
        /// Commands after a failure of any step.
        on_failure: Option<Value<Vec<Command>>>,
    }
}
