//! Text of the contract: lines with indentation, and numbers as literals.

use halo2_proofs::halo2curves::ff::PrimeField;

/// Lines of source, indented by their blocks.
#[derive(Debug)]
pub(super) struct Text {
    lines: Vec<String>,
    depth: usize,
}

impl Text {
    /// Empty text in a block of this depth.
    pub(super) fn at(depth: usize) -> Self {
        Self { lines: Vec::new(), depth }
    }

    /// A line.
    pub(super) fn line(&mut self, line: impl AsRef<str>) {
        let indent = " ".repeat(4 * self.depth);
        self.lines.push(format!("{indent}{}", line.as_ref()).trim_end().to_owned());
    }

    /// A line of comment.
    pub(super) fn comment(&mut self, comment: &str) {
        self.line(format!("// {comment}"));
    }

    /// A block: what stands in front of its brace, and its lines.
    pub(super) fn block(&mut self, head: &str, body: impl FnOnce(&mut Self)) {
        self.line(format!("{head} {{").trim_start());
        self.depth += 1;
        body(self);
        self.depth -= 1;
        self.line("}");
    }

    /// The lines, without a line break at the end.
    pub(super) fn finish(self) -> String {
        self.lines.join("\n")
    }
}

/// An element of a field as a literal.
pub(super) fn literal<F: PrimeField<Repr = [u8; 32]>>(value: &F) -> String {
    let bytes: Vec<u8> = value.to_repr().iter().rev().copied().skip_while(|byte| *byte == 0).collect();
    if bytes.is_empty() { "0".to_owned() } else { format!("0x{}", hex::encode(bytes)) }
}

/// A word of memory.
pub(super) fn load(place: &str) -> String {
    format!("mload({place})")
}

/// `a b` in the scalar field, whose modulus is in the variable `r`.
pub(super) fn mul(a: &str, b: &str) -> String {
    format!("mulmod({a}, {b}, r)")
}

/// `a + b` in the scalar field.
pub(super) fn add(a: &str, b: &str) -> String {
    format!("addmod({a}, {b}, r)")
}

/// `-a`, for an `a` of at most `r`. The result is at most `r`.
pub(super) fn neg(a: &str) -> String {
    format!("sub(r, {a})")
}

/// The product of factors; one for none.
pub(super) fn product(factors: &[String]) -> String {
    let Some((first, rest)) = factors.split_first() else {
        return "1".to_owned();
    };
    rest.iter().fold(first.clone(), |product, factor| mul(&product, factor))
}
