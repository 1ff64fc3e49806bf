//! Attribute `#[test]` of the suites that register their tests; `tests/support/registry.rs` has the registry.
//!
//! A suite without the standard harness imports it by `#[macro_use]` for all of its modules, where it replaces the
//! attribute of the standard library: a test that is written is registered.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// Passes its arguments and the function to the macro `registered_test` of the suite.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, function: TokenStream) -> TokenStream {
    let arguments = TokenTree::Group(Group::new(Delimiter::Parenthesis, arguments));
    let input: TokenStream = [arguments].into_iter().chain(function).collect();
    let call = [TokenTree::Group(Group::new(Delimiter::Brace, input))];
    "crate::support::registry::registered_test!"
        .parse::<TokenStream>()
        .into_iter()
        .flatten()
        .chain(call)
        .collect()
}
