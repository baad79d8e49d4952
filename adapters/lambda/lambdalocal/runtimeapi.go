package lambdalocal

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// Versions of the interfaces, as the paths of their operations begin.
const (
	runtimeAPI   = "/2018-06-01/runtime"
	extensionAPI = "/2020-01-01/extension"
)

// Names of headers and trailers of the Runtime API.
const (
	headerRequestID = "Lambda-Runtime-Aws-Request-Id"
	headerDeadline  = "Lambda-Runtime-Deadline-Ms"
	headerARN       = "Lambda-Runtime-Invoked-Function-Arn"
	headerTrace     = "Lambda-Runtime-Trace-Id"
	headerErrorType = "Lambda-Runtime-Function-Error-Type" // also a trailer
	trailerError    = "Lambda-Runtime-Function-Error-Body"
	headerExtension = "Lambda-Extension-Identifier"
)

// maxDrain is how much of an answer that is too large is read, in bytes, so
// that its sender hears about it instead of a broken connection.
const maxDrain = 64 << 20

// api is the Runtime API and what is needed of the Extensions API.
func (e *environment) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+runtimeAPI+"/invocation/next", e.next)
	mux.HandleFunc("POST "+runtimeAPI+"/invocation/{id}/response", e.response)
	mux.HandleFunc("POST "+runtimeAPI+"/invocation/{id}/error", e.invocationError)
	mux.HandleFunc("POST "+runtimeAPI+"/init/error", e.initError)
	mux.HandleFunc("POST "+extensionAPI+"/register", e.register)
	mux.HandleFunc("GET "+extensionAPI+"/event/next", e.extensionNext)
	mux.HandleFunc("POST "+extensionAPI+"/init/error", e.extensionError)
	mux.HandleFunc("POST "+extensionAPI+"/exit/error", e.extensionError)
	return mux
}

// next is GET /runtime/invocation/next. It ends when there is an invocation.
func (e *environment) next(w http.ResponseWriter, r *http.Request) {
	s := &seat{env: e, offer: make(chan *invocation), gone: make(chan struct{})}
	e.sit(s)
	defer e.pool.withdraw(s)
	select {
	case i := <-s.offer:
		e.hand(w, i)
	case <-r.Context().Done():
	}
}

// hand gives an invocation to the bootstrap.
func (e *environment) hand(w http.ResponseWriter, i *invocation) {
	deadline := e.begin(i)
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set(headerRequestID, i.id)
	h.Set(headerDeadline, strconv.FormatInt(deadline.UnixMilli(), 10))
	h.Set(headerARN, functionARN)
	h.Set(headerTrace, i.trace)
	h.Set("Content-Length", strconv.Itoa(len(i.payload)))
	_, _ = w.Write(i.payload) // a bootstrap that is gone is seen to end
}

