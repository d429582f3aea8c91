//! Packs the tables under `data/`, so that they take a third of their size in the program.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new("data");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=data");
    println!("cargo::rerun-if-changed=build.rs");
    let mut names = Vec::new();
    collect(root, root, &mut names)?;
    names.sort();
    let mut list = String::from("&[\n");
    for name in &names {
        let packed = out.join(format!("{}.z", name.replace('/', "_")));
        fs::write(&packed, miniz_oxide::deflate::compress_to_vec(&fs::read(root.join(name))?, 9))?;
        writeln!(list, "    (\"{name}\", include_bytes!({:?})),", packed.display().to_string())?;
    }
    list.push(']');
    fs::write(out.join("tables.rs"), list)?;
    Ok(())
}

/// All text tables below a folder, by their path from `root` with `/`.
fn collect(root: &Path, folder: &Path, names: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, names)?;
        } else if path.extension().is_some_and(|e| e == "csv" || e == "toml" || e == "txt") {
            let parts: Vec<_> = path.strip_prefix(root)?.iter().map(|p| p.to_string_lossy()).collect();
            names.push(parts.join("/"));
        }
    }
    Ok(())
}
