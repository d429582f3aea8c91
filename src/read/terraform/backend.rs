//! Where a root keeps its state.
