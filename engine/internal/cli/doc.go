// Package cli is the command statefun, without its process: it never exits, and
// reads and writes only through an [IO].
//
// Results go to the standard output, everything else to the standard error.
// Exit codes: 0 done, 1 ran and failed, 2 wrong command line.
package cli
