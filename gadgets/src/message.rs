//! Messages: what one part of the machine tells another over the bus.
//!
//! Each kind of message is one struct, declared with [`message!`](crate::message!), that names every field and its range.
//! A tuple can only be built from the whole struct, so a field that is added later cannot be forgotten anywhere.

use crate::expr::{Expr, F};
use crate::ranges::Range;

/// The two classes of tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Sent once and received once: both multiplicities are flags.
    Linear,
    /// Provided with a free multiplicity by a row that proves it true, consumed with a flag.
    Fact,
}

/// The identity of a kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag {
    /// The number that opens the tuple. Unique in the machine.
    pub id: u64,
    /// The name in the inventory.
    pub name: &'static str,
    /// Linear or fact.
    pub class: Class,
}

/// A kind of message, for those who know it only by its tag.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its tag.
    pub tag: Tag,
    /// A name for each field element of its tuples.
    pub names: fn() -> Vec<String>,
}

/// A kind of message; its type parameters of the slots and the builder keep linear and fact tags apart.
pub trait Message: Sized + Clone + std::fmt::Debug {
    /// The message outside of the circuit.
    type Native: Clone + std::fmt::Debug;
    /// Its tag.
    const TAG: Tag;
    /// How many field elements it has.
    const WIDTH: usize;
    /// Its expressions, in order.
    fn fields(&self) -> Vec<Expr>;
    /// The message over given expressions, whose ranges the other side of the bus enforces.
    fn from_fields(fields: &[Expr]) -> Self;
    /// The field elements of a native message.
    fn tuple(native: &Self::Native) -> Vec<F>;
    /// A name for each field element.
    fn names() -> Vec<String>;
    /// The range of each field element.
    fn ranges() -> Vec<Range>;
    /// For each field element of a fact whether it follows from the others, the fact's key.
    fn determined() -> Vec<bool>;
}

/// A message that is sent once and received once.
pub trait Linear: Message {}

/// A message that is true and may be consumed any number of times.
pub trait Fact: Message {}

/// Declares a kind of message: the struct over expressions, and its native twin. With `inventory NAME;` before the first, a
/// constant `NAME` lists the kinds. `determines [field, ...]` says of a fact that these fields follow from the others, its
/// key: the [audit](crate::audit) looks for providers that may say something else of the same key.
///
/// ```
/// use verbatim_gadgets::{message, message::Message, value::{Counter, Word}};
///
/// message! {
///     /// The value that stands in a stack slot.
///     pub struct Stack, StackNative = Linear 2 "stack" {
///         /// The call whose stack it is.
///         call: Counter,
///         /// The value.
///         value: Word,
///     }
/// }
/// assert_eq!(Stack::names(), ["call", "value.hi", "value.lo"]);
/// assert_eq!(Stack::WIDTH, 3);
/// ```
#[macro_export]
macro_rules! message {
    (inventory $inventory:ident; $($(#[$doc:meta])* pub struct $name:ident, $native:ident = $class:ident $id:literal $tag:literal $(determines $results:tt)? { $($fields:tt)* })*) => {
        $crate::message! {
            $($(#[$doc])* pub struct $name, $native = $class $id $tag $(determines $results)? { $($fields)* })*
        }

        /// Every kind of message that is declared here, in the order of the declarations.
        pub const $inventory: &[$crate::message::Kind] = &[$($crate::message::Kind {
            tag: <$name as $crate::message::Message>::TAG,
            names: <$name as $crate::message::Message>::names,
        },)*];
    };
    ($($(#[$doc:meta])* pub struct $name:ident, $native:ident = $class:ident $id:literal $tag:literal
        $(determines [$($result:ident),*])? {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        #[doc = concat!("The native form of [`", stringify!($name), "`].")]
        #[derive(Clone, Debug)]
        pub struct $native {
            $($(#[$field_doc])* pub $field: <$type as $crate::value::Value>::Native,)*
        }

        impl $crate::message::Message for $name {
            type Native = $native;
            const TAG: $crate::message::Tag =
                $crate::message::Tag { id: $id, name: $tag, class: $crate::message::Class::$class };
            const WIDTH: usize = 0 $(+ <$type as $crate::value::Value>::WIDTH)*;

            fn fields(&self) -> Vec<$crate::expr::Expr> {
                let mut out = Vec::new();
                $($crate::value::Value::push(&self.$field, &mut out);)*
                out
            }

            fn from_fields(fields: &[$crate::expr::Expr]) -> Self {
                let fields = &mut fields.iter().cloned();
                Self { $($field: <$type as $crate::value::Value>::pull(fields),)* }
            }

            fn tuple(native: &$native) -> Vec<$crate::expr::F> {
                let mut out = Vec::new();
                $(<$type as $crate::value::Value>::push_native(&native.$field, &mut out);)*
                out
            }

            fn names() -> Vec<String> {
                let mut out = Vec::new();
                $(<$type as $crate::value::Value>::push_names(stringify!($field), &mut out);)*
                out
            }

            fn ranges() -> Vec<$crate::ranges::Range> {
                let mut out = Vec::new();
                $(<$type as $crate::value::Value>::push_ranges(&mut out);)*
                out
            }

            fn determined() -> Vec<bool> {
                // Names that are not fields do not compile.
                $($(let _ = |native: &$native| drop(native.$result.clone());)*)?
                let results: &[&str] = &[$($(stringify!($result)),*)?];
                let mut out = Vec::new();
                $(out.extend(vec![results.contains(&stringify!($field)); <$type as $crate::value::Value>::WIDTH]);)*
                out
            }
        }

        impl $crate::message::$class for $name {}
    )*};
}

/// The fact that a value is below 2^16, provided by the table of all of them.
pub use range::{Range16, Range16Native};

mod range {
    use crate::value::U16;

    crate::message! {
        /// `value` is below 2^16.
        pub struct Range16, Range16Native = Fact 1 "range16" {
            /// The value.
            value: U16,
        }
    }
}
