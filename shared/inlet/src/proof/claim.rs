//! Compares the proof that a request offers with a store's secrets, in constant time.

use std::borrow::Cow;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::request::{Fields, Plus, Request};
use crate::secret::Secret;
use crate::trust::Trust;

/// The proof of a request that its sender knows the secret. It has no `Debug`, because it contains sent secrets.
pub enum Claim {
    /// A keyed hash over the raw body, or over text that the scheme builds from the request.
    Mac {
        /// The hash.
        algorithm: MacAlgorithm,
        /// The key that would make the claim true.
        key: Secret,
        /// The possible signed contents. More than one if the scheme leaves it open.
        contents: Vec<SignedContent>,
        /// The sent signatures, decoded. One that matches is enough.
        signatures: Vec<Signature>,
    },
    /// The secret itself, sent with the request. Every comparison must hold.
    Shared {
        /// The sent and the expected values.
        comparisons: Vec<Comparison>,
        /// The trust in the channel.
        trust: Trust,
    },
    /// Several claims, of which one is enough: for requests that do not show which secret signed them.
    AnyOf(Vec<Claim>),
    /// A claim whose secret proves only some of the provider's deliveries.
    Scoped {
        /// The name of the scope, such as a topic.
        scope: &'static str,
        /// The claim.
        claim: Box<Claim>,
    },
}

/// The keyed hashes in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MacAlgorithm {
    /// HMAC with SHA-1 (RFC 2104); still sound for this use.
    HmacSha1,
    /// HMAC with SHA-256.
    HmacSha256,
}

/// The content that a keyed hash covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedContent {
    /// The body, byte for byte.
    Body,
    /// The query's fields without the signature's own: decoded, sorted by name, name and value joined without
    /// separators.
    SortedQuery {
        /// The name of the field that carries the signature; its case is ignored.
        signature: &'static str,
    },
    /// The same of the body's form fields.
    SortedForm {
        /// The name of the field that carries the signature; its case is ignored.
        signature: &'static str,
    },
}

/// A signature as bytes.
pub enum Signature {
    /// Read from a header or from the query.
    Given(Vec<u8>),
    /// In this field of the body's form, in base64.
    Base64FormField(&'static str),
}

/// A sent value, and the expected secret.
pub struct Comparison {
    presented: Vec<u8>,
    expected: Secret,
}

impl Comparison {
    /// `presented` should be `expected`.
    pub fn new(presented: impl Into<Vec<u8>>, expected: Secret) -> Self {
        Self { presented: presented.into(), expected }
    }
}

/// The reason that a request is not genuine. The sender does not learn it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The request has no proof in the documented place.
    #[error("no {expected} came with the request")]
    Missing {
        /// The place of the proof, in words.
        expected: &'static str,
    },
    /// The sent value does not have the form of a proof.
    #[error("the {what} is not of the documented form")]
    Malformed {
        /// The place of the proof, in words.
        what: &'static str,
    },
    /// The proof matches no live credential.
    #[error("no live credential matches the proof")]
    Mismatch,
    /// The store has no credential for this kind of delivery.
    #[error("the store has no credential for this topic")]
    NoCredentialForTopic,
    /// The store's credentials cannot be read now, so nothing was compared.
    #[error("the store's credentials cannot be read")]
    CredentialsUnreadable,
    /// The store is configured, and none of its credentials is usable.
    #[error("the store's parameter holds no usable credential")]
    NoUsableCredential,
}

/// A valid proof: its strength, and the part of the request that it covers.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proof {
    /// The strength of the proof.
    pub(crate) trust: Trust,
    /// The part of the request that it covers.
    pub(crate) covered: Covered,
    /// The scopes of all secrets that match; empty if the claim has no scopes.
    pub(crate) scopes: Vec<&'static str>,
}