// response is POST /runtime/invocation/{id}/response.
func (e *environment) response(w http.ResponseWriter, r *http.Request) {
	i := e.invocation(w, r)
	if i == nil {
		return
	}
	payload, err := io.ReadAll(io.LimitReader(r.Body, MaxReply+1))
	switch {
	case err != nil:
		return // the bootstrap is gone, or about to try again
	case len(payload) > MaxReply:
		_, _ = io.CopyN(io.Discard, r.Body, maxDrain)
		text := fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", MaxReply)
		i.answer(errorJSON("Function.ResponseSizeTooLarge", text), unhandled)
		e.finish(i)
		writeError(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Exceeded maximum allowed payload size (6291556 bytes).")
		return
	case r.Trailer.Get(headerErrorType) != "":
		payload = trailingError(r.Trailer)
		e.complete(w, i, payload, unhandled)
		return
	}
	e.complete(w, i, payload, "")
}

// trailingError returns the error that a bootstrap met while it was sending.
func trailingError(trailer http.Header) []byte {
	if body, err := base64.StdEncoding.DecodeString(trailer.Get(trailerError)); err == nil && json.Valid(body) {
		return body
	}
	return errorJSON(trailer.Get(headerErrorType), "the bootstrap failed while it was sending its response")
}

// invocationError is POST /runtime/invocation/{id}/error.
func (e *environment) invocationError(w http.ResponseWriter, r *http.Request) {
	i := e.invocation(w, r)
	if i == nil {
		return
	}
	if payload := reported(r); payload != nil {
		e.log.LogAttrs(r.Context(), slog.LevelWarn, "function error", slog.String("request_id", i.id))
		e.complete(w, i, payload, unhandled)
	}
}

// initError is POST /runtime/init/error: the bootstrap cannot work, and ends.
func (e *environment) initError(w http.ResponseWriter, r *http.Request) {
	if e.isReady() {
		writeError(w, http.StatusForbidden, "InvalidStateTransition", "State transition is not allowed")
		return
	}
	if payload := reported(r); payload != nil {
		writeStatus(w)
		_ = http.NewResponseController(w).Flush() // before its reader is killed
		e.stop(&fault{reported: payload})
	}
}

// invocation returns the one that a request is about. Without one it has
// answered the request.
func (e *environment) invocation(w http.ResponseWriter, r *http.Request) *invocation {
	i := e.find(r.PathValue("id"))
	if i == nil {
		writeError(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return nil
	}
	if i.answered() {
		writeError(w, http.StatusBadRequest, "InvalidStateTransition", "State transition is not allowed")
		return nil
	}
	return i
}

// complete ends an invocation with what the bootstrap has posted.
func (e *environment) complete(w http.ResponseWriter, i *invocation, payload []byte, functionError string) {
	if !i.answer(payload, functionError) {
		writeError(w, http.StatusBadRequest, "InvalidStateTransition", "State transition is not allowed")
		return
	}
	e.finish(i)
	writeStatus(w)
}

// reported reads the error that a bootstrap posts, in Lambda's form. It is nil
// where the bootstrap is gone.
func reported(r *http.Request) []byte {
	payload, err := io.ReadAll(io.LimitReader(r.Body, MaxReply))
	if err != nil {
		return nil
	}
	if json.Valid(payload) {
		return payload
	}
	kind := r.Header.Get(headerErrorType)
	return errorJSON(orDefault(kind, "Runtime.Unknown"), string(payload))
}

// register is POST /extension/register. An extension is what makes Lambda send
// SIGTERM before SIGKILL.
func (e *environment) register(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		Events []string `json:"events"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&wanted); err != nil || r.Header.Get("Lambda-Extension-Name") == "" {
		writeError(w, http.StatusBadRequest, "Extension.InvalidRequest", "an extension has a name and a list of events")
		return
	}
	e.mu.Lock()
	e.extended = true
	e.mu.Unlock()
	w.Header().Set(headerExtension, newUUID())
	writeJSON(w, http.StatusOK, map[string]string{
		"functionName": functionName, "functionVersion": "$LATEST", "handler": "bootstrap", "accountId": accountID,
	})
}

// extensionNext is GET /extension/event/next. It does not end before the
// process does: events for extensions are not offered.
func (e *environment) extensionNext(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(headerExtension) == "" {
		writeError(w, http.StatusForbidden, "Extension.InvalidExtensionIdentifier", "no identifier")
		return
	}
	<-r.Context().Done()
}

// extensionError is POST /extension/init/error and /extension/exit/error.
func (e *environment) extensionError(w http.ResponseWriter, r *http.Request) {
	e.log.LogAttrs(r.Context(), slog.LevelWarn, "extension error", slog.String("type", r.Header.Get("Lambda-Extension-Function-Error-Type")))
	writeStatus(w)
	e.stop(&fault{kind: "Extension.Crash", text: "the extension reported an error"})
}

func writeStatus(w http.ResponseWriter) {
	writeJSON(w, http.StatusAccepted, map[string]string{"status": "OK"})
}

func writeError(w http.ResponseWriter, status int, kind, text string) {
	writeJSON(w, status, map[string]string{"errorType": kind, "errorMessage": text})
}

func writeJSON(w http.ResponseWriter, status int, value map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // a bootstrap that is gone is seen to end
}

// timedOut is the fault of an invocation that takes too long.
func timedOut(after time.Duration) fault {
	return fault{kind: "Sandbox.Timedout", text: fmt.Sprintf("Task timed out after %.2f seconds", after.Seconds())}
}
