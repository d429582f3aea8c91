//! `moved` blocks of Terraform: which address became which, for comparing with a scan of before.

use hcl_edit::structure::Body;

use crate::source::SourceFile;

/// The `moved` blocks of a file as (from, to); none where it does not parse.
pub fn moved_blocks(file: &SourceFile) -> Vec<(String, String)> {
    if !file.name().ends_with(".tf") || !file.text().contains("moved") {
        return Vec::new();
    }
    let Ok(body) = hcl_edit::parser::parse_body(file.text()) else { return Vec::new() };
    let blocks = body.get_blocks("moved");
    blocks.filter_map(|block| Some((address(&block.body, "from")?, address(&block.body, "to")?))).collect()
}

fn address(body: &Body, key: &str) -> Option<String> {
    let value = body.get_attribute(key)?.value.to_string();
    Some(value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_and_broken_files_are_not() {
        let read = |text: &str| moved_blocks(&SourceFile::new("a.tf", text.as_bytes()));
        let text = "moved {\n  from = aws_instance.a # old\n  to   = module.m.aws_instance.a[0]\n}\n";
        assert_eq!(read(text), [("aws_instance.a".to_owned(), "module.m.aws_instance.a[0]".to_owned())]);
        assert_eq!(read("moved {"), []);
    }
}