/// The part of a request that a proof covers. Two deliveries with the same covered part are the same delivery,
/// whatever else differs.
#[derive(Clone, PartialEq, Eq)]
pub enum Covered {
    /// No part: the sender knew a secret, and only the channel protects the content.
    Nothing,
    /// The body, byte for byte. The query is not covered.
    Body,
    /// Names and values of fields, sorted by name and joined without separators.
    Fields {
        /// The text that was signed.
        text: Vec<u8>,
        /// The reading of `+` that gives this text.
        plus: Plus,
    },
}

/// Returns the proof if the claim is true of the request.
pub(super) fn check_claim(claim: &Claim, request: &Request) -> Result<Proof, Rejection> {
    match claim {
        Claim::AnyOf(claims) => {
            // All of them are checked, because secrets of several scopes may be equal.
            let mut proofs = claims.iter().filter_map(|claim| check_claim(claim, request).ok());
            let mut proof = proofs.next().ok_or(Rejection::Mismatch)?;
            proof.scopes.extend(proofs.flat_map(|other| other.scopes));
            Ok(proof)
        }
        Claim::Scoped { scope, claim } => {
            let proof = check_claim(claim, request)?;
            Ok(Proof { scopes: vec![scope], ..proof })
        }
        Claim::Shared { comparisons, trust } => {
            let equal = |all, c: &Comparison| all & c.expected.ct_eq(&c.presented);
            let all = comparisons.iter().fold(Choice::from(1), equal);
            let holds = bool::from(all) && !comparisons.is_empty();
            let proof = Proof { trust: *trust, covered: Covered::Nothing, scopes: Vec::new() };
            if holds { Ok(proof) } else { Err(Rejection::Mismatch) }
        }
        Claim::Mac { algorithm, key, contents, signatures } => {
            let signatures: Vec<Vec<u8>> =
                signatures.iter().filter_map(|signature| signature.bytes(request)).collect();
            let is_signed = |input: &SigningInput<'_>| {
                let computed = algorithm.sign(key, &input.bytes);
                let any = signatures.iter().fold(Choice::from(0), |any, s| any | computed.ct_eq(s));
                bool::from(any)
            };
            let mut inputs = contents.iter().flat_map(|content| content.signing_inputs(request));
            inputs.find(is_signed).map(SigningInput::into_proof).ok_or(Rejection::Mismatch)
        }
    }
}

/// Bytes that may have been signed.
struct SigningInput<'r> {
    bytes: Cow<'r, [u8]>,
    /// The reading of `+`, if the bytes come from fields.
    plus: Option<Plus>,
}

impl SigningInput<'_> {
    fn into_proof(self) -> Proof {
        match self.plus {
            None => Proof { trust: Trust::Signed, covered: Covered::Body, scopes: Vec::new() },
            Some(plus) => {
                let covered = Covered::Fields { text: self.bytes.into_owned(), plus };
                Proof { trust: Trust::SignedFields, covered, scopes: Vec::new() }
            }
        }
    }
}

/// Maximum length of a form that is read before its signature is checked, in bytes. Its sender is unknown at that time,
/// and decoding takes a multiple of its length.
const MAX_SIGNED_FORM_LEN: usize = 64 * 1024;

/// Maximum number of fields that are read before their signature is checked. No provider documents more than 25.
const MAX_SIGNED_FIELDS: usize = 100;

/// Parses fields of an unverified sender. `None` if they are too many or too long.
fn parse_unverified_fields(raw: &[u8], plus: Plus) -> Option<Fields> {
    let separators = raw.iter().filter(|&&byte| byte == b'&').take(MAX_SIGNED_FIELDS).count();
    let is_small = raw.len() <= MAX_SIGNED_FORM_LEN && separators < MAX_SIGNED_FIELDS;
    is_small.then(|| Fields::parse(raw, plus))
}

