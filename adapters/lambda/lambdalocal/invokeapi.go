package lambdalocal

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// invokeAPI is Lambda's Invoke operation over HTTP, for callers that have an
// SDK of AWS or the emulators that speak the same.
func (l *Lambda) invokeAPI(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(io.LimitReader(r.Body, MaxEvent+1))
	if err != nil {
		writeInvokeError(w, http.StatusBadRequest, "InvalidRequestContentException", "The request body could not be read")
		return
	}
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	if len(payload) <= MaxEvent && !json.Valid(payload) {
		writeInvokeError(w, http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json")
		return
	}
	response, err := l.Invoke(r.Context(), payload)
	switch {
	case errors.Is(err, ErrTooLarge):
		writeInvokeError(w, http.StatusRequestEntityTooLarge, "RequestTooLargeException", err.Error())
	case errors.Is(err, ErrThrottled):
		writeInvokeError(w, http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded.")
	case err != nil:
		writeInvokeError(w, http.StatusInternalServerError, "ServiceException", err.Error())
	default:
		h := http.Header{"Content-Type": {typeJSON}, "X-Amzn-Requestid": {response.RequestID}, "X-Amz-Executed-Version": {"$LATEST"}}
		if response.FunctionError != "" {
			h.Set("X-Amz-Function-Error", response.FunctionError)
		}
		write(w, &answer{http.StatusOK, h, response.Payload})
	}
}

func writeInvokeError(w http.ResponseWriter, status int, kind, text string) {
	w.Header().Set("X-Amzn-Errortype", kind)
	writeJSON(w, status, map[string]string{"Type": "User", "message": text})
}
