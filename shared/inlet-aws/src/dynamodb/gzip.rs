//! Compression of stored bytes with gzip, RFC 1952: the standard library of every language reads it.
//!
//! libdeflate compresses: its streams are smaller than zlib's, it takes less time, and a new compressor is ready in a
//! fraction of the time. zlib-rs decompresses, because it stops at a maximum length.

use std::cell::RefCell;
use std::io::{self, Read};

use flate2::read::GzDecoder;
use libdeflater::{CompressionLvl, Compressor};

/// The encoding of stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// The bytes themselves.
    Identity,
    /// gzip.
    Gzip,
}

impl Encoding {
    /// Returns the word in the table. Stored data: the values must stay.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
        }
    }

    /// Compresses bytes if that makes them smaller.
    pub fn smaller(bytes: &[u8], effort: Effort) -> (Self, Vec<u8>) {
        let packed = gzip(bytes, effort);
        if packed.len() < bytes.len() { (Self::Gzip, packed) } else { (Self::Identity, bytes.to_vec()) }
    }

    /// Returns the bytes before they were encoded.
    ///
    /// # Errors
    /// If they are damaged, or the word is unknown.
    pub fn undone(word: &str, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        match word {
            "identity" => Ok(bytes),
            // Only receivers and the processor write the table, and a message has no limit of its own.
            "gzip" => gunzip(&bytes, usize::MAX),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "an unknown encoding")),
        }
    }
}

/// The time that compression may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Small: for what was verified. A byte less is paid for once a write, and the time is a few microseconds.
    Thorough,
    /// Fast: for what everyone can send. No input takes much longer than one that does not compress.
    Fast,
}

/// libdeflate's levels, from 1 to 12. At level 7 an order of 10 KB is 1 % smaller than at level 6 and takes a third more
/// time; an order of 1 MB is 2 % smaller, which is five write units. Levels from 10 on take twenty times as long. An input
/// that is made to be expensive takes thirty times as long at level 7 as at level 1.
const LEVEL: i32 = 6;
const LEVEL_OF_LONG: i32 = 7;
const LEVEL_OF_FAST: i32 = 1;

/// The length in bytes from which a few percent are worth more time.
const LONG: usize = 256 * 1024;

/// The length in bytes from which compression is always fast. 12 MB, the largest body and its message, would take a
/// small function a second and a half at level 7. An order of 1 MB with its message is shorter.
const VERY_LONG: usize = 2 * 1024 * 1024;

thread_local! {
    /// Reused, because clearing new tables takes longer than compressing a typical body.
    static COMPRESSOR: RefCell<Compressor> = RefCell::new(compressor(LEVEL));
}

/// Compresses bytes to one gzip stream.
pub fn gzip(bytes: &[u8], effort: Effort) -> Vec<u8> {
    match effort {
        Effort::Thorough if bytes.len() < LONG => {
            COMPRESSOR.with_borrow_mut(|compressor| compressed(bytes, compressor))
        }
        Effort::Thorough if bytes.len() < VERY_LONG => compressed(bytes, &mut compressor(LEVEL_OF_LONG)),
        Effort::Thorough | Effort::Fast => compressed(bytes, &mut compressor(LEVEL_OF_FAST)),
    }
}

fn compressor(level: i32) -> Compressor {
    #[expect(clippy::expect_used, reason = "all levels are constants from 1 to 12")]
    let level = CompressionLvl::new(level).expect("a level of libdeflate");
    Compressor::new(level)
}

fn compressed(bytes: &[u8], compressor: &mut Compressor) -> Vec<u8> {
    let mut packed = vec![0; compressor.gzip_compress_bound(bytes.len())];
    #[expect(clippy::expect_used, reason = "the buffer has the length that every input fits into")]
    let len = compressor.gzip_compress(bytes, &mut packed).expect("it fits");
    packed.truncate(len);
    packed
}

/// Decompresses a gzip stream.
///
/// # Errors
/// If it is damaged, or has more than `max_len` bytes. The error contains none of them.
pub fn gunzip(bytes: &[u8], max_len: usize) -> io::Result<Vec<u8>> {
    let mut whole = Vec::new();
    let limit = u64::try_from(max_len).unwrap_or(u64::MAX).saturating_add(1);
    GzDecoder::new(bytes).take(limit).read_to_end(&mut whole)?;
    if whole.len() > max_len {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it decompresses to more bytes than are allowed",
        ));
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EFFORTS: [Effort; 2] = [Effort::Thorough, Effort::Fast];

    proptest! {
        #[test]
        fn bytes_survive_their_encoding(bytes: Vec<u8>, times in 0_usize..40) {
            let bytes = bytes.repeat(times);
            for effort in EFFORTS {
                let (encoding, stored) = Encoding::smaller(&bytes, effort);
                prop_assert!(stored.len() <= bytes.len());
                prop_assert_eq!(&Encoding::undone(encoding.as_str(), stored).unwrap(), &bytes);
            }
        }
    }

    #[test]
    fn the_reused_compressor_keeps_nothing_of_the_last_body() {
        // Bytes without a pattern do not compress.
        let noise = |len: usize| {
            let numbers = 0..u32::try_from(len).unwrap();
            numbers.map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<u8>>()
        };
        for len in [0, 1, 200_000, LONG - 1, LONG, VERY_LONG - 1, VERY_LONG, 900_000, 1, 0] {
            for effort in EFFORTS {
                let packed = gzip(&noise(len), effort);
                assert_eq!(packed[..2], [0x1f, 0x8b], "{len} bytes, {effort:?}: not gzip");
                assert!(gunzip(&packed, len).unwrap() == noise(len), "{len} bytes, {effort:?}");
            }
        }
    }

    #[test]
    fn a_stream_that_is_too_long_or_damaged_is_an_error() {
        let packed = gzip(b"Sara Ali, Riyadh", Effort::Thorough);
        let too_long = gunzip(&packed, 15).unwrap_err().to_string();
        assert_eq!(too_long, "it decompresses to more bytes than are allowed");
        for n in 0..packed.len() {
            let cut = gunzip(&packed[..n], usize::MAX).unwrap_err().to_string();
            assert!(!cut.contains("Sara"), "{cut}");
        }
        let mut changed = packed.clone();
        changed[12] ^= 1;
        assert!(!gunzip(&changed, usize::MAX).unwrap_err().to_string().contains("Sara"));
        assert_eq!(Encoding::undone("zip", packed).unwrap_err().to_string(), "an unknown encoding");
    }
}
