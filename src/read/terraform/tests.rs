//! Small configurations in, nodes and edges out.