impl MacAlgorithm {
    /// Returns the HMAC of a message.
    pub(crate) fn sign(self, key: &Secret, message: &[u8]) -> Vec<u8> {
        fn mac<M: Mac + KeyInit>(key: &Secret, message: &[u8]) -> Vec<u8> {
            #[expect(clippy::expect_used, reason = "HMAC takes a key of any length: RFC 2104, section 2")]
            let mut mac = <M as KeyInit>::new_from_slice(key.key()).expect("HMAC takes any key");
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        }
        match self {
            Self::HmacSha1 => mac::<Hmac<Sha1>>(key, message),
            Self::HmacSha256 => mac::<Hmac<Sha256>>(key, message),
        }
    }
}

impl SignedContent {
    /// Returns the bytes that may have been signed: the body, or two texts of fields, as senders read a `+` in two
    /// ways. Empty if the fields are too many or too long.
    fn signing_inputs(self, request: &Request) -> Vec<SigningInput<'_>> {
        let texts = |raw: &[u8], signature: &str| {
            let text = |plus| {
                let fields = parse_unverified_fields(raw, plus)?;
                Some(SigningInput { bytes: sorted_fields(&fields, signature).into(), plus: Some(plus) })
            };
            [Plus::Space, Plus::Literal].into_iter().filter_map(text).collect()
        };
        match self {
            Self::Body => vec![SigningInput { bytes: Cow::Borrowed(&request.body), plus: None }],
            Self::SortedQuery { signature } => texts(request.query.as_bytes(), signature),
            Self::SortedForm { signature } => texts(&request.body, signature),
        }
    }
}

/// Names and values in the order of the names, without separators and without the signature's own field.
fn sorted_fields(fields: &Fields, signature: &str) -> Vec<u8> {
    let mut signed: Vec<(&[u8], &[u8])> =
        fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case(signature.as_bytes())).collect();
    signed.sort_by_key(|(name, _)| *name);
    signed.iter().flat_map(|(name, value)| [*name, *value].concat()).collect()
}

impl Signature {
    fn bytes(&self, request: &Request) -> Option<Vec<u8>> {
        match self {
            Self::Given(bytes) => Some(bytes.clone()),
            Self::Base64FormField(name) => {
                base64_signature(&parse_unverified_fields(&request.body, Plus::Literal)?.value(name)?)
            }
        }
    }
}

