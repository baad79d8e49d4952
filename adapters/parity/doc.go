// Package parity checks that one registry of functions gives the same answers
// everywhere: over plain HTTP (TCP and a unix socket), behind Google's
// Functions Framework, as AWS Lambda with every shape of event, and as a real
// bootstrap behind a local gateway of every kind. It has tests only.
//
// The matrix has a row for each request and a column for each way in; see
// [the rows], [the columns] and [the differences]. In each cell, status,
// content type and body are those of the row, or those of the one table of
// differences, which gives the reason. aws-lambda-go-api-proxy in front of the
// HTTP adapter is there as well: a reference that knows nothing of ours.
//
// `make parity` runs it and prints the matrix.
//
// [the rows]: rows_test.go
// [the columns]: columns_test.go
// [the differences]: differences_test.go
package parity
