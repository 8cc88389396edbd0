//! What Windows has: named pipes and security descriptors.
