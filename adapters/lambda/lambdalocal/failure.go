package lambdalocal

import (
	"errors"
	"fmt"
	"net/http"
)

// failure is why a gateway answers itself.
type failure int

const (
	none           failure = iota
	tooLarge               // the request, for the gateway or for Lambda
	functionFailed         // it reported an error, exited, or took longer than it may
	notUnderstood          // the reply
	late                   // the gateway waits no longer
	throttled              // all environments are busy
	elsewhere              // the path is of no stage of the API
	closed                 // the function is shutting down
)

// failureOf classifies the error of an invocation.
func failureOf(err error) failure {
	switch {
	case errors.Is(err, ErrTooLarge):
		return tooLarge
	case errors.Is(err, ErrThrottled):
		return throttled
	case errors.Is(err, errLate):
		return late
	case errors.Is(err, ErrClosed):
		return closed
	}
	return functionFailed
}

// restFailure is what a REST API answers.
func restFailure(f failure) (status int, text string) {
	switch f {
	case tooLarge:
		return http.StatusRequestEntityTooLarge, `{"message":"Request Too Long"}`
	case late:
		return http.StatusGatewayTimeout, `{"message": "Endpoint request timed out"}`
	case throttled, closed:
		return http.StatusInternalServerError, `{"message": "Internal server error"}`
	case elsewhere:
		return http.StatusForbidden, `{"message":"Missing Authentication Token"}`
	default:
		return http.StatusBadGateway, `{"message": "Internal server error"}`
	}
}

// httpFailure is what an HTTP API answers.
func httpFailure(f failure) (status int, text string) {
	switch f {
	case tooLarge:
		return http.StatusRequestEntityTooLarge, `{"message":"Request Entity Too Large"}`
	case late, throttled, closed:
		return http.StatusServiceUnavailable, `{"message":"Service Unavailable"}`
	case elsewhere:
		return http.StatusNotFound, `{"message":"Not Found"}`
	default:
		return http.StatusInternalServerError, `{"message":"Internal Server Error"}`
	}
}

// urlFailure is what a Function URL answers.
func urlFailure(f failure) (status int, text string) {
	switch f {
	case tooLarge:
		return http.StatusRequestEntityTooLarge,
			fmt.Sprintf(`{"Message":"Request must be smaller than %d bytes for the InvokeFunction operation"}`, MaxEvent)
	case throttled:
		return http.StatusTooManyRequests, `{"Reason":"ConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}`
	case late:
		return http.StatusGatewayTimeout, `{"message":"Gateway Timeout"}`
	case closed:
		return http.StatusServiceUnavailable, `{"message":"Service Unavailable"}`
	default:
		return http.StatusBadGateway, "Internal Server Error"
	}
}

// albFailure is what a load balancer answers.
func albFailure(f failure) (status int, text string) {
	status = http.StatusBadGateway
	switch f {
	case tooLarge:
		status = http.StatusRequestEntityTooLarge
	case late:
		status = http.StatusGatewayTimeout
	case closed:
		status = http.StatusServiceUnavailable
	default:
	}
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	return status, "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n</body>\r\n</html>\r\n"
}
