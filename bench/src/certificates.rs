//! A root certificate for one run, and the bundles in which the contenders find it: each with as many other roots as the
//! contender would read on Lambda, because reading them is part of a cold start.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring::sign::any_ecdsa_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::place;

/// The system's own bundle, as Amazon Linux 2023 has one too.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The paths of a run's certificates.
pub struct Certificates {
    /// Amazon's roots and ours: our functions trust them in place of the compiled-in roots.
    pub amazon_and_ours: PathBuf,
    /// The system's roots and ours: the other contenders' clients read them.
    pub system_and_ours: PathBuf,
    /// Ours alone.
    pub ours: PathBuf,
    leaf: PathBuf,
    key: PathBuf,
}

impl Certificates {
    /// Makes a root and a certificate for loopback, with chains as long as the AWS services' own.
    pub fn make() -> std::io::Result<Self> {
        let folder = place::state().join("certificates");
        fs::create_dir_all(&folder)?;
        let at = |name: &str| folder.join(name);
        openssl(
            &folder,
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=bench -keyout root.key -out root.pem",
        );
        // An RSA key would sign in a millisecond for each new connection, on the processor of the measured program.
        openssl(
            &folder,
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout leaf.key -out leaf.csr",
        );
        fs::write(at("leaf.cnf"), "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")?;
        openssl(
            &folder,
            "x509 -req -in leaf.csr -CA root.pem -CAkey root.key -CAcreateserial -days 2 -extfile leaf.cnf -out leaf.pem",
        );
        let root = fs::read_to_string(at("root.pem"))?;
        let amazon = fs::read_to_string(place::root().join("shared/inlet-aws/src/client/amazon-roots.pem"))?;
        fs::write(at("amazon-and-ours.pem"), amazon + &root)?;
        fs::write(at("system-and-ours.pem"), fs::read_to_string(SYSTEM)? + &root)?;
        Ok(Self {
            amazon_and_ours: at("amazon-and-ours.pem"),
            system_and_ours: at("system-and-ours.pem"),
            ours: at("root.pem"),
            leaf: at("leaf.pem"),
            key: at("leaf.key"),
        })
    }

    /// The certificates and key of the backends' TLS server.
    pub fn server(&self) -> Arc<ServerConfig> {
        let chain = [CertificateDer::from_pem_file(&self.leaf), CertificateDer::from_pem_file(&self.ours)];
        let chain = chain.map(|certificate| certificate.expect("a certificate that was just made")).to_vec();
        let key = PrivateKeyDer::from_pem_file(&self.key).expect("a key that was just made");
        any_ecdsa_type(&key).expect("a P-256 key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.expect("ring knows the default versions").with_no_client_auth();
        Arc::new(config.with_single_cert(chain, key).expect("the key fits the certificate"))
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let mut command = Command::new("openssl");
    command.args(arguments.split(' ')).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().expect("the openssl command is there");
    assert!(status.success(), "openssl {arguments}");
}
