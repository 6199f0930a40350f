//! Reading setups, good and bad.

use std::{fs, path::PathBuf};

use halo2_proofs::{
    SerdeFormat,
    halo2curves::{ff::Field, group::prime::PrimeCurveAffine, serde::SerdeObject},
    poly::{
        EvaluationDomain,
        commitment::{Blind, Params as _, ParamsProver},
    },
};
use tempfile::TempDir;
use verbatim_prover::{
    Fr, G1Affine, G2Affine, Params,
    setup::{Setup, SetupError, SetupProblem},
};

const K: u32 = 3;
const N: usize = 1 << K;

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join("setup");
        fs::write(&path, bytes).unwrap();
        path
    }

    fn srs(&self, bytes: &[u8]) -> Result<Setup, SetupError> {
        Setup::from_srs(&self.file(bytes), 28, None)
    }

    fn ptau(&self, bytes: &[u8]) -> Result<Setup, SetupError> {
        Setup::from_ptau(&self.file(bytes), 28, None)
    }
}

fn problem(result: Result<Setup, SetupError>) -> SetupProblem {
    match result {
        Err(SetupError::Invalid { problem, .. }) => problem,
        other => panic!("not an invalid setup: {other:?}"),
    }
}

fn shorten<T>(values: &mut Vec<T>) {
    values.truncate(values.len() - 1);
}

fn srs_bytes(k: u32, format: SerdeFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    Setup::unsafe_development(None).params(k).unwrap().write_custom(&mut bytes, format).unwrap();
    bytes
}

/// A ptau file as snarkjs writes it, with `extra` sections after those that are read.
struct Ptau {
    header: Vec<u8>,
    g1: Vec<G1Affine>,
    g2: Vec<G2Affine>,
    extra: Vec<(u32, Vec<u8>)>,
}

impl Ptau {
    fn new() -> Self {
        let params = Setup::unsafe_development(None).params(K + 1).unwrap();
        let prime = "47fd7cd8168c203c8dca7168916a81975d588181b64550b829a031e1724e6430";
        let mut header = 32u32.to_le_bytes().to_vec();
        header.extend(hex::decode(prime).unwrap());
        header.extend(K.to_le_bytes());
        header.extend(28u32.to_le_bytes());
        let mut g2 = vec![params.g2(); N];
        g2[1] = params.s_g2();
        let g1 = params.get_g()[..2 * N - 1].to_vec();
        Self { header, g1, g2, extra: vec![(4, vec![1; 77]), (7, Vec::new())] }
    }

    fn bytes(&self) -> Vec<u8> {
        let g1 = self.g1.iter().flat_map(SerdeObject::to_raw_bytes).collect();
        let g2 = self.g2.iter().flat_map(SerdeObject::to_raw_bytes).collect();
        let mut sections = vec![(1, self.header.clone()), (2, g1), (3, g2)];
        sections.extend(self.extra.clone());
        let mut bytes = b"ptau".to_vec();
        bytes.extend(1u32.to_le_bytes());
        bytes.extend((sections.len() as u32).to_le_bytes());
        for (number, section) in sections {
            bytes.extend(u32::to_le_bytes(number));
            bytes.extend((section.len() as u64).to_le_bytes());
            bytes.extend(section);
        }
        bytes
    }
}

fn assert_same(left: &Params, right: &Params) {
    assert_eq!(left.k(), right.k());
    assert_eq!(left.get_g(), right.get_g());
    assert_eq!((left.g2(), left.s_g2()), (right.g2(), right.s_g2()));
    let domain = EvaluationDomain::<Fr>::new(1, left.k());
    for position in [0, 1, (1 << left.k()) - 1] {
        let mut values = vec![Fr::ZERO; 1 << left.k()];
        values[position] = Fr::ONE;
        let column = domain.lagrange_from_vec(values);
        assert_eq!(left.commit_lagrange(&column, Blind::default()), right.commit_lagrange(&column, Blind::default()));
    }
}

#[test]
fn every_format_gives_the_same_parameters_at_every_size() {
    let files = Files::new();
    let development = Setup::unsafe_development(None);
    let setups = [
        files.srs(&srs_bytes(K, SerdeFormat::RawBytes)).unwrap(),
        files.srs(&srs_bytes(K, SerdeFormat::RawBytesUnchecked)).unwrap(),
        files.srs(&srs_bytes(K, SerdeFormat::Processed)).unwrap(),
        files.ptau(&Ptau::new().bytes()).unwrap(),
    ];
    for setup in setups {
        // The secret is the public one, wherever it was read from.
        assert!(setup.is_unsafe());
        assert_eq!(setup.greatest_k(), K);
        assert_eq!(setup.digest(), development.digest());
        assert_eq!(setup.verifier(), development.verifier());
        for k in 1..=K {
            assert_same(&setup.params(k).unwrap(), &development.params(k).unwrap());
        }
        for k in [0, K + 1, 99] {
            assert!(matches!(setup.params(k), Err(SetupError::TooLarge { .. })));
        }
    }
}

