//! Judging of a run's review, and the command to run first if tentative plans are refused.

use std::collections::BTreeSet;

use super::{Context, open::Opened};
use crate::{
    engine::PlanMode,
    executor::Refusal,
    model::{Blocked, Guard, StackId},
    plans::{
        Review,
        guards::{ValueProviders, are_all_tentative, is_any_tentative},
    },
    ui::shell_word,
};

impl Opened {
    /// Returns the reasons why the plans of a review must not be applied now.
    pub(crate) fn judge(&self, context: &Context, review: &Review) -> Vec<Blocked> {
        let mut blocked = self.guarded.judge(context, review);
        // The plans of an earlier run may use what it applied itself; and a destroy plan is never made again.
        if !self.next_commands.adopts && self.mode == PlanMode::Normal {
            blocked.extend(self.with_providers(|providers| providers.judge(review)));
        }
        blocked
    }

    fn with_providers<T>(&self, use_them: impl FnOnce(ValueProviders<'_>) -> T) -> T {
        let mocks_of = |stack: &StackId| self.deployment.mocks_of(stack);
        use_them(ValueProviders {
            graph: self.deployment.graph(),
            missing: &self.absent,
            mocks_of: &mocks_of,
        })
    }

    /// Returns the command to run first, if tentative plans are refused; absent if only excluding their stacks would help.
    pub(crate) fn first(&self, blocked: &[Blocked]) -> Option<String> {
        let tentative = blocked.iter().filter(|found| found.block.guard == Guard::Tentative);
        let stacks = tentative.filter_map(|found| found.stack.as_ref());
        let absent: BTreeSet<StackId> =
            self.with_providers(|providers| stacks.flat_map(|stack| providers.absent_of(stack)).collect());
        let names: Vec<_> = absent.iter().map(|stack| shell_word(stack.as_str())).collect();
        let flags = self.outside_variables.flags(&absent, &self.given_flags);
        let deploy = || format!("deploy {} {}", self.environment, names.join(" "));
        (!names.is_empty()).then(|| flags.command_with_values(&deploy()))
    }

    /// Returns the refusal of a review, with the command to run first if tentative plans are refused.
    pub(crate) fn refusal(&self, blocked: &[Blocked]) -> Refusal {
        let refusal = self.guarded.refusal(blocked);
        if !is_any_tentative(blocked) {
            return refusal;
        }
        let hint = self.first(blocked).map_or_else(
            || "`--exclude` leaves such a stack out".to_owned(),
            |first| format!("`{first}` comes first"),
        );
        let summary = if are_all_tentative(blocked) {
            format!("not all of this can be applied in `{}` yet", self.environment)
        } else {
            refusal.summary
        };
        Refusal { summary, hint: Some(hint), ..refusal }
    }
}
