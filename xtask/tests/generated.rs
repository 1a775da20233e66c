//! The committed files are those that the generators write.

#[test]
fn the_generated_files_are_current() {
    assert_eq!(xtask::differences(), Vec::<String>::new(), "run `make samples`");
}
