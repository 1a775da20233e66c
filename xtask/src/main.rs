//! Writes the generated files of the repository: `make samples`.

fn main() {
    for path in xtask::write() {
        println!("{path}");
    }
}
