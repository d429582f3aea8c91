#![no_main]
//! All stages and all reports.

use libfuzzer_sys::fuzz_target;
use linchpin::report::{Options, REPORTS};
use linchpin::scan::scan_files;

fuzz_target!(|data: &[u8]| {
    let request = linchpin_fuzz::request();
    let Ok(outcome) = scan_files(linchpin_fuzz::files(data), &request) else { return };
    for report in REPORTS {
        let mut written = Vec::new();
        report.write(&outcome, &mut written, &Options::default()).expect("memory takes everything");
    }
});
