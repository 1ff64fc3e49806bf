//! `[stacks.X.hooks]`: programs that run before and after the steps of a stack.

use super::{
    guards::Command,
    table::{plain_table, table},
};
use crate::config::origin::Value;

table! {
    /// Programs around the steps of a stack, each an argv.
    struct HooksTable {
        /// Before its plan.
        before_plan: Option<Value<Vec<Command>>>,
        /// After its plan.
        after_plan: Option<Value<Vec<Command>>>,
        /// Before its apply.
        before_apply: Option<Value<Vec<Command>>>,
        /// After its apply.
        after_apply: Option<Value<Vec<Command>>>,
        /// After a failure of any step.
        on_failure: Option<Value<Vec<Command>>>,
    }
}

plain_table!(HooksTable);
