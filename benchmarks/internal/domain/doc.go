// Package domain generates records like those that services cache: user profiles, sessions,
// products and feeds of posts. They look real: lengths, optional fields, non-ASCII text, and ids
// beyond 2^53 in a feed. They depend only on the seed. Package domainpb has a message with the same
// fields for each type.
package domain