#[test]
fn only_as_many_powers_are_read_as_asked_for() {
    let files = Files::new();
    let development = Setup::unsafe_development(None);
    let compressed = files.file(&srs_bytes(K, SerdeFormat::Processed));
    let small = [
        Setup::from_srs(&compressed, 2, None).unwrap(),
        Setup::from_ptau(&files.file(&Ptau::new().bytes()), 2, None).unwrap(),
    ];
    for setup in small {
        assert_eq!(setup.greatest_k(), 2);
        assert_same(&setup.params(2).unwrap(), &development.params(2).unwrap());
    }
    let path = files.file(&Ptau::new().bytes());
    assert_eq!(problem(Setup::from_ptau(&path, 0, None)), SetupProblem::Power(0));
}

#[test]
fn every_flipped_byte_and_every_length_of_an_srs_is_an_error() {
    let files = Files::new();
    for format in [SerdeFormat::RawBytes, SerdeFormat::Processed] {
        let good = srs_bytes(K, format);
        for index in 0..good.len() {
            let mut bad = good.clone();
            bad[index] ^= 1 << (index % 6);
            assert!(files.srs(&bad).is_err(), "byte {index}");
            problem(files.srs(&good[..index]));
        }
        assert_eq!(problem(files.srs(&[good, vec![0]].concat())), SetupProblem::Length);
    }
    let huge = [28u32.to_le_bytes().as_slice(), &[0; 100]].concat();
    assert_eq!(problem(files.srs(&huge)), SetupProblem::Length);
    assert_eq!(problem(files.srs(&u32::MAX.to_le_bytes())), SetupProblem::Power(u32::MAX));
    let missing = Setup::from_srs(&files.0.path().join("none"), 28, None);
    assert!(matches!(missing, Err(SetupError::Io { .. })));
}

#[test]
fn every_flipped_byte_that_is_read_and_every_length_of_a_ptau_is_an_error() {
    let files = Files::new();
    let good = Ptau::new().bytes();
    let powers = 12 + 12 + 44 + 12;
    let powers_g2 = powers + 64 * (2 * N - 1) + 12;
    // The ceremony's power, the higher powers, and the sections that are not needed.
    let ignored = |index: usize| {
        (12 + 12 + 40..12 + 12 + 44).contains(&index)
            || (powers + 64 * N..powers_g2 - 12).contains(&index)
            || index >= powers_g2 + 256
    };
    for index in 0..good.len() {
        let mut bad = good.clone();
        bad[index] ^= 1;
        assert!(files.ptau(&bad).is_err() || ignored(index), "byte {index}");
        problem(files.ptau(&good[..index]));
    }
    assert_eq!(problem(files.ptau(&[good, vec![0]].concat())), SetupProblem::Length);
}

#[test]
fn valid_points_that_are_no_setup_are_errors() {
    let files = Files::new();
    let with = |change: fn(&mut Ptau)| {
        let mut ptau = Ptau::new();
        change(&mut ptau);
        problem(files.ptau(&ptau.bytes()))
    };
    assert_eq!(with(|ptau| ptau.g1.swap(2, 3)), SetupProblem::Powers);
    assert_eq!(with(|ptau| ptau.g1[N - 1] = ptau.g1[N]), SetupProblem::Powers);
    assert_eq!(with(|ptau| ptau.g2[1] = ptau.g2[0]), SetupProblem::Powers);
    assert_eq!(with(|ptau| ptau.g1[0] = ptau.g1[1]), SetupProblem::Generator);
    assert_eq!(with(|ptau| ptau.g2.swap(0, 1)), SetupProblem::Generator);
    assert_eq!(with(|ptau| ptau.g1[4] = G1Affine::identity()), SetupProblem::G1(4));
    assert_eq!(with(|ptau| ptau.g2[1] = G2Affine::identity()), SetupProblem::G2(1));
    assert_eq!(with(|ptau| shorten(&mut ptau.g1)), SetupProblem::Section(2));
    assert_eq!(with(|ptau| shorten(&mut ptau.g2)), SetupProblem::Section(3));
    assert_eq!(with(|ptau| ptau.extra[0].0 = 2), SetupProblem::Section(2));
    assert_eq!(with(|ptau| ptau.header[5] ^= 1), SetupProblem::Curve);
    assert_eq!(with(|ptau| ptau.header[0] = 48), SetupProblem::Curve);
    assert_eq!(with(|ptau| ptau.header[36] = 29), SetupProblem::Power(29));
    assert_eq!(with(|ptau| shorten(&mut ptau.header)), SetupProblem::Section(1));

    let mut swapped = srs_bytes(K, SerdeFormat::RawBytes);
    let lagrange = 4 + 64 * N;
    let (left, right) = swapped.split_at_mut(lagrange + 64);
    left[lagrange..].swap_with_slice(&mut right[..64]);
    assert_eq!(problem(files.srs(&swapped)), SetupProblem::Lagrange);
}

