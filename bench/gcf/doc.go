// Package gcf measures what package statefungcf adds to a function of Google's
// Functions Framework that runs the same handler itself.
package gcf