/// Decodes a signature in base64. A space is read as the `+` that a form decoder replaced.
pub fn base64_signature(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text.trim().replace(' ', "+")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::verify::verify;
    use crate::received_at::ReceivedAt;
    use crate::request::Unverified;
    use crate::test_provider::{OF_ANOTHER_KIND, TestProvider, sent};

    fn trust_of(claim: &Claim, request: &Request) -> Result<Trust, Rejection> {
        check_claim(claim, request).map(|proof| proof.trust)
    }

    #[test]
    fn sorts_by_name_and_leaves_the_signature_out() {
        let fields = Fields::parse(b"b=2&X-Sig=zzz&a=1&a.b=%2B3", Plus::Space);
        assert_eq!(sorted_fields(&fields, "x-sig"), b"a1a.b+3b2");
    }

    #[test]
    fn any_live_credential_verifies_else_the_best_reason_returns() {
        let secrets = ["new", "old"].map(|text| Secret::new(text).unwrap());
        let verified = |query: &str, secrets: &[Secret]| {
            let verified =
                verify::<TestProvider>(Unverified::new(sent(query, "{}")), secrets, ReceivedAt::EPOCH);
            verified.map(|delivery| delivery.trust()).map_err(|refused| refused.rejection)
        };
        assert_eq!(verified("key=new", &secrets), Ok(Trust::UrlToken));
        assert_eq!(verified("key=old", &secrets), Ok(Trust::UrlToken));
        assert_eq!(verified("key=gone", &secrets), Err(Rejection::Mismatch));
        assert_eq!(verified("", &secrets), Err(Rejection::Missing { expected: "key" }));
        assert_eq!(verified("key=new", &[]), Err(Rejection::NoUsableCredential));
        let mixed = [OF_ANOTHER_KIND, "new", OF_ANOTHER_KIND].map(|text| Secret::new(text).unwrap());
        assert_eq!(verified("key=new", &mixed), Ok(Trust::UrlToken));
        assert_eq!(verified("key=gone", &mixed), Err(Rejection::Mismatch), "a mismatch is more specific");
        assert_eq!(verified("key=new", &mixed[..1]), Err(Rejection::NoCredentialForTopic));
    }

    #[test]
    fn a_signature_that_came_twice_or_fits_both_readings_holds() {
        let key = Secret::new("s3cret").unwrap();
        let tag = || Signature::Given(MacAlgorithm::HmacSha256.sign(&key, b"a1"));
        let claim = |message, signatures| Claim::Mac {
            algorithm: MacAlgorithm::HmacSha256,
            key: key.clone(),
            contents: vec![message],
            signatures,
        };
        let query = SignedContent::SortedQuery { signature: "sig" };
        let request = sent("a=1", "a1");
        for (case, claim) in [
            ("twice", claim(SignedContent::Body, vec![tag(), tag()])),
            ("both signing inputs", claim(query, vec![tag()])),
        ] {
            let want = if case == "twice" { Trust::Signed } else { Trust::SignedFields };
            assert_eq!(trust_of(&claim, &request), Ok(want), "{case}");
        }
    }

    #[test]
    fn a_form_with_too_many_fields_is_not_decoded() {
        let key = Secret::new("s3cret").unwrap();
        for (count, want) in [(MAX_SIGNED_FIELDS, true), (MAX_SIGNED_FIELDS + 1, false)] {
            let form = vec!["a=1"; count].join("&");
            let text = "a1".repeat(count);
            let claim = Claim::Mac {
                algorithm: MacAlgorithm::HmacSha256,
                key: key.clone(),
                contents: vec![SignedContent::SortedForm { signature: "sig" }],
                signatures: vec![Signature::Given(MacAlgorithm::HmacSha256.sign(&key, text.as_bytes()))],
            };
            assert_eq!(trust_of(&claim, &sent("", &form)).is_ok(), want, "{count}");
        }
        assert_eq!(parse_unverified_fields(&vec![b'a'; MAX_SIGNED_FORM_LEN + 1], Plus::Space), None);
    }

    #[test]
    fn a_proof_names_the_part_that_it_covers() {
        let key = Secret::new("s3cret").unwrap();
        let covered = |content, signed: &[u8]| {
            let claim = Claim::Mac {
                algorithm: MacAlgorithm::HmacSha256,
                key: key.clone(),
                contents: vec![content],
                signatures: vec![Signature::Given(MacAlgorithm::HmacSha256.sign(&key, signed))],
            };
            check_claim(&claim, &sent("b=1+2&a=x", "{}")).ok().map(|proof| proof.covered)
        };
        let query = SignedContent::SortedQuery { signature: "sig" };
        assert!(covered(SignedContent::Body, b"{}") == Some(Covered::Body));
        let fields = |text: &[u8], plus| Some(Covered::Fields { text: text.to_vec(), plus });
        assert!(covered(query, b"axb1 2") == fields(b"axb1 2", Plus::Space));
        assert!(covered(query, b"axb1+2") == fields(b"axb1+2", Plus::Literal));
    }

    #[test]
    fn nothing_to_compare_proves_nothing() {
        let shared = |comparisons| Claim::Shared { comparisons, trust: Trust::SharedSecret };
        assert_eq!(trust_of(&shared(Vec::new()), &sent("", "")), Err(Rejection::Mismatch));
        let secret = || Secret::new("s3cret").unwrap();
        let one_of_two = vec![Comparison::new("s3cret", secret()), Comparison::new("other", secret())];
        assert_eq!(
            trust_of(&shared(one_of_two), &sent("", "")),
            Err(Rejection::Mismatch),
            "every comparison must hold"
        );
        let mac = Claim::Mac {
            algorithm: MacAlgorithm::HmacSha256,
            key: secret(),
            contents: vec![SignedContent::Body],
            signatures: Vec::new(),
        };
        assert_eq!(trust_of(&mac, &sent("", "{}")), Err(Rejection::Mismatch), "the request has no signature");
    }

    #[test]
    fn a_signature_is_taken_over_every_reading_of_fields() {
        let key = Secret::new("s3cret").unwrap();
        let holds = |message: SignedContent, signed: &[u8], request: &Request| {
            let tag = MacAlgorithm::HmacSha256.sign(&key, signed);
            let claim = Claim::Mac {
                algorithm: MacAlgorithm::HmacSha256,
                key: key.clone(),
                contents: vec![message],
                signatures: vec![Signature::Given(vec![0; 32]), Signature::Given(tag)],
            };
            trust_of(&claim, request).is_ok()
        };
        let query = SignedContent::SortedQuery { signature: "Sig" };
        let form = SignedContent::SortedForm { signature: "Sig" };
        let request = sent("b=1+2&sig=x&a=%2B", "d=3+4&SIG=y&c=5");
        for (message, signed, want) in [
            (query, "a+b1 2", true),
            (query, "a+b1+2", true),
            (query, "a b1 2", false),
            (form, "c5d3 4", true),
            (form, "c5d3+4", true),
            (form, "d3+4c5", false),
            (SignedContent::Body, "d=3+4&SIG=y&c=5", true),
            (SignedContent::Body, "", false),
        ] {
            assert_eq!(holds(message, signed.as_bytes(), &request), want, "{message:?} {signed}");
        }
    }

    #[test]
    fn a_signature_is_parsed_from_its_place() {
        let request = sent("", "Sig=AQI%2B&x=1");
        assert_eq!(Signature::Given(vec![7]).bytes(&request), Some(vec![7]));
        assert_eq!(Signature::Base64FormField("sig").bytes(&request), Some(vec![1, 2, 62]));
        assert_eq!(Signature::Base64FormField("other").bytes(&request), None);
        assert_eq!(base64_signature(" AQI+ "), Some(vec![1, 2, 62]));
        assert_eq!(base64_signature("AQ I"), Some(vec![1, 15, 136]), "a space means a plus");
        assert_eq!(base64_signature("no base64!"), None);
    }

    #[test]
    fn trust_has_its_words() {
        let words =
            [Trust::Signed, Trust::SignedFields, Trust::SharedSecret, Trust::UrlToken].map(Trust::as_str);
        assert_eq!(words, ["signed", "signed_fields", "shared_secret", "url_token"]);
    }

    #[test]
    fn of_several_claims_one_is_enough_and_none_is_not() {
        let request = sent("", "");
        let claim = |presented: &str| Claim::Shared {
            comparisons: vec![Comparison::new(presented, Secret::new("s3cret").unwrap())],
            trust: Trust::SharedSecret,
        };
        for (presented, want) in [
            (&["other", "s3cret"][..], Ok(Trust::SharedSecret)),
            (&["other", "another"], Err(Rejection::Mismatch)),
            (&[], Err(Rejection::Mismatch)),
        ] {
            let claims = presented.iter().map(|text| claim(text)).collect();
            assert_eq!(trust_of(&Claim::AnyOf(claims), &request), want, "{presented:?}");
        }
    }

    #[test]
    fn known_answers_of_both_hashes() {
        // RFC 2202, test case 2, and RFC 4231, test case 2.
        let key = Secret::new("Jefe").unwrap();
        let message = b"what do ya want for nothing?";
        let hex = |bytes: Vec<u8>| bytes.iter().fold(String::new(), |hex, b| hex + &format!("{b:02x}"));
        assert_eq!(
            hex(MacAlgorithm::HmacSha1.sign(&key, message)),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
        assert_eq!(
            hex(MacAlgorithm::HmacSha256.sign(&key, message)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
