//! The RSA public operation and the PKCS #1 v1.5 padding it must uncover.
//!
//! Verifying handles public data only, so a big-integer crate without constant-time code is
//! enough. Limits: moduli of [`MAX_MODULUS_BYTES`], exponents of [`MAX_EXPONENT_BYTES`], so that
//! no key from a stranger costs more than a few milliseconds. Source: RFC 8017, sections 8.2.2
//! and 9.2.

use num_bigint::BigUint;

use super::digest::{DigestAlgorithm, Hash};
use super::tlv::Element;

/// 8192 bits; code-signing keys end at 4096.
const MAX_MODULUS_BYTES: usize = 1024;
/// 512 bits is the shortest modulus that any certificate ever had.
const MIN_MODULUS_BYTES: usize = 64;
/// In practice 3 and 65537.
const MAX_EXPONENT_BYTES: usize = 5;

/// A public key within the limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RsaKey {
    modulus: BigUint,
    exponent: BigUint,
    size: usize,
}

impl RsaKey {
    /// Reads an `RSAPublicKey`; none when it is not one or beyond the limits.
    pub fn parse(der: &[u8]) -> Option<RsaKey> {
        let key = Element::first(der)?;
        let (modulus, exponent) = (key.child(0)?.unsigned()?, key.child(1)?.unsigned()?);
        let fits = (MIN_MODULUS_BYTES..=MAX_MODULUS_BYTES).contains(&modulus.len())
            && (1..=MAX_EXPONENT_BYTES).contains(&exponent.len());
        fits.then(|| RsaKey {
            modulus: BigUint::from_bytes_be(modulus),
            exponent: BigUint::from_bytes_be(exponent),
            size: modulus.len(),
        })
    }

    /// True when `signature` was made over a message with digest `hash` by this key's owner.
    pub fn verifies(&self, algorithm: DigestAlgorithm, hash: &Hash, signature: &[u8]) -> bool {
        let value = BigUint::from_bytes_be(signature);
        if signature.len() != self.size || value >= self.modulus {
            return false;
        }
        let opened = value.modpow(&self.exponent, &self.modulus).to_bytes_be();
        [prefix(algorithm), prefix_without_parameters(algorithm)]
            .into_iter()
            .any(|prefix| padded(self.size, prefix, hash).is_some_and(|wanted| wanted == opened))
    }
}

/// `01 FF … FF 00`, the digest's name, the digest; the leading zero of the encoding is dropped,
/// as numbers do.
fn padded(size: usize, prefix: &[u8], hash: &Hash) -> Option<Vec<u8>> {
    /// RFC 8017: the fewest bytes of padding.
    const MIN_FILL: usize = 8;
    let fill = size
        .checked_sub(3 + prefix.len() + hash.0.len())
        .filter(|n| *n >= MIN_FILL)?;
    let mut encoded = vec![0x01];
    encoded.resize(1 + fill, 0xFF);
    encoded.push(0x00);
    encoded.extend_from_slice(prefix);
    encoded.extend_from_slice(&hash.0);
    Some(encoded)
}

/// The DER that precedes the digest (RFC 8017, section 9.2, note 1).
fn prefix(algorithm: DigestAlgorithm) -> &'static [u8] {
    match algorithm {
        DigestAlgorithm::Md5 => {
            b"\x30\x20\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x05\x00\x04\x10"
        }
        DigestAlgorithm::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
        DigestAlgorithm::Sha256 => {
            b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
        }
        DigestAlgorithm::Sha384 => {
            b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"
        }
        DigestAlgorithm::Sha512 => {
            b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"
        }
    }
}

/// The same without the NULL parameters, which signers of either habit must be accepted with
/// (RFC 8017, appendix A.2.4).
fn prefix_without_parameters(algorithm: DigestAlgorithm) -> &'static [u8] {
    match algorithm {
        DigestAlgorithm::Md5 => b"\x30\x1e\x30\x0a\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x04\x10",
        DigestAlgorithm::Sha1 => b"\x30\x1f\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a\x04\x14",
        DigestAlgorithm::Sha256 => {
            b"\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20"
        }
        DigestAlgorithm::Sha384 => {
            b"\x30\x3f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x04\x30"
        }
        DigestAlgorithm::Sha512 => {
            b"\x30\x4f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x04\x40"
        }
    }
}
