// Package start measures how soon a Lambda function asks for its first event
// after its process was started, and how large its program is: the greeter's
// bootstrap beside the smallest program with aws-lambda-go, both built with the
// flags of docs/deploy-lambda.md for the machine at hand.
package start
