#![no_main]
//! The policy, and waivers in comments.

use libfuzzer_sys::fuzz_target;
use linchpin::judge::RULES;
use linchpin::read::settings::{inline_waivers, read_settings};
use linchpin::source::SourceFile;

fuzz_target!(|data: &[u8]| {
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.id()).collect();
    let file = SourceFile::new("linchpin.toml", data);
    drop(read_settings(&file, &rules));
    drop(inline_waivers(&file, &rules));
});
