#![no_main]
//! Recorded answers of the DNS: read, written again, and declared.

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use linchpin::catalog::Catalog;
use linchpin::resolve::{declare, names_of, questions, recording};

fuzz_target!(|data: &[u8]| {
    let Ok((answers, extent)) = recording::parse(&String::from_utf8_lossy(data)) else { return };
    let written = recording::write(&answers, extent);
    let (again, extent) = recording::parse(&written).expect("what was written is read");
    assert_eq!(recording::write(&again, extent), written, "the second writing differs from the first");
    let asked: BTreeSet<String> = answers.iter().map(|(asked, _)| asked.name.to_owned()).collect();
    let names = names_of(&[], &asked.into_iter().collect::<Vec<_>>());
    drop(questions(&names, &answers));
    drop(declare(&names, &answers, Catalog::embedded()));
});
