//! Files that only their owner can read.
//!
//! On Windows a file has the access list of its folder, which is private to the user below the user's own folder.

use std::fs::{File, OpenOptions};
use std::io;

/// Read and written by the owner only.
#[cfg(unix)]
const OWNER_ONLY: u32 = 0o600;

/// Returns options that create a file which only its owner can read. An existing file keeps its permissions.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, OWNER_ONLY);
    options
}

/// Takes the permissions of all others from a file. A device such as `/dev/stdout` keeps its permissions.
///
/// # Errors
/// If the file does not belong to this user.
#[cfg_attr(not(unix), expect(clippy::unnecessary_wraps, reason = "there are permissions on other systems"))]
pub(crate) fn restrict(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(OWNER_ONLY))?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}
