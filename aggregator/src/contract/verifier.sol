// SPDX-License-Identifier: MIT
pragma solidity $COMPILER;

/// @title Verifies proofs of one circuit of 2^$K rows
/// @notice Written by Verbatim from the circuit's verifying key: halo2-axiom's PLONK with KZG on BN254 and SHPLONK, the
/// challenges hashed by Keccak-256.$WARNING
contract $NAME {
    /// @notice What a proof proves.
    struct Statement {
$FIELDS
    }

    /// @notice The calldata, or the proof in it, is not as long as it must be.
    error InvalidLength(uint256 expected, uint256 given);
    /// @notice A number of the statement is not below the modulus of the scalar field.
    error InvalidStatement();
    /// @notice A point of the proof is not on the curve, or not written in the only valid way.
    error InvalidPoint();
    /// @notice A scalar of the proof is not below the modulus of the scalar field.
    error InvalidScalar();
    /// @notice The proof does not prove the statement.
    error InvalidProof();

    // The modulus of the scalar field, that of the base field, and selectors of errors.
    uint256 private constant R = $SCALAR_MODULUS;
    uint256 private constant Q = $BASE_MODULUS;
$SELECTORS

    // Lengths in bytes.
    uint256 private constant CALLDATA_LENGTH = $CALLDATA_LENGTH;
    uint256 private constant PROOF_LENGTH = $PROOF_LENGTH;

    // Places in memory.
$PLACES

    /// @notice Reverts if the proof is not one of the statement.
    /// @param statement What is proven.
    /// @param proof Two points of a deferred pairing, then the proof as the prover writes it.
    /// @return digest The Keccak-256 hash of the statement's ABI encoding.
    function verify(Statement calldata statement, bytes calldata proof) external view returns (bytes32 digest) {
        if (proof.length != PROOF_LENGTH) revert InvalidLength(PROOF_LENGTH, proof.length);
        if (msg.data.length != CALLDATA_LENGTH) revert InvalidLength(CALLDATA_LENGTH, msg.data.length);
        assembly {
            // Reverts with an error that has no arguments.
            function fail(selector) {
                mstore(0, selector)
                revert(0, 4)
            }

            // Reads the statement: its digest, and its elements below the modulus.
            function readStatement(from) -> hash {
                let r := R
                let valid := 1
                calldatacopy(ELEMENTS, from, $STATEMENT_LENGTH)
                hash := keccak256(ELEMENTS, $STATEMENT_LENGTH)
                let word
$READ_FIELDS
                if iszero(valid) { fail(INVALID_STATEMENT) }
            }

            // Reads the points of the deferred pairing as limbs.
            function readDeferred(from) {
                let q := Q
                let valid := 1
                for { let to := DEFERRED } lt(to, $DEFERRED_END) { to := add(to, 0x60) } {
                    let coordinate := calldataload(from)
                    valid := and(valid, lt(coordinate, q))
                    mstore(to, and(coordinate, $LIMB))
                    mstore(add(to, 0x20), and(shr($LIMB_BITS, coordinate), $LIMB))
                    mstore(add(to, 0x40), shr($TWO_LIMBS_BITS, coordinate))
                    from := add(from, 0x20)
                }
                if iszero(valid) { fail(INVALID_POINT) }
            }

            // Reads the proof and hashes the challenges. Precompiles will check that points are on the curve, where no
            // `y` is zero; so the identity, which would be two zeros, is refused here.
            function readProof(from) {
                let r := R
                let q := Q
                let nonzero := sub(Q, 1)
                let validPoints := 1
                let validScalars := 1
                mstore(ROUND_0, $DIGEST)
$ROUNDS
                if iszero(validPoints) { fail(INVALID_POINT) }
                if iszero(validScalars) { fail(INVALID_SCALAR) }
            }

            // The sum of `values[i] / (t ratio^i - 1)`, as a fraction.
            function sumOfFractions(t, ratio, values, step, count) -> numerator, denominator {
                let r := R
                denominator := 1
                for { } count { count := sub(count, 1) } {
                    let d := addmod(t, sub(r, 1), r)
                    numerator := addmod(mulmod(numerator, d, r), mulmod(mload(values), denominator, r), r)
                    denominator := mulmod(denominator, d, r)
                    t := mulmod(t, ratio, r)
                    values := add(values, step)
                }
            }

            // Replaces words by their inverses. One that is zero ends it: no honest challenge makes one.
            function invert(from, to) {
                let r := R
                let product := 1
                let prefix := PREFIXES
                for { let at := from } lt(at, to) { at := add(at, 0x20) } {
                    mstore(prefix, product)
                    prefix := add(prefix, 0x20)
                    product := mulmod(product, mload(at), r)
                }
                mstore(WORK, 0x20)
                mstore(add(WORK, 0x20), 0x20)
                mstore(add(WORK, 0x40), 0x20)
                mstore(add(WORK, 0x60), product)
                mstore(add(WORK, 0x80), sub(r, 2))
                mstore(add(WORK, 0xa0), r)
                pop(staticcall(gas(), 5, WORK, 0xc0, WORK, 0x20))
                let inverse := mload(WORK)
                if iszero(eq(mulmod(inverse, product, r), 1)) { fail(INVALID_PROOF) }
                for { let at := to } gt(at, from) { } {
                    at := sub(at, 0x20)
                    prefix := sub(prefix, 0x20)
                    let value := mload(at)
                    mstore(at, mulmod(inverse, mload(prefix), r))
                    inverse := mulmod(inverse, value, r)
                }
            }

            // What is known at `x` without the proof's values: Lagrange polynomials, and the instance.
            function evaluateAtX() {
                let r := R
                let x := mload(X)
                let xn := x
                for { let i := 0 } lt(i, $K) { i := add(i, 1) } { xn := mulmod(xn, xn, r) }
                mstore(X_TO_N, xn)
                xn := addmod(xn, sub(r, 1), r)
                let instance, blind
                {
                    let denominator
                    instance, denominator := sumOfFractions(x, $OMEGA_INVERSE, ELEMENTS, 0x20, $ELEMENTS)
                    mstore(INVERSE_INSTANCE, denominator)
                    mstore(WORK, 1)
                    blind, denominator := sumOfFractions(mulmod(x, $OMEGA, r), $OMEGA, WORK, 0, $BLINDING)
                    mstore(INVERSE_BLIND, denominator)
                }
                mstore(INVERSE_LAST, addmod(mulmod(x, $OMEGA_LAST, r), sub(r, 1), r))
                mstore(INVERSE_FIRST, addmod(x, sub(r, 1), r))
                mstore(INVERSE_X, x)
                mstore(INVERSE_VANISHING, xn)
                invert(INVERSE_INSTANCE, add(INVERSE_VANISHING, 0x20))
                xn := mulmod(xn, $ROWS_INVERSE, r)
                mstore(INSTANCE, mulmod(xn, mulmod(instance, mload(INVERSE_INSTANCE), r), r))
                blind := mulmod(xn, mulmod(blind, mload(INVERSE_BLIND), r), r)
                let last := mulmod(xn, mload(INVERSE_LAST), r)
                mstore(L_LAST, last)
                mstore(L_FIRST, mulmod(xn, mload(INVERSE_FIRST), r))
                mstore(ACTIVE, addmod(1, sub(r, addmod(last, blind, r)), r))
            }

            // What the quotient times the vanishing polynomial must be at `x`.
            function foldedExpressions() -> h {
                let r := R
                let y := mload(Y)
$NUMERATOR
            }

            // Adds `scalar (x, y)` to the sum. Gas is bounded because a refused point costs all that is given, and not
            // to the last unit because prices change.
            function term(x, y, scalar) {
                mstore(PRODUCT, x)
                mstore(add(PRODUCT, 0x20), y)
                mstore(add(PRODUCT, 0x40), scalar)
                // Arguments are evaluated from the last to the first: the multiplication comes before the addition.
                if iszero(
                    and(
                        staticcall(2000, 6, SUM, 0x80, SUM, 0x40),
                        staticcall(24000, 7, PRODUCT, 0x60, PRODUCT, 0x40)
                    )
                ) { fail(INVALID_POINT) }
            }

            // Differences of `u` and the points at which polynomials are opened.
            function differences() {
                let r := R
                let u := mload(OPENING_U)
                let x := mload(X)
$DIFFERENCES
            }

            // Adds to the sum what the first powers of the setup are paired with, times `power`.
            function addTerms(power) {
                let r := R
                let y := mload(OPENING_Y)
                let v := mload(OPENING_V)
                let g := 0
$TERMS
                term(1, 2, sub(r, g))
            }

            let given := proof.offset
            digest := readStatement(statement)
            readDeferred(given)
            readProof(given)
            evaluateAtX()
            mstore(QUOTIENT, mulmod(foldedExpressions(), mload(INVERSE_VANISHING), R))

            // The right side: what the generator of the second group is paired with.
            calldatacopy(SUM, add(given, 0x40), 0x40)
            differences()
            let factor := mload(FACTOR)
            addTerms(factor)
            term(
                mload(OPENING_POINT),
                mload(add(OPENING_POINT, 0x20)),
                sub(R, mulmod(factor, productOfDifferences(), R))
            )
            factor := mulmod(factor, productOfOthers(), R)
            // A zero would take the proof out of the equation: no honest challenge makes one.
            if iszero(factor) { fail(INVALID_PROOF) }
            term(
                mload(WITNESS_POINT),
                mload(add(WITNESS_POINT, 0x20)),
                mulmod(factor, mload(OPENING_U), R)
            )
            mcopy(add(PAIRING, 0xc0), SUM, 0x40)

            // The left side: what the setup's second power is paired with.
            calldatacopy(SUM, given, 0x40)
            term(mload(WITNESS_POINT), mload(add(WITNESS_POINT, 0x20)), factor)
            mcopy(PAIRING, SUM, 0x40)
$PAIRING
            // A pairing that fails, for want of gas, leaves its input where the answer should be.
            let answered := staticcall(gas(), 8, PAIRING, 0x180, PAIRING, 0x20)
            if iszero(and(answered, eq(mload(PAIRING), 1))) { fail(INVALID_PROOF) }

            function productOfDifferences() -> all {
                let r := R
                all := $PRODUCT_OF_DIFFERENCES
            }

            function productOfOthers() -> others {
                let r := R
                others := $PRODUCT_OF_OTHERS
            }
        }
    }
}
