//! Typed values: an expression together with the range that is enforced for it.
//!
//! A value of one of these types can come from four places, each of which enforces its range: a cell that a
//! [`ChipBuilder`](crate::chip::ChipBuilder) allocated (the builder adds the range check), a field of a received message
//! (the sender's type is the same), a conversion from a narrower type, or [`assume`](Limb::assume), which names its reason.

use halo2_proofs::arithmetic::Field;
use ruint::aliases::U256;

use crate::expr::{Expr, F, operators};

/// What a message field or a chip's value is made of: one or more field elements of known ranges.
pub trait Value: Clone + std::fmt::Debug {
    /// What it is outside of the circuit.
    type Native: Clone + std::fmt::Debug;
    /// How many field elements it takes.
    const WIDTH: usize;
    /// Appends its expressions.
    fn push(&self, out: &mut Vec<Expr>);
    /// Takes its expressions from `fields`. Only for values whose range somebody else enforces.
    ///
    /// # Panics
    /// If fewer than [`Self::WIDTH`] expressions are left.
    fn pull(fields: &mut dyn Iterator<Item = Expr>) -> Self;
    /// Appends the field elements of `native`.
    fn push_native(native: &Self::Native, out: &mut Vec<F>);
    /// Appends a name per field element, each beginning with `name`.
    fn push_names(name: &str, out: &mut Vec<String>);
    /// Appends the number of bits that each field element is in; nothing for one of no range.
    fn push_bits(out: &mut Vec<Option<u32>>);
}

/// The field element of a number below 2^128.
pub fn from_u128(value: u128) -> F {
    F::from_raw([value as u64, (value >> 64) as u64, 0, 0])
}

/// The field element of a number below the field's modulus (about 2^254), such as an address.
pub fn from_u256(value: &U256) -> F {
    F::from_raw(*value.as_limbs())
}

/// The high and low 128 bits of a 256-bit word.
pub fn split(word: &U256) -> (u128, u128) {
    let [a, b, c, d] = *word.as_limbs();
    (u128::from(c) | u128::from(d) << 64, u128::from(a) | u128::from(b) << 64)
}