#[test]
fn a_point_of_g2_outside_the_subgroup_is_an_error() {
    use halo2_proofs::halo2curves::{CurveAffine, bn256::Fq2, group::cofactor::CofactorGroup};
    let outside = (1..100u64)
        .find_map(|x| {
            let x = Fq2::from(x);
            let y = Option::<Fq2>::from((x.square() * x + G2Affine::b()).sqrt())?;
            let point = Option::<G2Affine>::from(G2Affine::from_xy(x, y))?;
            (!bool::from(CofactorGroup::is_torsion_free(&point.to_curve()))).then_some(point)
        })
        .unwrap();
    let mut ptau = Ptau::new();
    ptau.g2[1] = outside;
    assert_eq!(problem(Files::new().ptau(&ptau.bytes())), SetupProblem::G2(1));
}

/// Section 12 of a prepared file: the Lagrange bases of 2^0, 2^1, ... points, by the powers of snarkjs's root of unity.
fn lagrange_section() -> Vec<u8> {
    let development = Setup::unsafe_development(None);
    let mut section = G1Affine::generator().to_raw_bytes();
    for k in 1..=K + 1 {
        let params = development.params(k).unwrap();
        let domain = EvaluationDomain::<Fr>::new(1, k);
        // (r - 1) / 2^28
        let odd_part = [0x9b97_0914_3e1f_593f, 0x1815_85d2_833e_8487, 0x131a_029b_8504_5b68, 0x3_0644_e72e];
        let mut root = Fr::from(5).pow_vartime(odd_part);
        assert_eq!(root.pow_vartime([1 << 28]), Fr::ONE);
        (k..28).for_each(|_| root = root.square());
        for index in 0..1u64 << k {
            let point = root.pow_vartime([index]);
            let position = (0..1u64 << k).find(|&i| domain.get_omega().pow_vartime([i]) == point).unwrap();
            let mut values = vec![Fr::ZERO; 1 << k];
            values[position as usize] = Fr::ONE;
            let commitment = params.commit_lagrange(&domain.lagrange_from_vec(values), Blind::default());
            section.extend(G1Affine::from(commitment).to_raw_bytes());
        }
    }
    section
}

#[test]
fn lagrange_bases_of_a_prepared_ptau_are_used_if_they_are_right() {
    let files = Files::new();
    let development = Setup::unsafe_development(None);
    let cache = files.0.path().join("cache");
    let section = lagrange_section();
    let mut damaged = section.clone();
    damaged[64..].rotate_left(64);
    let mut invalid = section.clone();
    invalid[64..].fill(1);
    // Bases from the file are not cached; computed ones are.
    for (section, computed) in [(section, false), (damaged, true), (invalid, true)] {
        let mut ptau = Ptau::new();
        ptau.extra.push((12, section));
        let path = files.file(&ptau.bytes());
        let setup = Setup::from_ptau(&path, 28, Some(&cache)).unwrap();
        for k in 1..=K {
            assert_same(&setup.params(k).unwrap(), &development.params(k).unwrap());
        }
        assert_eq!(cache.exists(), computed);
        drop(fs::remove_dir_all(&cache));
    }
}

#[test]
fn a_ceremony_is_not_called_unsafe() {
    let files = Files::new();
    let mut bytes = Vec::new();
    Params::setup(K, rand::rngs::OsRng).write_custom(&mut bytes, SerdeFormat::RawBytes).unwrap();
    let setup = files.srs(&bytes).unwrap();
    assert!(!setup.is_unsafe() && !setup.verifier().is_unsafe());
    assert_ne!(setup.digest(), Setup::unsafe_development(None).digest());
}

#[test]
fn caches_are_used_and_damage_is_repaired() {
    let files = Files::new();
    let cache = files.0.path().join("cache");
    let path = files.file(&Ptau::new().bytes());
    let makers: [&dyn Fn() -> Setup; 2] =
        [&|| Setup::unsafe_development(Some(&cache)), &|| Setup::from_ptau(&path, 28, Some(&cache)).unwrap()];
    let expected = Setup::unsafe_development(None).params(K).unwrap();
    for make in makers {
        assert_same(&make().params(K).unwrap(), &expected);
        let entries: Vec<_> = fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(entries.len(), 1);
        let good = fs::read(&entries[0]).unwrap();
        assert_same(&make().params(K).unwrap(), &expected);
        for bad in [&good[..good.len() - 1], &[good.as_slice(), &[1]].concat(), b"", &vec![0; good.len()]] {
            fs::write(&entries[0], bad).unwrap();
            assert_same(&make().params(K).unwrap(), &expected);
            assert_eq!(fs::read(&entries[0]).unwrap(), good);
        }
        fs::remove_file(&entries[0]).unwrap();
    }
}
