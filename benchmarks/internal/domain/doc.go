// Package domain makes records such as services cache: user profiles, sessions, products and feeds
// of posts. They are generated, look real (lengths, optional fields, non-ASCII text, ids beyond
// 2^53 in a feed), and depend on nothing but the seed. Each type is also a message of package
// domainpb, with the same fields.
package domain