macro_rules! scalar {
    ($($(#[$doc:meta])* $name:ident($native:ty, $bits:expr, $convert:expr);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(Expr);

        impl $name {
            /// Wraps an expression whose range is enforced elsewhere; `_why` says where, for the reader and the audit.
            pub fn assume(expr: impl Into<Expr>, _why: &'static str) -> Self {
                Self(expr.into())
            }

            /// The expression.
            pub fn expr(&self) -> Expr {
                self.0.clone()
            }

            /// A constant of this type.
            pub fn constant(native: $native) -> Self {
                let convert: fn(&$native) -> F = $convert;
                Self(Expr::constant(convert(&native)))
            }
        }

        impl Value for $name {
            type Native = $native;
            const WIDTH: usize = 1;

            fn push(&self, out: &mut Vec<Expr>) {
                out.push(self.0.clone());
            }

            fn pull(fields: &mut dyn Iterator<Item = Expr>) -> Self {
                Self(fields.next().expect("a message has as many expressions as its fields need"))
            }

            fn push_native(native: &$native, out: &mut Vec<F>) {
                let convert: fn(&$native) -> F = $convert;
                out.push(convert(native));
            }

            fn push_names(name: &str, out: &mut Vec<String>) {
                out.push(name.to_owned());
            }

            fn push_bits(out: &mut Vec<Option<u32>>) {
                out.push($bits);
            }
        }

        impl From<$name> for Expr {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl From<&$name> for Expr {
            fn from(value: &$name) -> Self {
                value.0.clone()
            }
        }

        operators!($name, &$name);
    )*};
}

use std::ops::{Add, Mul, Neg, Sub};

fn add(a: Expr, b: Expr) -> Expr {
    a + b
}

fn mul(a: Expr, b: Expr) -> Expr {
    a * b
}

fn neg(a: Expr) -> Expr {
    -a
}

scalar! {
    /// Zero or one.
    Bool(bool, Some(1), |b| F::from(u64::from(*b)));
    /// Below 2^8.
    Byte(u8, Some(8), |b| F::from(u64::from(*b)));
    /// Below 2^16.
    U16(u16, Some(16), |v| F::from(u64::from(*v)));
    /// Below 2^64.
    U64(u64, Some(64), |v| F::from(*v));
    /// Half a word: below 2^128.
    Limb(u128, Some(128), |v| from_u128(*v));
    /// An account's address: below 2^160.
    Address(U256, Some(160), from_u256);
    /// A counter (clock, call, index, length) that starts at a constant and only ever grows by less than 2^32 a row, so
    /// that it stays far below 2^64 and never wraps.
    Counter(u64, Some(64), |v| F::from(*v));
    /// Gas left. Never negative in a valid proof, but a step alone does not show it: the end of the frame does.
    Gas(i64, None, |v| if *v < 0 { -F::from(v.unsigned_abs()) } else { F::from(v.unsigned_abs()) });
    /// Any field element.
    Any(F, None, |v| *v);
}

macro_rules! widen {
    ($($from:ident => $($to:ident),*;)*) => {$($(
        impl From<$from> for $to {
            fn from(value: $from) -> Self {
                Self(value.0)
            }
        }

        impl From<&$from> for $to {
            fn from(value: &$from) -> Self {
                Self(value.0.clone())
            }
        }
    )*)*};
}

widen! {
    Bool => Byte, U16, U64, Limb, Address, Any;
    Byte => U16, U64, Limb, Address, Any;
    U16 => U64, Limb, Address, Any;
    U64 => Limb, Address, Any;
    Counter => U64, Limb, Any;
    Limb => Address, Any;
    Address => Any;
    Gas => Any;
}

impl Bool {
    /// One minus this.
    #[must_use]
    pub fn not(&self) -> Self {
        Self(Expr::one() - self)
    }

    /// This times `other`: one where both are.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self(self * other)
    }

    /// `yes` where this is one, else `no`.
    pub fn select(&self, yes: impl Into<Expr>, no: impl Into<Expr>) -> Expr {
        let no = no.into();
        self * (yes.into() - &no) + no
    }
}

/// A 256-bit word: two limbs of 128 bits.
#[derive(Clone, Debug)]
pub struct Word {
    /// The high 128 bits.
    pub hi: Limb,
    /// The low 128 bits.
    pub lo: Limb,
}

impl Word {
    /// A constant word.
    pub fn constant(word: U256) -> Self {
        let (hi, lo) = split(&word);
        Self { hi: Limb::constant(hi), lo: Limb::constant(lo) }
    }

    /// A word below 2^128.
    pub fn from_low(lo: impl Into<Limb>) -> Self {
        Self { hi: Limb::constant(0), lo: lo.into() }
    }

    /// `yes` where `flag` is one, else `no`.
    pub fn select(flag: &Bool, yes: &Self, no: &Self) -> Self {
        Self { hi: Limb(flag.select(&yes.hi, &no.hi)), lo: Limb(flag.select(&yes.lo, &no.lo)) }
    }
}

impl Value for Word {
    type Native = U256;
    const WIDTH: usize = 2;

    fn push(&self, out: &mut Vec<Expr>) {
        out.push(self.hi.expr());
        out.push(self.lo.expr());
    }

    fn pull(fields: &mut dyn Iterator<Item = Expr>) -> Self {
        Self { hi: Limb::pull(fields), lo: Limb::pull(fields) }
    }

    fn push_native(native: &U256, out: &mut Vec<F>) {
        let (hi, lo) = split(native);
        out.extend([from_u128(hi), from_u128(lo)]);
    }

    fn push_names(name: &str, out: &mut Vec<String>) {
        out.extend([format!("{name}.hi"), format!("{name}.lo")]);
    }

    fn push_bits(out: &mut Vec<Option<u32>>) {
        Limb::push_bits(out);
        Limb::push_bits(out);
    }
}

impl<T: Value, const N: usize> Value for [T; N] {
    type Native = [T::Native; N];
    const WIDTH: usize = T::WIDTH * N;

    fn push(&self, out: &mut Vec<Expr>) {
        self.iter().for_each(|value| value.push(out));
    }

    fn pull(fields: &mut dyn Iterator<Item = Expr>) -> Self {
        std::array::from_fn(|_| T::pull(fields))
    }

    fn push_native(native: &Self::Native, out: &mut Vec<F>) {
        native.iter().for_each(|value| T::push_native(value, out));
    }

    fn push_names(name: &str, out: &mut Vec<String>) {
        (0..N).for_each(|i| T::push_names(&format!("{name}[{i}]"), out));
    }

    fn push_bits(out: &mut Vec<Option<u32>>) {
        (0..N).for_each(|_| T::push_bits(out));
    }
}

/// The inverse of `value`, or zero for zero: what an is-zero gadget is filled with.
pub fn inverse_or_zero(value: F) -> F {
    value.invert().unwrap_or(F::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_split_into_limbs() {
        let word = U256::from_limbs([1, 2, 3, 4]);
        assert_eq!(split(&word), (3 | 4 << 64, 1 | 2 << 64));
        let mut fields = Vec::new();
        Word::push_native(&word, &mut fields);
        assert_eq!(fields, [from_u128(3 | 4 << 64), from_u128(1 | 2 << 64)]);
    }

    #[test]
    fn every_field_element_has_its_bits() {
        let mut bits = Vec::new();
        <[Word; 2]>::push_bits(&mut bits);
        Bool::push_bits(&mut bits);
        Gas::push_bits(&mut bits);
        assert_eq!(bits, [Some(128), Some(128), Some(128), Some(128), Some(1), None]);
    }

    #[test]
    fn selection_takes_the_branch() {
        let (yes, no) = (Expr::from(5), Expr::from(9));
        assert_eq!(Bool::constant(true).select(&yes, &no).as_constant(), Some(F::from(5)));
        assert_eq!(Bool::constant(false).select(&yes, &no).as_constant(), Some(F::from(9)));
    }
}
