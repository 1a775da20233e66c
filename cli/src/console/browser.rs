//! Opens the console in the user's browser.
//!
//! The arguments of a program are visible to every user of a machine, and the address contains the token. So the
//! browser gets a file that only this user can read, and the file leads to the address.

use std::io::{self, Write as _};
use std::path::PathBuf;

use rand::distr::{Alphanumeric, SampleString as _};

use crate::private_file;

/// Length of the random part of the file's name.
const NAME_LENGTH: usize = 16;

/// A file that leads to the console. It is deleted when this value is dropped.
pub(crate) struct Redirect {
    path: PathBuf,
}

impl Redirect {
    /// Writes the file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(url: &str) -> io::Result<Self> {
        let name = Alphanumeric.sample_string(&mut rand::rng(), NAME_LENGTH);
        let path = std::env::temp_dir().join(format!("inlet-console-{name}.html"));
        let mut file = private_file::options().create_new(true).open(&path)?;
        let redirect = Self { path };
        writeln!(
            file,
            "<!doctype html><meta charset=\"utf-8\"><title>Inlet console</title>\
             <meta http-equiv=\"refresh\" content=\"0;url={url}\"><a href=\"{url}\">Open the console</a>"
        )?;
        Ok(redirect)
    }

    /// Opens the file. Returns false if no program can.
    pub(crate) fn open(&self) -> bool {
        open::that_detached(&self.path).is_ok()
    }
}

impl Drop for Redirect {
    fn drop(&mut self) {
        // A file that stays contains a token that has expired.
        drop(std::fs::remove_file(&self.path));
    }
}

/// Returns true if this machine can show a browser to the user: not over SSH, and on Linux only in a desktop.
pub(crate) fn has_desktop() -> bool {
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_remote = ["SSH_CONNECTION", "SSH_TTY"].iter().any(is_set);
    let desktop = ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"];
    !is_remote && (cfg!(any(target_os = "macos", windows)) || desktop.iter().any(is_set))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_in_a_private_file_that_is_deleted() {
        let url = "http://127.0.0.1:7000/?token=canary";
        let redirect = Redirect::write(url).unwrap();
        let path = redirect.path.clone();
        assert!(!path.display().to_string().contains("canary"));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(&format!("content=\"0;url={url}\"")), "{text}");
        #[cfg(unix)]
        {
            let mode =
                std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        drop(redirect);
        assert!(!path.exists());
    }
}
