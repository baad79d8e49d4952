// Package java finds Java and Maven, fetches the class paths of the runtimes and
// runs their processes.
package java
